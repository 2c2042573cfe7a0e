//! Durations as Backstage writes them.

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::reader::{Reader, Section, Value};
use crate::Notice;

const UNITS: [(&str, i64); 8] = [
    ("years", DAYS_OF_A_YEAR * DAY),
    ("months", DAYS_OF_A_MONTH * DAY),
    ("weeks", 7 * DAY),
    ("days", DAY),
    ("hours", 3_600_000),
    ("minutes", 60_000),
    ("seconds", 1_000),
    ("milliseconds", 1),
];

/// One day in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// The range of a duration of app-config. Every duration is read with one.
pub(super) struct Range {
    least: Bound,
    most: Bound,
    beyond: Beyond,
}

/// An end of a [`Range`].
struct Bound {
    length: SignedDuration,
    words: &'static str,
}

/// Treatment of a duration outside of its range.
enum Beyond {
    /// The duration is an error.
    Refused,
    /// The duration makes a notice, and the nearest one counts, as in Backstage.
    Replaced,
}

impl Range {
    /// The life of a session. A login alone may take ten minutes; times further away than ten years
    /// cannot be reckoned with.
    pub(super) const SESSION: Self = Self {
        least: Bound { length: SignedDuration::from_mins(10), words: "10 minutes" },
        most: Bound {
            length: SignedDuration::from_hours(10 * DAYS_OF_A_YEAR * 24),
            words: "10 years",
        },
        beyond: Beyond::Refused,
    };
    /// The life of an identity token. Backstage has the same bounds, and keeps to them silently.
    pub(super) const IDENTITY_TOKEN: Self = Self {
        least: Bound { length: SignedDuration::from_mins(10), words: "10 minutes" },
        most: Bound { length: SignedDuration::from_hours(24), words: "24 hours" },
        beyond: Beyond::Replaced,
    };
}

const DAYS_OF_A_YEAR: i64 = 365;
const DAYS_OF_A_MONTH: i64 = 30;

const EXPECTED: &str = "a duration, like `7 days`, `12h`, `P7D` or `{ days: 7 }`";

impl<'a> Reader<'a> {
    /// Reads a duration: `{ days: 7 }`, ISO 8601 (`P7D`) or in words (`7 days`, `12h`). A year has
    /// 365 days, a month 30, a day 24 hours.
    pub(super) fn duration(
        &mut self,
        section: &Section<'a>,
        key: &str,
        range: &Range,
    ) -> Option<SignedDuration> {
        let value = self.value(section, key)?;
        let duration = match (value.node.as_str(), value.node.members()) {
            (Some(text), _) => in_words(text.trim()),
            (None, Some(_)) => {
                let duration = self.in_units(&value)?;
                return self.within(&value, duration, range);
            }
            (None, None) => {
                self.wrong(&value, EXPECTED);
                return None;
            }
        };
        if duration.is_none() {
            let text = value.node.as_str().map(crate::message::shown).unwrap_or_default();
            self.invalid(&value, format!("is `{text}`; it must be {EXPECTED}"));
        }
        self.within(&value, duration?, range)
    }

    fn within(
        &mut self,
        value: &Value<'a>,
        duration: SignedDuration,
        range: &Range,
    ) -> Option<SignedDuration> {
        let (is, nearest) = if duration < range.least.length {
            ("shorter", &range.least)
        } else if duration > range.most.length {
            ("longer", &range.most)
        } else {
            return Some(duration);
        };
        let (path, words) = (&value.path, nearest.words);
        match range.beyond {
            Beyond::Refused => {
                let (least, most) = (range.least.words, range.most.words);
                let problem = format!("is {is} than {words}; it must be from {least} to {most}");
                self.invalid(value, problem);
                None
            }
            Beyond::Replaced => {
                let message = format!(
                    "`{path}` is {is} than {words}, so {words} count, as in Backstage; write that"
                );
                let notice = Notice::new(path, message);
                self.notices.push(notice.at(value.node.provenance().clone()));
                Some(nearest.length)
            }
        }
    }

    fn in_units(&mut self, value: &Value<'a>) -> Option<SignedDuration> {
        let mut total = SignedDuration::ZERO;
        let known = UNITS.map(|(unit, _)| unit);
        for (unit, node) in value.node.members()? {
            let part = Value { path: format!("{}.{unit}", value.path), node };
            let Some((_, millis)) = UNITS.iter().find(|(known, _)| *known == unit) else {
                let hint = crate::suggest::did_you_mean(unit, &known);
                self.invalid(&part, format!("is no unit of time{hint}"));
                return None;
            };
            let Some(count) = node.scalar_text().and_then(|text| text.trim().parse::<f64>().ok())
            else {
                self.wrong(&part, "a number");
                return None;
            };
            let seconds = count * (*millis as f64) / 1000.0;
            total = SignedDuration::try_from_secs_f64(seconds)
                .ok()
                .and_then(|part| total.checked_add(part))
                .unwrap_or(SignedDuration::MAX);
        }
        if total <= SignedDuration::ZERO {
            self.invalid(value, format!("is not a length of time; it must be {EXPECTED}"));
            return None;
        }
        Some(total)
    }
}

fn in_words(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let (years, months) = (i64::from(span.get_years()), i64::from(span.get_months()));
    let days =
        years.checked_mul(DAYS_OF_A_YEAR)?.checked_add(months.checked_mul(DAYS_OF_A_MONTH)?)?;
    let rest = span.try_years(0).ok()?.try_months(0).ok()?;
    let rest = rest.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let duration = rest.checked_add(SignedDuration::try_from_hours(days.checked_mul(24)?)?)?;
    (duration > SignedDuration::ZERO).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_people_and_of_iso_8601_are_durations() {
        for (text, hours) in [
            ("7 days", 168),
            ("7d", 168),
            ("12h", 12),
            ("P7D", 168),
            ("PT1H", 1),
            ("P1M1D", 744),
            ("1 year", 8760),
        ] {
            assert_eq!(in_words(text), Some(SignedDuration::from_hours(hours)), "{text}");
        }
        for text in ["", "7", "-1h", "0s", "soon", "P1Y-2M"] {
            assert_eq!(in_words(text), None, "{text}");
        }
    }
}
