//! The time, as an argument.

use jiff::Timestamp;

use crate::{MaybeSend, MaybeSync};

/// Tells the time of day. The cores ask it instead of the system, so a test can turn it forward.
///
/// A closure that returns a [`Timestamp`] is a clock.
pub trait Clock: MaybeSend + MaybeSync {
    /// The present moment, in UTC.
    fn now(&self) -> Timestamp;
}

impl<F> Clock for F
where
    F: Fn() -> Timestamp + MaybeSend + MaybeSync,
{
    fn now(&self) -> Timestamp {
        self()
    }
}
