//! Timestamps as text, read without a calendar library: the macros check literals, the runtime reads what it is given.
//!
//! The runtime reads whatever is clearly an instant, in further forms of ISO 8601; what is a timestamp to the macros it reads,
//! too.

use crate::civil::{self, Date};

/// An instant, as it was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// Whole seconds since 1970 in UTC, rounded down.
    pub second: i64,
    /// What follows them.
    pub nanos: u32,
    /// How many digits of the second were written, at most the nine that are kept.
    pub digits: u8,
}

/// Whether `text` is RFC 3339 with an offset and, in UTC, a year from 0 to 9999 (CAP-107, CAP-109).
#[must_use]
pub fn is_timestamp(text: &str) -> bool {
    Reader::new(text.trim(), Form::Rfc3339).instant().is_some()
}

/// The instant that `text` names; its year, in UTC, is from 0 to 9999 (CAP-107, CAP-109).
///
/// Beside RFC 3339 it may have what other software writes: no separators, no seconds, an offset without minutes, a decimal
/// comma, and behind it the name of the time zone in brackets.
#[must_use]
pub fn read(text: &str) -> Option<Written> {
    let text = text.trim();
    let instant = match text.strip_suffix(']') {
        Some(named) => named.split_once('[')?.0,
        None => text,
    };
    Reader::new(instant, Form::Iso8601).instant()
}

/// Whether the second is of a year that has four digits.
#[must_use]
pub fn has_four_digit_year(second: i64) -> bool {
    const FIRST: i64 = start_of_year(0);
    const NEXT: i64 = start_of_year(10_000);
    (FIRST..NEXT).contains(&second)
}

const fn start_of_year(year: i64) -> i64 {
    let first = Date {
        year,
        month: 1,
        day: 1,
    };
    first.days() * 86_400
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Rfc3339,
    /// What of ISO 8601 cannot be misread.
    Iso8601,
}

struct Reader<'a> {
    /// What is not read yet.
    rest: &'a [u8],
    form: Form,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, form: Form) -> Self {
        Self {
            rest: text.as_bytes(),
            form,
        }
    }

    fn instant(mut self) -> Option<Written> {
        let date = self.date()?;
        self.one_of(b"Tt ")?;
        let (second, nanos, digits) = self.time()?;
        let second = date.days() * 86_400 + second - self.offset()?;
        // The offset can carry the first and the last day into another year.
        (self.rest.is_empty() && has_four_digit_year(second)).then_some(Written {
            second,
            nanos,
            digits,
        })
    }

    fn date(&mut self) -> Option<Date> {
        let year = self.number(4, 0, 9999)?;
        let dash = self.separator(b"-")?;
        let month = self.number(2, 1, 12)?;
        self.exactly(dash)?;
        let day = self.number(2, 1, civil::days_of(year, month))?;
        Some(Date { year, month, day })
    }

    /// The second of the day, its nanoseconds, and how many digits of them were written.
    fn time(&mut self) -> Option<(i64, u32, u8)> {
        let hour = self.number(2, 0, 23)?;
        let colon = self.separator(b":")?;
        let minute = self.number(2, 0, 59)?;
        let minutes = hour * 60 + minute;
        if self.form == Form::Iso8601 && self.rest.first().is_some_and(|at| b"Zz+-".contains(at)) {
            return Some((minutes * 60, 0, 0));
        }
        self.exactly(colon)?;
        // A leap second is one of RFC 3339, but no clock that counts from 1970 has it: the second before takes its place.
        let second = self.number(2, 0, 60)?.min(59);
        let (nanos, digits) = self.fraction()?;
        Some((minutes * 60 + second, nanos, digits))
    }

    /// Nanoseconds; more than nine digits are cut off.
    fn fraction(&mut self) -> Option<(u32, u8)> {
        let points = match self.form {
            Form::Rfc3339 => &b"."[..],
            Form::Iso8601 => &b".,"[..],
        };
        if self.one_of(points).is_none() {
            return Some((0, 0));
        }
        let (mut nanos, mut digits) = (0, 0);
        let mut worth = 100_000_000;
        while let Some(digit) = self.one_of(b"0123456789") {
            nanos += u32::from(digit - b'0') * worth;
            worth /= 10;
            digits = 9.min(digits + 1);
        }
        (digits > 0).then_some((nanos, digits))
    }

    /// Seconds that the time is ahead of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2, 0, 23)?;
        let minutes = if self.form == Form::Iso8601 && self.rest.is_empty() {
            0
        } else {
            self.separator(b":")?;
            self.number(2, 0, 59)?
        };
        Some(sign * (hours * 60 + minutes) * 60)
    }

    fn number(&mut self, digits: usize, least: i64, most: i64) -> Option<i64> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        let mut value = 0;
        for byte in number {
            value = value * 10 + i64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        self.rest = rest;
        (least <= value && value <= most).then_some(value)
    }

    /// What stands between two numbers, and between those that follow them: in ISO 8601 that can be nothing.
    fn separator<'s>(&mut self, usual: &'s [u8]) -> Option<&'s [u8]> {
        match (self.exactly(usual), self.form) {
            (Some(()), _) => Some(usual),
            (None, Form::Iso8601) => Some(b""),
            (None, Form::Rfc3339) => None,
        }
    }

    fn exactly(&mut self, bytes: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(bytes)?;
        Some(())
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        bytes.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Written, is_timestamp, read};

    const GOOD: [&str; 13] = [
        "2031-05-07T02:00:00Z",
        " 2031-05-07T02:00:00Z\n",
        "2031-05-07T02:00:00.123456789123+05:30",
        "2031-05-07 02:00:00-23:59",
        "2031-05-07t02:00:00z",
        "2032-02-29T23:59:60Z",
        "2000-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0000-01-01T01:00:00+01:00",
        "9999-12-30T20:59:59-01:00",
        "9999-12-31T23:59:59.999999999Z",
        "9999-12-31T22:59:59-01:00",
        "9999-12-31T01:00:00+05:00",
    ];

    const BAD: [&str; 20] = [
        "",
        "yesterday",
        "1767225600",
        "2031-05-07",
        "2031-05-07T02:00:00",
        "2031-05-07T02:00Z",
        "2031-05-07T02:00:00.Z",
        "2031-05-07T02:00:00+0530",
        "2031-05-07T02:00:00+05",
        "2031-05-07T02:00:00Z[UTC]",
        "2031-13-07T02:00:00Z",
        "2031-00-07T02:00:00Z",
        "2031-04-31T02:00:00Z",
        "2031-02-29T02:00:00Z",
        "2100-02-29T02:00:00Z",
        "2031-05-07T24:00:00Z",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:30:00-01:00",
        "+010000-05-07T02:00:00Z",
        "٢٠٣١-05-07T02:00:00Z",
    ];

    #[test]
    fn cap_107_a_timestamp_is_rfc_3339_with_an_offset() {
        for text in GOOD {
            assert!(is_timestamp(text), "{text}");
        }
        for text in BAD {
            assert!(!is_timestamp(text), "{text}");
        }
    }

    /// A literal that compiles is never replaced by the current time.
    #[test]
    fn cap_107_what_is_a_timestamp_the_runtime_reads() {
        for text in GOOD {
            assert!(read(text).is_some(), "{text}");
        }
    }

    #[test]
    fn cap_107_the_runtime_reads_what_is_clearly_an_instant() {
        for (text, nanos, digits) in [
            ("20310507T020000Z", 0, 0),
            ("2031-05-07T02:00Z", 0, 0),
            ("2031-05-07T0200Z", 0, 0),
            ("2031-05-07 07:30:00+0530", 0, 0),
            ("2031-05-06T21:00:00.5-05", 500_000_000, 1),
            ("2031-05-07T02:00:00,25Z", 250_000_000, 2),
            ("2031-05-07T03:00:00+01:00[Europe/London]", 0, 0),
        ] {
            let second = 1_935_885_600;
            assert!(!is_timestamp(text), "{text}");
            assert_eq!(
                read(text),
                Some(Written {
                    second,
                    nanos,
                    digits
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn cap_107_the_runtime_does_not_guess() {
        for text in [
            "",
            "]",
            "[UTC]",
            "2031-05-07",
            "2031-05-07T02",
            "2031-05-07T02:00",
            "2031-05-07T02:00:00",
            "2031-05-07T02:00:00[Europe/London]",
            "2031-05-07T02:00:Z",
            "2031-05-07T02:00:00.Z",
            "2031-0507T02:00:00Z",
            "2031-05-07T02:0000Z",
            "2031-5-7T02:00:00Z",
            "2031-05-07T02:00:00+5",
            "2031-05-07T02:00:00+05:",
            "2031-05-07T02:00:00+24:00",
            "2031-05-07T02:00:61Z",
            "2031-05-07T02:00:00ZZ",
            "2031-05-07T02:00:00Z\u{1F600}",
            "1935885600",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
