//! Timestamps as text, without a calendar library: the macros check literals.
//!
//! The runtime reads whatever is clearly an instant, in further forms of ISO 8601; what is a timestamp here it reads, too.

/// Whether `text` is RFC 3339 with an offset and, in UTC, a year from 0 to 9999 (CAP-107, CAP-109).
#[must_use]
pub fn is_timestamp(text: &str) -> bool {
    read(text.trim().as_bytes()).is_some()
}

fn read(text: &[u8]) -> Option<()> {
    let mut rest = Rest(text);
    let year = rest.number(4, 0..=9999)?;
    rest.one_of(b"-")?;
    let month = rest.number(2, 1..=12)?;
    rest.one_of(b"-")?;
    let day = rest.number(2, 1..=days(year, month))?;
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2, 0..=23)?;
    rest.one_of(b":")?;
    let minute = rest.number(2, 0..=59)?;
    rest.one_of(b":")?;
    // A leap second is one of RFC 3339.
    rest.number(2, 0..=60)?;
    if rest.one_of(b".").is_some() {
        rest.digits()?;
    }
    let offset = match rest.one_of(b"Zz+-")? {
        sign @ (b'+' | b'-') => {
            let hours = rest.number(2, 0..=23)?;
            rest.one_of(b":")?;
            let minutes = hours * 60 + rest.number(2, 0..=59)?;
            if sign == b'+' { -minutes } else { minutes }
        }
        _ => 0,
    };
    // The offset can carry the first day into another year, and the runtime's last instant is two hours before the last
    // day, so that it can be written with any offset.
    let minutes = hour * 60 + minute + offset;
    let too_early = (year, month, day) == (0, 1, 1) && minutes < 0;
    let too_late = (year, month) == (9999, 12) && (day - 30) * 24 * 60 + minutes >= 22 * 60;
    (rest.0.is_empty() && !too_early && !too_late).then_some(())
}

fn days(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn number(&mut self, digits: usize, range: std::ops::RangeInclusive<i32>) -> Option<i32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let mut value = 0;
        for byte in number {
            value = value * 10 + i32::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        }
        self.0 = rest;
        range.contains(&value).then_some(value)
    }

    fn digits(&mut self) -> Option<()> {
        let digits = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.0 = &self.0[digits..];
        (digits > 0).then_some(())
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        bytes.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    const GOOD: [&str; 11] = [
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
    #[cfg(feature = "runtime")]
    #[test]
    fn cap_107_what_is_a_timestamp_the_runtime_reads() {
        for text in GOOD {
            assert!(text.parse::<crate::Timestamp>().is_ok(), "{text}");
        }
    }
}
