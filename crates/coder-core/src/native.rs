//! The real clock, randomness and runtime of a native process.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use crate::{BoxFuture, Clock, Random, RandomError, Runtime, Transport, World};

/// The clock of the system.
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
        getrandom::fill(destination).map_err(|error| RandomError::new(crate::with_causes(&error)))
    }
}

/// A tokio runtime, remembered when the value was made, so that tasks can be spawned from any
/// thread.
///
/// It counts the work that was given to [`Runtime::spawn`]; clones count together. A process waits
/// for [`idle`](Self::idle) before it ends: tokio drops unfinished work with its runtime, and a
/// token that was just rotated would be lost with it.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: tokio::runtime::Handle,
    tasks: TaskTracker,
}

impl TokioRuntime {
    /// Returns the runtime that this code runs on; `None` outside of one. It counts the work that
    /// is spawned through this value and its clones.
    pub fn current() -> Option<Self> {
        let tasks = TaskTracker::new();
        // A closed tracker still takes tasks; closed means that `wait` ends once there are none.
        tasks.close();
        tokio::runtime::Handle::try_current().ok().map(|handle| Self { handle, tasks })
    }

    /// Waits until all spawned work is finished. Work that panicked counts as finished.
    ///
    /// There is no time limit; [`timeout`](crate::timeout) sets one.
    pub async fn idle(&self) {
        self.tasks.wait().await;
    }

    /// Returns the number of spawned tasks that are unfinished.
    pub fn unfinished(&self) -> usize {
        self.tasks.len()
    }
}

impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(self.tasks.spawn_on(task, &self.handle));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let _inside = self.handle.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}

impl World {
    /// Creates the world of a process: the system's clock and randomness, the current tokio
    /// runtime, and `transport`. Returns `None` outside of a tokio runtime.
    pub fn native(transport: impl Transport + 'static) -> Option<Self> {
        TokioRuntime::current().map(|runtime| Self::native_on(runtime, transport))
    }

    /// Creates the world of a process that runs its work on `runtime`, so that the process can wait
    /// until that is [`idle`](TokioRuntime::idle) before it ends.
    pub fn native_on(runtime: TokioRuntime, transport: impl Transport + 'static) -> Self {
        Self {
            transport: Arc::new(transport),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            runtime: Arc::new(runtime),
        }
    }
}
