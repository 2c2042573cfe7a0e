//! The seams as their users see them: closures, bodies, secrets, time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    Body, BoxFuture, Clock, OsRandom, Random, Runtime, Secret, TokioRuntime, Transport,
    TransportError, TransportErrorKind, World, random_bytes, timeout,
};
use futures_util::{StreamExt as _, stream};
use http::{Request, Response};

fn chunks(count: usize) -> Body {
    Body::from_stream(stream::iter((0..count).map(|_| Ok(Bytes::from_static(b"12345678")))))
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_and_not_further() {
    assert_eq!(chunks(3).collect(24).await.unwrap().len(), 24);
    for body in [chunks(4), Body::from(vec![0; 32])] {
        let error = body.collect(24).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        assert_eq!(error.to_string(), "the answer is too large: the body is larger than 24 bytes");
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_read_to_its_end() {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let endless = Body::from_stream(stream::repeat_with(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from_static(b"12345678"))
    }));
    assert!(endless.collect(80).await.is_err());
    assert_eq!(taken.load(Ordering::Relaxed), 11);
}

#[tokio::test]
async fn a_body_streams_what_it_has() {
    assert_eq!(chunks(2).map(Result::unwrap).collect::<Vec<_>>().await.len(), 2);
    assert_eq!(Body::from("x").map(Result::unwrap).collect::<Vec<_>>().await, ["x"]);
    assert_eq!(Body::empty().count().await, 0);
}

#[test]
fn nothing_secret_is_printed() {
    let secret = Secret::new("canary");
    let body = Body::from("canary");
    assert!(!format!("{secret:?} {body:?}").contains("canary"));
    assert_eq!(secret.expose(), "canary");
}

#[test]
fn secrets_are_compared_as_a_whole() {
    let secret = Secret::new("canary");
    assert!(secret.matches(&Secret::new("canary")));
    for other in ["", "canar", "canarY", "canary "] {
        assert!(!secret.matches(&Secret::new(other)), "{other}");
    }
}

#[tokio::test]
async fn closures_are_transports_and_clocks() {
    let transport: Arc<dyn Transport> = Arc::new(async |request: Request<Bytes>| {
        if request.uri().path() == "/down" {
            return Err(TransportError::new(TransportErrorKind::Connect).with_reason("refused"));
        }
        Ok(Response::new(Body::from(request.into_body())))
    });
    let send = |path: &str| transport.send(Request::post(path).body("echo".into()).unwrap());
    assert_eq!(send("/").await.unwrap().into_body().collect(9).await.unwrap(), "echo");
    let error = send("/down").await.unwrap_err();
    assert_eq!(error.to_string(), "could not connect: refused");
    assert!(error.is_transient() && !error.may_have_been_processed());
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    assert_eq!(Clock::now(&clock), jiff::Timestamp::UNIX_EPOCH);
}

#[tokio::test]
async fn the_native_world_is_the_real_one() {
    let world = World::native(async |_: Request<Bytes>| Ok(Response::new(Body::empty()))).unwrap();
    assert!(world.clock.now() > "2026-01-01T00:00:00Z".parse().unwrap());
    let [one, other] = [(); 2].map(|()| random_bytes::<16>(&*world.random).unwrap());
    assert_ne!(one, other);
}

#[test]
fn outside_a_runtime_there_is_no_native_world() {
    assert!(TokioRuntime::current().is_none());
    let mut bytes = [0; 32];
    OsRandom.fill(&mut bytes).unwrap();
    assert_ne!(bytes, [0; 32]);
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_too_long_is_dropped() {
    let runtime = TokioRuntime::current().unwrap();
    let minute = Duration::from_secs(60);
    assert_eq!(timeout(&runtime, minute, async { 7 }).await, Some(7));
    assert_eq!(timeout(&runtime, minute, runtime.sleep(2 * minute)).await, None);
}

#[tokio::test]
async fn work_that_is_ready_starts_no_timer() {
    struct NoTimer;
    impl Runtime for NoTimer {
        fn spawn(&self, _task: BoxFuture<'static, ()>) {
            panic!("nothing is to be spawned");
        }
        fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
            panic!("nothing is to be waited for");
        }
    }
    assert_eq!(timeout(&NoTimer, Duration::from_secs(60), async { 7 }).await, Some(7));
}

#[tokio::test]
async fn spawned_work_goes_on_without_its_caller() {
    let runtime = TokioRuntime::current().unwrap();
    let (done, wait) = tokio::sync::oneshot::channel();
    let work: BoxFuture<'static, ()> = Box::pin(async move { done.send(7).unwrap() });
    runtime.spawn(work);
    assert_eq!(wait.await.unwrap(), 7);
}

#[tokio::test]
async fn a_runtime_is_idle_when_the_work_of_all_its_clones_has_ended() {
    let runtime = TokioRuntime::current().unwrap();
    runtime.idle().await;
    let world = World::native_on(runtime.clone(), async |_: Request<Bytes>| {
        Ok(Response::new(Body::empty()))
    });
    let (go_on, gate) = tokio::sync::oneshot::channel::<()>();
    let spawner = world.runtime.clone();
    world.runtime.spawn(Box::pin(async move {
        gate.await.unwrap();
        // Work that work has begun counts as well.
        spawner.spawn(Box::pin(tokio::task::yield_now()));
    }));
    let mut idle = Box::pin(runtime.idle());
    assert_eq!(futures_util::poll!(&mut idle), std::task::Poll::Pending);
    assert_eq!(runtime.unfinished(), 1);
    go_on.send(()).unwrap();
    idle.await;
    assert_eq!(runtime.unfinished(), 0);
}

#[tokio::test]
async fn work_that_panics_has_ended() {
    let runtime = TokioRuntime::current().unwrap();
    runtime.spawn(Box::pin(async { panic!("on purpose") }));
    runtime.idle().await;
    assert_eq!(runtime.unfinished(), 0);
}
