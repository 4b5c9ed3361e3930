//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

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
        let at = httpdate::parse_http_date(value).ok()?;
        at.duration_since(now).ok()?
    };
    (!wait.is_zero()).then_some(wait)
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
        assert_eq!(parse("Sun Nov 06 08:49:37 1994", now), ten);
        // The last date that servers like to name.
        assert!(parse("Fri, 31 Dec 9999 23:59:59 GMT", now) > ten);
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
