//! When a workspace starts by itself: a weekly cron expression, and Coder's words for wrong ones.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// A schedule such as `CRON_TZ=Europe/Berlin 30 9 * * 1-5`.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    text: String,
    zone: TimeZone,
    minutes: u64,
    hours: u64,
    /// Sunday is bit 0.
    days: u64,
}

/// The values that a field of the expression can have.
struct Bounds {
    least: u64,
    greatest: u64,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { least: 0, greatest: 59, names: &[] };
const HOURS: Bounds = Bounds { least: 0, greatest: 23, names: &[] };
const DAYS: Bounds =
    Bounds { least: 0, greatest: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };
const PREFIX: &str = "CRON_TZ=";

impl Schedule {
    /// Parses the expression of a schedule.
    ///
    /// # Errors
    ///
    /// Coder's reason.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        weekly(text).map_err(|reason| format!("validate weekly schedule: {reason}"))?;
        Self::read(text).map_err(|reason| format!("parse schedule: {reason}"))
    }

    fn read(text: &str) -> Result<Self, String> {
        let (zone, expression) = match text.strip_prefix(PREFIX) {
            None => ("UTC", text),
            Some(rest) => rest.split_once(' ').unwrap_or((rest, "")),
        };
        let known = TimeZone::get(zone)
            .map_err(|_| format!("provided bad location {zone}: unknown time zone {zone}"))?;
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let &[minutes, hours, _, _, days] = fields.as_slice() else {
            let (count, all) = (fields.len(), fields.join(" "));
            return Err(format!("expected exactly 5 fields, found {count}: [{all}]"));
        };
        Ok(Self {
            text: text.to_owned(),
            zone: known,
            minutes: MINUTES.field(minutes)?,
            hours: HOURS.field(hours)?,
            days: DAYS.field(days)?,
        })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the first moment after `now` that the schedule names.
    pub(crate) fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let has = |set: u64, number: i8| set & (1 << number) != 0;
        (0..=7)
            .filter_map(|days| today.checked_add(i64::days(days)).ok())
            .filter(|date| has(self.days, date.weekday().since(Weekday::Sunday)))
            .flat_map(|date| (0..24).map(move |hour| (date, hour)))
            .filter(|(_, hour)| has(self.hours, *hour))
            .flat_map(|(date, hour)| (0..60).map(move |minute| date.at(hour, minute, 0, 0)))
            .filter(|time| has(self.minutes, time.minute()))
            .filter_map(|time| time.to_zoned(self.zone.clone()).ok())
            .map(|time| time.timestamp())
            .find(|time| *time > now)
    }
}

/// Refuses what is not a weekly schedule.
fn weekly(text: &str) -> Result<(), String> {
    let mut parts = text.split_whitespace();
    let count = parts.clone().count();
    if count < 5 {
        let shape = "expected schedule to consist of 5 fields with an optional \
                     CRON_TZ=<timezone> prefix";
        return Err(shape.to_owned());
    }
    if count == 6 {
        parts.next();
    }
    if parts.skip(2).take(2).any(|part| part != "*") {
        return Err("expected day-of-month and month to be *".to_owned());
    }
    Ok(())
}

impl Bounds {
    /// Reads the set of values that a field names: `*`, `1-5`, `*/15`, `mon,wed`.
    fn field(&self, text: &str) -> Result<u64, String> {
        let ranges = text.split(',').filter(|range| !range.is_empty());
        ranges.map(|range| self.range(range)).try_fold(0, |set, range| Ok(set | range?))
    }

    fn range(&self, text: &str) -> Result<u64, String> {
        let mut halves = text.split('/');
        let (span, step) = (halves.next().unwrap_or_default(), halves.next());
        if halves.next().is_some() {
            return Err(format!("too many slashes: {text}"));
        }
        let mut ends = span.split('-');
        let (from, to) = (ends.next().unwrap_or_default(), ends.next());
        if ends.next().is_some() {
            return Err(format!("too many hyphens: {text}"));
        }
        let (first, last) = match (from, to) {
            ("*" | "?", _) => (self.least, self.greatest),
            (from, Some(to)) => (self.number(from)?, self.number(to)?),
            (from, None) if step.is_some() => (self.number(from)?, self.greatest),
            (from, None) => (self.number(from)?, self.number(from)?),
        };
        let step = step.map_or(Ok(1), number)?;
        if first < self.least {
            return Err(format!(
                "beginning of range ({first}) below minimum ({}): {text}",
                self.least
            ));
        }
        if last > self.greatest {
            return Err(format!("end of range ({last}) above maximum ({}): {text}", self.greatest));
        }
        if first > last {
            return Err(format!(
                "beginning of range ({first}) beyond end of range ({last}): {text}"
            ));
        }
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        if step == 0 {
            return Err(format!("step of range should be a positive number: {text}"));
        }
        Ok((first..=last).step_by(step).fold(0, |set, number| set | 1 << number))
    }

    fn number(&self, text: &str) -> Result<u64, String> {
        let name = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        match name.and_then(|place| u64::try_from(place).ok()) {
            Some(place) => Ok(place),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(number) => u64::try_from(number)
            .map_err(|_| format!("negative number ({number}) not allowed: {text}")),
        Err(_) => Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, now: &str) -> String {
        let next = Schedule::parse(text).unwrap().next_after(now.parse().unwrap());
        next.unwrap().to_string()
    }

    #[test]
    fn the_next_start_is_told_in_the_zone_of_the_schedule() {
        let friday = "2026-11-27T09:00:00Z";
        assert_eq!(next("30 9 * * 1-5", friday), "2026-11-27T09:30:00Z");
        let berlin = "CRON_TZ=Europe/Berlin 30 9 * * mon-fri";
        assert_eq!(next(berlin, friday), "2026-11-30T08:30:00Z", "the weekend is left out");
        assert_eq!(next("*/20 * * * *", friday), "2026-11-27T09:20:00Z");
        assert_eq!(next("0 8 * * 0", friday), "2026-11-29T08:00:00Z");
    }

    #[test]
    fn a_wrong_schedule_is_told_in_coders_words() {
        let shape = "validate weekly schedule: expected schedule to consist of 5 fields with an \
                     optional CRON_TZ=<timezone> prefix";
        for (text, words) in [
            ("nope", shape),
            ("30 9 1 * *", "validate weekly schedule: expected day-of-month and month to be *"),
            ("* * * * * *", "parse schedule: expected exactly 5 fields, found 6: [* * * * * *]"),
            (
                "CRON_TZ=Mars/X 30 9 * * 1-5",
                "parse schedule: provided bad location Mars/X: unknown time zone Mars/X",
            ),
            (
                "x 9 * * *",
                "parse schedule: failed to parse int from x: strconv.Atoi: parsing \"x\": invalid \
                 syntax",
            ),
            ("0 24 * * *", "parse schedule: end of range (24) above maximum (23): 24"),
            ("0 9 * * 5-1", "parse schedule: beginning of range (5) beyond end of range (1): 5-1"),
        ] {
            assert_eq!(Schedule::parse(text).unwrap_err(), words, "{text}");
        }
    }
}
