//! The number of requests of each user.

use std::collections::HashMap;

use uuid::Uuid;

/// Seconds of a window.
pub(crate) const WINDOW: i64 = 60;

/// The counters of requests, by user and path.
pub(crate) type Counters = HashMap<(Option<Uuid>, String), Counter>;

/// Requests within this minute and the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counter {
    pub(crate) minute: i64,
    pub(crate) before: u32,
    pub(crate) now: u32,
}

impl Counter {
    /// Returns how many requests the last sixty seconds had: this minute's, and as much of the
    /// former minute's as still lies within.
    pub(crate) fn rate(&mut self, seconds: i64) -> u32 {
        let minute = seconds.div_euclid(WINDOW);
        match minute - self.minute {
            0 => {}
            1 => (self.before, self.now) = (self.now, 0),
            _ => (self.before, self.now) = (0, 0),
        }
        self.minute = minute;
        let left = u32::try_from(WINDOW - seconds.rem_euclid(WINDOW)).unwrap_or_default();
        self.before * left / 60 + self.now
    }
}
