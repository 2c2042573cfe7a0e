//! The clock, randomness and runtime of a page or a worker in a browser.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::{BoxFuture, Clock, Random, RandomError, Runtime, Transport, World};

/// The clock of a browser (`Date.now()`), which counts milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserClock;

impl Clock for BrowserClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "a date is a whole number below 2^53")]
        let milliseconds = js_sys::Date::now() as i64;
        Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The random number generator of a browser (`crypto.getRandomValues`).
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserRandom;

impl Random for BrowserRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(destination).map_err(|error| RandomError::new(crate::with_causes(&error)))
    }
}

/// The event loop of a page or a worker, with its timers.
///
/// Spawned work ends with the page: a browser that closes the page does not wait for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserRuntime;

/// The longest time that a timer of a browser can be set to, in milliseconds.
const LONGEST_TIMER: u128 = i32::MAX as u128;

impl Runtime for BrowserRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // Rounded up, so that the time is over afterwards.
            let mut left = duration.as_nanos().div_ceil(1_000_000);
            while left > 0 {
                let part = left.min(LONGEST_TIMER);
                left -= part;
                gloo_timers::future::TimeoutFuture::new(u32::try_from(part).unwrap_or(0)).await;
            }
        })
    }
}

impl World {
    /// Creates the world of a page or a worker in a browser: its clock, its randomness, its event
    /// loop, and `transport`. It also serves Node.js and edge platforms, which have the same
    /// functions.
    pub fn browser(transport: impl Transport + 'static) -> Self {
        Self {
            transport: Arc::new(transport),
            clock: Arc::new(BrowserClock),
            random: Arc::new(BrowserRandom),
            runtime: Arc::new(BrowserRuntime),
        }
    }
}
