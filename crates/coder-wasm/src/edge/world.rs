//! The seams to a JavaScript runtime.

use std::sync::Arc;
use std::time::Duration;

use coder_core::{BoxFuture, Random, RandomError, Runtime, World};
use jiff::Timestamp;
use js_sys::{Date, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

use crate::fetch::FetchTransport;

#[wasm_bindgen]
extern "C" {
    /// The context of a request.
    #[derive(Clone)]
    pub type Context;

    #[wasm_bindgen(method, catch, js_name = waitUntil)]
    fn wait_until(this: &Context, promise: &Promise) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &Uint8Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(done: &js_sys::Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Returns the world of requests with this context, or of those without one.
pub(super) fn world(context: Option<Context>) -> World {
    let transport = Arc::new(FetchTransport);
    let (random, runtime) = (Arc::new(WebRandom), Arc::new(EdgeRuntime { context }));
    World { transport, clock: Arc::new(now), random, runtime }
}

fn now() -> Timestamp {
    // Whole milliseconds below 2^53, of which none is out of range.
    #[expect(clippy::cast_possible_truncation, reason = "JavaScript counts whole milliseconds")]
    let milliseconds = Date::now() as i64;
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

struct WebRandom;

impl Random for WebRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        // A call gives at most 65,536 bytes.
        for part in destination.chunks_mut(65_536) {
            let bytes = Uint8Array::new_with_length(u32::try_from(part.len()).unwrap_or(u32::MAX));
            get_random_values(&bytes)
                .map_err(|_| RandomError::new("`crypto.getRandomValues` failed"))?;
            bytes.copy_to(part);
        }
        Ok(())
    }
}

struct EdgeRuntime {
    context: Option<Context>,
}

impl Runtime for EdgeRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let Some(context) = &self.context else { return spawn_local(task) };
        let promise = future_to_promise(async {
            task.await;
            Ok(JsValue::UNDEFINED)
        });
        if context.wait_until(&promise).is_err() {
            tracing::warn!(
                "`waitUntil` has failed, so work may be lost when the request has ended"
            );
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let mut left = duration;
            while !left.is_zero() {
                let part = left.min(LONGEST);
                Timer::start(part).await;
                left -= part;
            }
        })
    }
}

/// A timer of JavaScript counts to 2^31 milliseconds.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// A timer, which stops when it is dropped.
struct Timer(JsValue);

impl Timer {
    async fn start(duration: Duration) {
        let milliseconds = i32::try_from(duration.as_millis().max(1)).unwrap_or(i32::MAX);
        let mut timer = JsValue::UNDEFINED;
        let promise = Promise::new(&mut |done, _| timer = set_timeout(&done, milliseconds));
        let _timer = Self(timer);
        // A timer never fails.
        let _ = JsFuture::from(promise).await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}
