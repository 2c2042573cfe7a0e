//! The real clock, randomness and runtime of a native process.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::{BoxFuture, Clock, Random, RandomError, Runtime, Transport, World};

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random number generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(destination).map_err(|error| RandomError::new(error.to_string()))
    }
}

/// A tokio runtime, remembered when it was made, so that its tasks can be spawned from any thread.
#[derive(Clone, Debug)]
pub struct TokioRuntime(tokio::runtime::Handle);

impl TokioRuntime {
    /// The runtime this code runs on; `None` outside of one.
    pub fn current() -> Option<Self> {
        tokio::runtime::Handle::try_current().ok().map(Self)
    }
}

impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(self.0.spawn(task));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let _inside = self.0.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}

impl World {
    /// The real world of a process: the system's clock and randomness, the current tokio runtime,
    /// and `transport`. `None` when called outside a tokio runtime.
    pub fn native(transport: impl Transport + 'static) -> Option<Self> {
        Some(Self {
            transport: Arc::new(transport),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            runtime: Arc::new(TokioRuntime::current()?),
        })
    }
}
