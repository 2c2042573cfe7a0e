//! A clock that stands still until a test turns it.

use std::sync::Arc;
use std::time::Duration;

use coder_core::{BoxFuture, Clock, Lock, Runtime, Transport, World};
use jiff::Timestamp;

use crate::misuse::misuse;
use crate::random::SeededRandom;

/// Rounds a time down to microseconds, as Coder's database keeps it.
pub(crate) fn to_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// A clock for tests: it starts at 2026-08-20T09:30:00Z and moves only when told to.
///
/// Clones show the same time, so one clock serves the fake and the code under test:
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use coder_core::Clock as _;
/// use coder_testkit::{FakeCoder, TestClock};
///
/// let clock = TestClock::new();
/// let coder = FakeCoder::builder().clock(Arc::new(clock.clone())).build();
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(coder.clock().now().to_string(), "2026-08-20T10:30:00Z");
/// ```
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Lock<Timestamp>>);

impl TestClock {
    /// Creates a clock that shows 2026-08-20T09:30:00Z.
    pub fn new() -> Self {
        Self::starting_at(Timestamp::constant(1_787_218_200, 0))
    }

    /// Creates a clock that shows `time`.
    pub fn starting_at(time: Timestamp) -> Self {
        Self(Arc::new(Lock::new(time)))
    }

    /// Returns a world with this clock, in which nothing runs beside the test and nothing waits:
    /// a task or a pause fails the test.
    pub fn world(&self, transport: impl Transport + 'static) -> World {
        World {
            transport: Arc::new(transport),
            clock: Arc::new(self.clone()),
            random: Arc::new(SeededRandom::new("world")),
            runtime: Arc::new(NoTasks),
        }
    }

    /// Turns the clock forward.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        let mut time = self.0.lock();
        match time.checked_add(duration) {
            Ok(later) => *time = later,
            Err(_) => misuse("the test clock cannot be turned past the year 9999"),
        }
    }

    /// Sets the clock, backwards as well.
    pub fn set(&self, time: Timestamp) {
        *self.0.lock() = time;
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

/// Runtime of a test in which nothing goes on by itself.
struct NoTasks;

impl Runtime for NoTasks {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {
        misuse("nothing is spawned here")
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        // A time limit that is not reached is no pause: it is never polled.
        Box::pin(async { misuse("nothing waits here") })
    }
}
