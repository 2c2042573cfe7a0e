//! Arithmetic of moments, for clocks that are set back and spans that are out of range.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The greatest difference of two clocks that is accepted. A moment further in the future came from
/// a clock that was set back since.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(1);

/// Returns `true` when `then` was less than `span` before `now`.
///
/// A `then` up to a minute after `now` counts as just now, because two machines' clocks may differ
/// by so much. A later `then` counts as old: the clock was set back since, and the real age is
/// unknown.
///
/// ```
/// use jiff::{SignedDuration, Timestamp};
///
/// let now: Timestamp = "2026-01-01T12:00:00Z".parse()?;
/// let span = SignedDuration::from_mins(10);
/// assert!(coder_core::is_within(span, now, "2026-01-01T11:51:00Z".parse()?));
/// assert!(!coder_core::is_within(span, now, "2026-01-01T11:50:00Z".parse()?));
/// assert!(!coder_core::is_within(span, now, "2026-01-01T12:02:00Z".parse()?));
/// # Ok::<_, jiff::Error>(())
/// ```
#[must_use]
pub fn is_within(span: SignedDuration, now: Timestamp, then: Timestamp) -> bool {
    let age = now.duration_since(then);
    age >= -CLOCK_SKEW && age.max(SignedDuration::ZERO) < span
}

/// Returns the moment that is `span` after `moment`; [`Timestamp::MAX`] when that is out of range.
///
/// `moment + span` would panic then, and the span may have come from a peer.
#[must_use]
pub fn later(moment: Timestamp, span: SignedDuration) -> Timestamp {
    let end = if span.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    moment.checked_add(span).unwrap_or(end)
}

/// Returns the moment that is `span` before `moment`; [`Timestamp::MIN`] when that is out of range.
///
/// `moment - span` would panic then, and the span may have come from a configuration.
#[must_use]
pub fn earlier(moment: Timestamp, span: SignedDuration) -> Timestamp {
    let end = if span.is_negative() { Timestamp::MAX } else { Timestamp::MIN };
    moment.checked_sub(span).unwrap_or(end)
}

/// Returns the time from `then` to `now`; zero when `then` is later.
#[must_use]
pub fn elapsed(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment() -> impl Strategy<Value = Timestamp> {
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let second = prop_oneof![Just(first), Just(last), first..=last];
        second.prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    fn span() -> impl Strategy<Value = SignedDuration> {
        let seconds = prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>(), -99_i64..99];
        seconds.prop_map(SignedDuration::from_secs)
    }

    #[test]
    fn what_is_of_the_future_is_old() {
        let (now, span) = (Timestamp::UNIX_EPOCH, SignedDuration::from_mins(10));
        let seen = |age: i64| is_within(span, now, earlier(now, SignedDuration::from_secs(age)));
        assert!(seen(0) && seen(599) && seen(-60), "two clocks may differ by a minute");
        assert!(!seen(600) && !seen(-61) && !seen(-24 * 3600), "the clock was set back");
        assert!(!is_within(SignedDuration::ZERO, now, now), "nothing is younger than no time");
    }

    proptest! {
        #[test]
        fn time_is_added_without_a_panic(now in moment(), then in moment(), span in span()) {
            prop_assert!(is_within(span, now, then) <= (now.duration_since(then) < span.max(CLOCK_SKEW)));
            prop_assert_eq!(later(now, span) >= now, !span.is_negative() || now == Timestamp::MIN);
            prop_assert_eq!(earlier(now, span) <= now, !span.is_negative() || now == Timestamp::MAX);
            prop_assert_eq!(elapsed(now, then).is_zero(), now <= then);
        }
    }
}
