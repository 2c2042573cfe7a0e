//! A body that is passed on while it arrives is bounded in size and in silence.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, BodyLimits, Runtime, TokioRuntime, TransportError, TransportErrorKind};
use futures_util::{StreamExt as _, stream};

const LIMITS: BodyLimits = BodyLimits::new(10, Duration::from_secs(10));

fn runtime() -> Arc<dyn Runtime> {
    Arc::new(TokioRuntime::current().unwrap())
}

fn chunks(texts: &[&'static str]) -> Body {
    let chunks: Vec<_> = texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect();
    Body::from_stream(stream::iter(chunks))
}

#[tokio::test(start_paused = true)]
async fn a_body_within_its_limits_is_passed_on_chunk_by_chunk() {
    let mut body = chunks(&["12345", "67890"]).bounded(LIMITS, &runtime());
    assert_eq!(body.next().await.unwrap().unwrap(), "12345");
    assert_eq!(body.next().await.unwrap().unwrap(), "67890");
    assert!(body.next().await.is_none());
    let whole = Body::from("1234567890").bounded(LIMITS, &runtime());
    assert_eq!(whole.size(), Some(10), "a body that is there keeps its length");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_ends_where_it_is_and_nothing_follows() {
    for body in [chunks(&["12345", "678901", "x"]), Body::from("12345678901")] {
        let mut body = body.bounded(LIMITS, &runtime());
        let error = loop {
            if let Err(error) = body.next().await.unwrap() {
                break error;
            }
        };
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        assert!(body.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_silence_ends_a_body_within_twice_the_limit() {
    let begun = chunks(&["1"]).chain(stream::pending::<Result<Bytes, TransportError>>());
    let mut body = Body::from_stream(begun).bounded(LIMITS, &runtime());
    assert_eq!(body.next().await.unwrap().unwrap(), "1");
    let asked = tokio::time::Instant::now();
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    // The clock is paused: this is the time that was waited for, not the machine's.
    assert!(asked.elapsed() <= Duration::from_secs(20), "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_moves_may_last_as_long_as_it_needs() {
    let drip = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(9)).await;
        Some((Ok::<_, TransportError>(Bytes::from_static(b"x")), ()))
    });
    let slow = Body::from_stream(drip.take(10)).bounded(LIMITS, &runtime());
    assert_eq!(slow.collect(100).await.unwrap(), "xxxxxxxxxx");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_moves_for_too_long_ends_at_its_deadline() {
    let drip = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(9)).await;
        Some((Ok::<_, TransportError>(Bytes::from_static(b"x")), ()))
    });
    let limits = BodyLimits::new(1000, Duration::from_secs(10)).deadline(Duration::from_secs(60));
    let asked = tokio::time::Instant::now();
    let error =
        Body::from_stream(drip).bounded(limits, &runtime()).collect(1000).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    // The clock is paused: this is the time that was waited for, not the machine's.
    assert_eq!(asked.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_no_silent_sender() {
    let mut body = chunks(&["1", "2"]).bounded(LIMITS, &runtime());
    assert_eq!(body.next().await.unwrap().unwrap(), "1");
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(body.next().await.unwrap().unwrap(), "2");
}
