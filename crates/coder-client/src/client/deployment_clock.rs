//! The deployment's clock, as far as its answers tell it.

use std::time::Duration;

use coder_core::{Lock, date, later};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

/// The greatest difference that is taken for none. An answer tells whole seconds, and was under way
/// for a while.
const IMPRECISION: Duration = Duration::from_secs(2);

/// The time by which the deployment's clock is ahead of the own one, or behind it.
#[derive(Default)]
pub(crate) struct DeploymentClock(Lock<SignedDuration>);

impl DeploymentClock {
    /// Notes the moment that an answer tells, if it tells one; it has come at `now`.
    pub(crate) fn note(&self, headers: &HeaderMap, now: Timestamp) {
        let Some(told) = date(headers) else { return };
        let ahead = told.duration_since(now);
        let is_same = ahead.unsigned_abs() <= IMPRECISION;
        *self.0.lock() = if is_same { SignedDuration::ZERO } else { ahead };
    }

    /// Returns the moment that the deployment's clock shows when the own one shows `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        later(now, *self.0.lock())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::DATE;

    use super::*;

    #[test]
    fn what_the_last_answer_tells_counts_and_a_difference_of_two_seconds_is_none() {
        let now: Timestamp = "2026-01-01T12:00:00.5Z".parse().unwrap();
        let clock = DeploymentClock::default();
        let after = |date: &'static str| {
            let headers = HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))]);
            clock.note(&headers, now);
            clock.at(now).to_string()
        };
        assert_eq!(after("Thu, 01 Jan 2026 12:05:00 GMT"), "2026-01-01T12:05:00Z");
        assert_eq!(after("soon"), "2026-01-01T12:05:00Z", "it tells nothing");
        assert_eq!(after("Thu, 01 Jan 2026 11:59:59 GMT"), "2026-01-01T12:00:00.5Z");
        assert_eq!(after("Thu, 01 Jan 2026 11:00:00 GMT"), "2026-01-01T11:00:00Z");
    }
}
