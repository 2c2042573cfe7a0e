//! Moments as Coder writes them.

use jiff::Timestamp;

/// Reads a moment in the form of RFC 3339, which is how Go writes one; `None` for any other text.
///
/// A leap second is the second after it. Digits beyond nanoseconds do not count.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let mut rest = Digits(text.as_bytes());
    let year = rest.number(4)?;
    let month = rest.after(b"-")?.number(2)?;
    let day = rest.after(b"-")?.number(2)?;
    let hour = rest.after(b"Tt ")?.number(2)?;
    let minute = rest.after(b":")?.number(2)?;
    let second = rest.after(b":")?.number(2)?;
    let nanosecond = if rest.after(b".").is_some() { rest.fraction()? } else { 0 };
    let offset = rest.offset()?;
    let is_whole = rest.0.is_empty();
    let fits = (1..=12).contains(&month) && day >= 1 && day <= days_of(year, month);
    if !is_whole || !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    let seconds = ((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Timestamp::new(seconds - offset, nanosecond).ok()
}

/// The rest of a text of digits and the signs between them.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// Takes one of these signs.
    fn after(&mut self, signs: &[u8]) -> Option<&mut Self> {
        let (sign, rest) = self.0.split_first()?;
        self.0 = signs.contains(sign).then_some(rest)?;
        Some(self)
    }

    /// Takes a number of this many digits.
    fn number(&mut self, digits: usize) -> Option<i32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'))
        })
    }

    /// Takes the digits of a second's fraction, as nanoseconds.
    fn fraction(&mut self) -> Option<i32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let nanoseconds = self.number(digits.clamp(1, 9))?;
        self.0 = self.0.get(digits.saturating_sub(9)..)?;
        let missing = u32::try_from(9_usize.saturating_sub(digits)).ok()?;
        Some(nanoseconds * 10_i32.pow(missing))
    }

    /// Takes the distance to UTC, in seconds.
    fn offset(&mut self) -> Option<i64> {
        let (sign, rest) = self.0.split_first()?;
        self.0 = rest;
        let direction = match sign {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let (hours, minutes) = (self.number(2)?, self.after(b":")?.number(2)?);
        (hours <= 23 && minutes <= 59).then(|| direction * i64::from((hours * 60 + minutes) * 60))
    }
}

fn days_of(year: i32, month: i32) -> i32 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts the days from 1970-01-01 in the Gregorian calendar. A year begins with March here, so that
/// the day of a leap year is its last.
fn days_since_1970(year: i32, month: i32, day: i32) -> i64 {
    const DAYS_TO_1970: i32 = 719_468;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before = year * 365 + leap_days + (153 * month + 2) / 5;
    i64::from(before + day - 1 - DAYS_TO_1970)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_read_as_go_writes_it() {
        for (text, expected) in [
            ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00Z"),
            ("2024-02-29T23:59:59.123456789Z", "2024-02-29T23:59:59.123456789Z"),
            ("2024-05-01T12:00:00.5+02:30", "2024-05-01T09:30:00.5Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("1969-12-31t23:59:59.9999999999z", "1969-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(moment(text).map(|moment| moment.to_string()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2024-05-01",
            "2024-05-01T12:00:00",
            "2023-02-29T12:00:00Z",
            "2024-13-01T12:00:00Z",
            "2024-00-01T12:00:00Z",
            "2024-05-00T12:00:00Z",
            "2024-05-01T24:00:00Z",
            "2024-05-01T12:60:00Z",
            "2024-05-01T12:00:61Z",
            "2024-05-01T12:00:00.Z",
            "2024-05-01T12:00:00Zx",
            "2024-05-01T12:00:00+2:00",
            "+024-05-01T12:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "２024-05-01T12:00:00Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_read_as_jiff_reads_it(
            second in -62_135_596_800_i64..253_402_207_200,
            nanosecond in 0..1_000_000_000,
        ) {
            let text = Timestamp::new(second, nanosecond).unwrap().to_string();
            prop_assert_eq!(moment(&text), text.parse().ok());
        }

        #[test]
        fn no_text_is_read_in_another_way_than_jiff_does(
            text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-6][0-9])"
        ) {
            if let Some(moment) = moment(&text)
                && !text.contains(":60")
            {
                prop_assert_eq!(Some(moment), text.parse().ok());
            }
        }
    }
}
