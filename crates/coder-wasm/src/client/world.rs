//! The seams to the world, over the platform.

use std::sync::Arc;
use std::time::Duration;

use coder_core::{BoxFuture, Clock, Random, RandomError, Runtime, World};
use jiff::Timestamp;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::host::{Host, Timer};
use super::transport::FetchTransport;

/// Returns the world that is this platform.
pub(super) fn world(host: &Host) -> World {
    World {
        transport: Arc::new(FetchTransport(host.clone())),
        clock: Arc::new(HostClock(host.clone())),
        random: Arc::new(HostRandom(host.clone())),
        runtime: Arc::new(HostRuntime(host.clone())),
    }
}

struct HostClock(Host);

impl Clock for HostClock {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds are whole")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.now() as i64).unwrap_or(Timestamp::MAX)
    }
}

struct HostRandom(Host);

impl Random for HostRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        let bytes = self.0.random(destination.len());
        let bytes = bytes.ok().filter(|bytes| bytes.len() == destination.len());
        let bytes =
            bytes.ok_or_else(|| RandomError::new("crypto.getRandomValues delivered nothing"))?;
        destination.copy_from_slice(&bytes);
        Ok(())
    }
}

struct HostRuntime(Host);

impl Runtime for HostRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        spawn_local(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let timer = Running(self.0.sleep(duration.as_secs_f64() * 1000.0));
        Box::pin(async move {
            // It is never rejected.
            let _ = JsFuture::from(timer.0.over()).await;
        })
    }
}

/// A timer that ends when nobody waits for it any more: Node.js would wait for it.
struct Running(Timer);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
