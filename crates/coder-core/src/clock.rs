//! The seam to the system's clock.

use jiff::Timestamp;

use crate::{MaybeSend, MaybeSync};

/// A source of the present time.
///
/// The crates of this workspace ask it instead of the system, so that a test can control the time.
/// A closure that returns a [`Timestamp`] is a clock.
pub trait Clock: MaybeSend + MaybeSync {
    /// Returns the present moment, in UTC.
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
