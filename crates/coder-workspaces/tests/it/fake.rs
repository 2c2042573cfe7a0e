//! The fake Coder as a world, whose clock moves when somebody waits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::{Client, Credential};
use coder_core::{
    Body, BoxFuture, Clock, MaybeSend, RetryPolicy, Runtime, Transport, TransportError, World,
};
use coder_testkit::{FakeCoder, FakeUser, SeededRandom};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};

/// Waiting turns the fake's clock.
struct Turning(FakeCoder);

impl Runtime for Turning {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {
        panic!("nothing is spawned");
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let coder = self.0.clone();
        Box::pin(async move { coder.advance(duration) })
    }
}

pub(crate) fn client(coder: &FakeCoder, user: &FakeUser) -> Client {
    client_through(coder, user, Arc::new(coder.clone()))
}

/// Makes a client whose own clock is this many seconds ahead of Coder's, or behind it.
pub(crate) fn client_ahead(coder: &FakeCoder, user: &FakeUser, seconds: i64) -> Client {
    let clock = Arc::new(Ahead(coder.clock(), SignedDuration::from_secs(seconds)));
    client_of(coder, user, Arc::new(coder.clone()), clock)
}

struct Ahead(Arc<dyn Clock>, SignedDuration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }
}

fn client_through(coder: &FakeCoder, user: &FakeUser, transport: Arc<dyn Transport>) -> Client {
    client_of(coder, user, transport, coder.clock())
}

fn client_of(
    coder: &FakeCoder,
    user: &FakeUser,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
) -> Client {
    let world = World {
        transport,
        clock,
        random: Arc::new(SeededRandom::new("workspaces")),
        runtime: Arc::new(Turning(coder.clone())),
    };
    Client::new(&world, coder.url().clone())
        .with_credential(Credential::SessionToken(user.session_token.clone()))
        .with_retry(RetryPolicy::NEVER)
}

#[cfg(not(target_family = "wasm"))]
type Act = Box<dyn FnOnce(&FakeCoder) + Send>;
#[cfg(target_family = "wasm")]
type Act = Box<dyn FnOnce(&FakeCoder)>;

/// Transport that does something before a certain request reaches the fake.
struct Meanwhile {
    coder: FakeCoder,
    path: &'static str,
    act: Mutex<Option<Act>>,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for Meanwhile {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let here = format!("{} {}", request.method(), request.uri().path());
        let act = if here.contains(self.path) { self.act.lock().unwrap().take() } else { None };
        if let Some(act) = act {
            act(&self.coder);
        }
        self.coder.send(request).await
    }
}

/// Makes a client to whom something happens right before the first request that contains `path`.
pub(crate) fn client_with(
    coder: &FakeCoder,
    user: &FakeUser,
    path: &'static str,
    act: impl FnOnce(&FakeCoder) + MaybeSend + 'static,
) -> Client {
    let act: Act = Box::new(act);
    let meanwhile = Meanwhile { coder: coder.clone(), path, act: Mutex::new(Some(act)) };
    client_through(coder, user, Arc::new(meanwhile))
}
