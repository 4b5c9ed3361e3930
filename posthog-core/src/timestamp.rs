//! When an event happened.

use std::{
    cell::Cell,
    fmt,
    time::{Duration, SystemTime},
};

/// An instant, kept to the nanosecond and sent as UTC (CAP-105, CAP-106).
///
/// ```
/// use posthog_core::Timestamp;
/// let given: Timestamp = "2031-05-06T23:30:00.250-02:30".parse()?;
/// assert_eq!(given.to_string(), "2031-05-07T02:00:00.250Z");
/// # Ok::<(), posthog_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Timestamp {
    instant: jiff::Timestamp,
    /// How many digits of the second are written.
    digits: u8,
}

/// When an event that is captured happened.
#[derive(Clone, Copy)]
pub(crate) enum When {
    /// Now, by a clock that gives the time since 1970.
    Now(Duration),
    At(Timestamp),
}

impl When {
    /// The wire form without quotes, if it is to the microsecond, as that of the current time is.
    #[inline]
    pub(crate) fn to_micros(self) -> Option<MicrosText> {
        match self {
            Self::Now(now) => Some(micros_text(now.as_secs(), now.subsec_micros())),
            Self::At(timestamp) => timestamp.to_micros(),
        }
    }

    /// Appends the wire form, without quotes.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Now(now) => {
                out.extend_from_slice(&micros_text(now.as_secs(), now.subsec_micros()));
            }
            Self::At(timestamp) => timestamp.write(out),
        }
    }
}

/// A timestamp to the microsecond: `2031-05-07T02:00:00.000000Z`.
pub(crate) type MicrosText = [u8; 27];

/// Why a text is no timestamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a timestamp is written as RFC 3339 with an offset and a year from 0 to 9999, such as `2031-05-07T02:00:00Z`"
)]
pub struct InvalidTimestamp;

impl Timestamp {
    /// The time by the given clock, to the microsecond.
    pub(crate) fn now(wall: SystemTime) -> Self {
        let instant = jiff::Timestamp::try_from(wall).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Self { instant, digits: 6 }
    }

    /// Appends the wire form, without quotes.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self.to_micros() {
            Some(text) => out.extend_from_slice(&text),
            None => self.print(out),
        }
    }

    fn to_micros(self) -> Option<MicrosText> {
        let Self { instant, digits } = self;
        let second = u64::try_from(instant.as_second()).ok()?;
        let nanos = u32::try_from(instant.subsec_nanosecond()).ok()?;
        (digits == 6).then(|| micros_text(second, nanos / 1000))
    }

    fn print(self, out: &mut Vec<u8>) {
        let printer = jiff::fmt::temporal::DateTimePrinter::new().precision(Some(self.digits));
        // Writing to memory cannot fail, and every instant that can be kept can be printed.
        let _ = printer.print_timestamp(&self.instant, &mut Out(out));
    }

    fn checked(instant: jiff::Timestamp, digits: u8) -> Result<Self, InvalidTimestamp> {
        let year = instant.to_zoned(jiff::tz::TimeZone::UTC).year();
        if (0..=9999).contains(&year) {
            Ok(Self { instant, digits })
        } else {
            Err(InvalidTimestamp)
        }
    }
}

thread_local! {
    /// A second since 1970, and its text with the dot behind it: most events happen in the same second as the one before.
    static SECOND: Cell<(u64, [u8; 20])> = const { Cell::new((u64::MAX, [0; 20])) };
}

/// The wire form of a time since 1970, to the microsecond.
fn micros_text(second: u64, micros: u32) -> MicrosText {
    let (cached, mut start) = SECOND.get();
    if cached != second {
        start = text_of(second);
        SECOND.set((second, start));
    }
    let mut text = [b'Z'; 27];
    text[..20].copy_from_slice(&start);
    for (at, number) in [(20, micros / 10_000), (22, micros / 100), (24, micros)] {
        [text[at], text[at + 1]] = PAIRS[(number % 100) as usize];
    }
    text
}

/// The two digits of each number up to 99.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [*b"00"; 100];
    let mut number = 1;
    while number < 100 {
        let [tens, ones] = pairs[number - 1];
        pairs[number] = if ones == b'9' {
            [tens + 1, b'0']
        } else {
            [tens, ones + 1]
        };
        number += 1;
    }
    pairs
};

/// `2031-05-07T02:00:00.`
#[cold]
fn text_of(second: u64) -> [u8; 20] {
    let instant = i64::try_from(second).map(jiff::Timestamp::from_second);
    let mut text = Vec::with_capacity(32);
    Timestamp {
        instant: instant.map_or(jiff::Timestamp::UNIX_EPOCH, Result::unwrap_or_default),
        digits: 1,
    }
    .print(&mut text);
    // The year has four digits: jiff knows none beyond 9999.
    *text.first_chunk().unwrap_or(b"1970-01-01T00:00:00.")
}

struct Out<'a>(&'a mut Vec<u8>);

impl jiff::fmt::Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> Result<(), jiff::Error> {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339 with an offset; more than nine digits of a second are cut off (CAP-107).
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let text = text.trim();
        let fraction = text.find('.').map_or(0..0, |dot| {
            let digits = text[dot + 1..]
                .bytes()
                .take_while(u8::is_ascii_digit)
                .count();
            dot + 1..dot + 1 + digits
        });
        let digits = fraction.len().min(9);
        let shortened;
        let text = if fraction.len() > 9 {
            shortened = format!("{}{}", &text[..fraction.start + 9], &text[fraction.end..]);
            &shortened
        } else {
            text
        };
        let instant = text.parse().map_err(|_| InvalidTimestamp)?;
        Self::checked(instant, u8::try_from(digits).unwrap_or(9))
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(time: SystemTime) -> Result<Self, InvalidTimestamp> {
        let instant = jiff::Timestamp::try_from(time).map_err(|_| InvalidTimestamp)?;
        // What the clock of the system gives beyond microseconds is kept.
        Self::checked(
            instant,
            if instant.subsec_nanosecond() % 1000 == 0 {
                6
            } else {
                9
            },
        )
    }
}

/// What can say when an event happened: a [`Timestamp`], a [`SystemTime`], or RFC 3339 text with an offset.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the timestamp of a PostHog event",
    label = "is no `SystemTime`, `Timestamp` or RFC 3339 text",
    note = "for a type of another crate write its RFC 3339 text with an offset: `timestamp = time.to_rfc3339()`"
)]
pub trait ToTimestamp {
    /// The instant, or why there is none.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] for text that is not RFC 3339 with an offset, and for years outside 0 to 9999.
    fn to_timestamp(&self) -> Result<Timestamp, InvalidTimestamp>;
}

impl ToTimestamp for Timestamp {
    fn to_timestamp(&self) -> Result<Timestamp, InvalidTimestamp> {
        Ok(*self)
    }
}

impl ToTimestamp for SystemTime {
    fn to_timestamp(&self) -> Result<Timestamp, InvalidTimestamp> {
        (*self).try_into()
    }
}

impl ToTimestamp for str {
    fn to_timestamp(&self) -> Result<Timestamp, InvalidTimestamp> {
        self.parse()
    }
}

impl ToTimestamp for String {
    fn to_timestamp(&self) -> Result<Timestamp, InvalidTimestamp> {
        self.parse()
    }
}

impl<T: ToTimestamp + ?Sized> ToTimestamp for &T {
    fn to_timestamp(&self) -> Result<Timestamp, InvalidTimestamp> {
        (**self).to_timestamp()
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use std::time::{Duration, SystemTime};

    fn read(text: &str) -> Option<String> {
        text.parse::<Timestamp>()
            .ok()
            .map(|timestamp| timestamp.to_string())
    }

    #[test]
    fn cap_105_digits_given_are_kept() {
        assert_eq!(
            read("2031-05-07T02:00:00Z").as_deref(),
            Some("2031-05-07T02:00:00Z")
        );
        assert_eq!(
            read("2031-05-07T02:00:00.5Z").as_deref(),
            Some("2031-05-07T02:00:00.5Z")
        );
        assert_eq!(
            read("2031-05-07T02:00:00.250000Z").as_deref(),
            Some("2031-05-07T02:00:00.250000Z")
        );
        assert_eq!(
            read("2031-05-07T02:00:00.1234567891Z").as_deref(),
            Some("2031-05-07T02:00:00.123456789Z")
        );
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        assert_eq!(
            Timestamp::now(time).to_string(),
            "1970-01-01T00:00:01.500000Z"
        );
        assert_eq!(
            Timestamp::try_from(time + Duration::from_nanos(1))
                .map(|time| time.to_string())
                .as_deref(),
            Ok("1970-01-01T00:00:01.500000001Z")
        );
    }

    #[test]
    fn cap_105_the_remembered_second_is_that_of_the_time() {
        let mut time = SystemTime::UNIX_EPOCH;
        for step in [
            0,
            999_999,
            1,
            59_000_000,
            86_399_000_000,
            40 * 366 * 86_400_000_000,
            7,
        ] {
            time += Duration::from_micros(step);
            let timestamp = Timestamp::now(time);
            let mut printed = Vec::new();
            timestamp.print(&mut printed);
            assert_eq!(timestamp.to_string().as_bytes(), printed);
            assert_eq!(timestamp.to_string().as_bytes(), printed, "once more");
        }
        let before = SystemTime::UNIX_EPOCH - Duration::from_micros(1);
        assert_eq!(
            Timestamp::now(before).to_string(),
            "1969-12-31T23:59:59.999999Z"
        );
    }

    #[test]
    fn cap_106_other_offsets_become_utc() {
        assert_eq!(
            read("2031-05-06T23:30:00-02:30").as_deref(),
            Some("2031-05-07T02:00:00Z")
        );
        assert_eq!(
            read("2031-05-07T05:30:00+05:30").as_deref(),
            Some("2031-05-07T00:00:00Z")
        );
    }

    #[test]
    fn cap_107_text_without_an_offset_or_with_another_form_is_refused() {
        for text in [
            "2031-05-07T02:00:00",
            "2031-05-07",
            "yesterday",
            "",
            "1767225600",
            "2031-13-07T02:00:00Z",
            "2031-05-07T25:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn cap_109_years_outside_0_to_9999_are_refused() {
        assert_eq!(read("-000001-05-07T02:00:00Z"), None);
        assert_eq!(read("+010000-05-07T02:00:00Z"), None);
        assert!(read("0000-05-07T02:00:00Z").is_some());
    }
}
