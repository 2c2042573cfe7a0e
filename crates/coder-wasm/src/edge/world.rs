//! The world of a request, whose runtime may have to be kept awake.

use std::sync::Arc;
use std::time::Duration;

use coder_core::{BoxFuture, BrowserRuntime, Runtime, World};
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::platform::{self, Host};

#[wasm_bindgen]
extern "C" {
    /// The context of a request.
    #[derive(Clone)]
    pub type Context;

    #[wasm_bindgen(method, catch, js_name = waitUntil)]
    fn wait_until(this: &Context, promise: &Promise) -> Result<(), JsValue>;
}

/// Returns the world of requests with this context, or of those without one.
pub(super) fn world(host: &Host, context: Option<Context>) -> World {
    let world = platform::world(host);
    match context {
        Some(context) => World { runtime: Arc::new(EdgeRuntime(context)), ..world },
        None => world,
    }
}

/// The event loop, which a runtime at the edge keeps for work that it has been told of.
struct EdgeRuntime(Context);

impl Runtime for EdgeRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let promise = future_to_promise(async {
            task.await;
            Ok(JsValue::UNDEFINED)
        });
        if self.0.wait_until(&promise).is_err() {
            tracing::warn!(
                "`waitUntil` has failed, so work may be lost when the request has ended"
            );
        }
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        BrowserRuntime.sleep(duration)
    }
}
