//! The `Retry-After` header.

use jiff::{Timestamp, civil::DateTime, fmt::strtime, tz::TimeZone};
use std::time::{Duration, SystemTime};

/// The three forms of an HTTP date: IMF-fixdate, RFC 850, asctime. All are GMT.
const DATES: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
];

/// How long the server asks to wait; `None` for what is malformed, past or not positive (DLV-92).
pub(super) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    // Longer than any date: not worth a look.
    if value.is_empty() || value.len() > 64 {
        return None;
    }
    let wait = if value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a wait beyond every limit.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let at = DATES.iter().find_map(|format| date(format, value))?;
        let now = Timestamp::try_from(now).ok()?;
        let now = now.to_zoned(TimeZone::UTC).datetime();
        Duration::try_from(at.duration_since(now)).ok()?
    };
    (!wait.is_zero()).then_some(wait)
}

/// As a date on the calendar: the last day of the year 9999, which servers like to name, is no `Timestamp`.
fn date(format: &str, value: &str) -> Option<DateTime> {
    strtime::parse(format, value).ok()?.to_datetime().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::{Duration, SystemTime};

    #[test]
    fn dlv_92_seconds_and_dates_in_three_forms_are_read() {
        // 1994-11-06 08:49:37 UTC, the example of RFC 9110, less 10 s.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_767);
        let ten = Some(Duration::from_secs(10));
        assert_eq!(parse(" 10 ", now), ten);
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", now), ten);
        assert_eq!(parse("Sunday, 06-Nov-94 08:49:37 GMT", now), ten);
        assert_eq!(parse("Sun Nov  6 08:49:37 1994", now), ten);
    }

    #[test]
    fn dlv_92_what_is_past_malformed_or_not_positive_is_ignored() {
        let now = SystemTime::now();
        let long = "9".repeat(100);
        for value in [
            "",
            "0",
            "-1",
            "+5",
            "1.5",
            "tomorrow",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 99 Nov 2094 08:49:37 GMT",
            &long,
            "\u{663}",
        ] {
            assert_eq!(parse(value, now), None, "{value}");
        }
        assert_eq!(
            parse("99999999999999999999999", now),
            Some(Duration::from_secs(u64::MAX))
        );
    }
}
