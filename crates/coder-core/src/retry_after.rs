//! The headers `Retry-After` and `Date`.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::elapsed;

/// The longest wait that is accepted. A peer that asks for more has made a mistake.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// Reads `Retry-After` (RFC 9110 §10.2.3) from the headers of an answer: seconds, or a date.
///
/// A date is compared with the `Date` of the same answer, so that no other clock matters. More than
/// an hour becomes an hour. Any other text is `None`, and so is a date in an answer without `Date`.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = value(headers, &RETRY_AFTER)?;
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are too many seconds, too.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        elapsed(moment(text)?, date(headers)?)
    };
    Some(asked.min(MAX_WAIT))
}

/// Reads `Date` (RFC 9110 §6.6.1) from the headers of an answer: the moment at which it was made, by
/// the clock of the peer, in whole seconds.
#[must_use]
pub fn date(headers: &HeaderMap) -> Option<Timestamp> {
    moment(value(headers, &DATE)?)
}

fn value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Reads a date of HTTP: its preferred form is one of RFC 2822's (RFC 9110 §5.6.7).
fn moment(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(value: &[u8]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Thu, 01 Jan 2026 12:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, http::HeaderValue::from_bytes(value).ok()?);
        retry_after(&headers)
    }

    fn seconds(value: &str) -> Option<u64> {
        asked(value.as_bytes()).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Thu, 01 Jan 2026 12:01:30 GMT"), Some(90));
        assert_eq!(seconds("Thu, 01 Jan 2026 11:00:00 GMT"), Some(0), "it is over");
        for other in ["", "-1", "1.5", "soon", "Thu, 32 Jan 2026 12:00:00 GMT"] {
            assert_eq!(seconds(other), None, "{other}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn nobody_is_made_to_wait_longer_than_an_hour() {
        let long = ["3601", "18446744073709551615", "99999999999999999999999"];
        for absurd in long.into_iter().chain(["Fri, 01 Jan 2100 00:00:00 GMT"]) {
            assert_eq!(seconds(absurd), Some(3600), "{absurd}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_it_is_an_hour_at_most(
            value in prop_oneof![any::<Vec<u8>>(), "[0-9]{1,40}".prop_map(String::into_bytes)],
        ) {
            prop_assert!(asked(&value).is_none_or(|wait| wait <= MAX_WAIT));
        }
    }
}
