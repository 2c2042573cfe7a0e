//! How many requests a reader may send.

use std::collections::VecDeque;

use coder_core::{is_within, later};
use jiff::{SignedDuration, Timestamp};

/// The time in which requests are counted; Coder counts by the minute.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// The number of requests that a reader may send within any minute.
///
/// Coder allows 512 requests a minute to one user. The default is 256, so that the same user still
/// gets answers elsewhere.
#[derive(Clone, Debug)]
pub struct RequestBudget {
    per_minute: usize,
    spent: VecDeque<Timestamp>,
}

impl RequestBudget {
    /// Creates a budget of `per_minute` requests; 0 counts as 1.
    pub fn new(per_minute: usize) -> Self {
        Self { per_minute: per_minute.max(1), spent: VecDeque::new() }
    }

    /// Takes up to `wanted` requests out of the budget, and returns how many were there.
    ///
    /// # Errors
    ///
    /// The moment from which there are requests again, when there is none at `now`.
    pub(super) fn take(&mut self, wanted: usize, now: Timestamp) -> Result<usize, Timestamp> {
        while self.spent.front().is_some_and(|then| !is_within(WINDOW, now, *then)) {
            self.spent.pop_front();
        }
        let free = self.per_minute.saturating_sub(self.spent.len()).min(wanted);
        match self.spent.front() {
            Some(oldest) if free == 0 => Err(later(*oldest, WINDOW)),
            Some(_) | None => {
                self.spent.extend(std::iter::repeat_n(now, free));
                Ok(free)
            }
        }
    }
}

impl Default for RequestBudget {
    fn default() -> Self {
        Self::new(256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_requests_than_the_budget() {
        let start: Timestamp = "2026-08-20T10:00:00Z".parse().unwrap();
        let at = |seconds| later(start, SignedDuration::from_secs(seconds));
        let mut budget = RequestBudget::new(10);
        assert_eq!(budget.take(8, at(0)), Ok(8));
        assert_eq!(budget.take(8, at(30)), Ok(2));
        assert_eq!(budget.take(1, at(59)), Err(at(60)));
        assert_eq!(budget.take(9, at(61)), Ok(8));
        assert_eq!(budget.take(1, at(62)), Err(at(90)));
    }
}
