//! When an event happened.

use crate::{civil::Date, rfc3339};
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Since 1970, rounded down; of a year from 0 to 9999.
    second: i64,
    /// What follows the second.
    nanos: u32,
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
            Self::Now(now) => Some(micros_text(second_of(now), now.subsec_micros())),
            Self::At(timestamp) => timestamp.to_micros(),
        }
    }

    /// Appends the wire form, without quotes.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Now(now) => {
                out.extend_from_slice(&micros_text(second_of(now), now.subsec_micros()));
            }
            Self::At(timestamp) => timestamp.write(out),
        }
    }
}

/// A timestamp to the microsecond: `2031-05-07T02:00:00.000000Z`.
pub(crate) type MicrosText = [u8; 27];

/// Why a text is no timestamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidTimestamp;

impl std::error::Error for InvalidTimestamp {}

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a timestamp is written as RFC 3339 with an offset and a year from 0 to 9999, such as `2031-05-07T02:00:00Z`",
        )
    }
}

impl Timestamp {
    /// The time by the given clock, to the microsecond; 1970 for a clock that is out of all bounds.
    pub(crate) fn now(wall: SystemTime) -> Self {
        let (second, nanos) = since_1970(wall).unwrap_or_default();
        Self {
            second,
            nanos,
            digits: 6,
        }
    }

    /// Appends the wire form, without quotes.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self.to_micros() {
            Some(text) => out.extend_from_slice(&text),
            None => out.extend_from_slice(self.text().as_bytes()),
        }
    }

    fn to_micros(self) -> Option<MicrosText> {
        let Self {
            second,
            nanos,
            digits,
        } = self;
        (digits == 6).then(|| micros_text(second, nanos / 1000))
    }

    fn text(self) -> Text {
        let Self {
            second,
            mut nanos,
            digits,
        } = self;
        let mut bytes = [0; 30];
        bytes[..20].copy_from_slice(&text_of(second));
        for byte in bytes[20..29].iter_mut().rev() {
            *byte = digit(i64::from(nanos));
            nanos /= 10;
        }
        // Without digits there is no dot either.
        let end = if digits == 0 {
            19
        } else {
            20 + usize::from(digits)
        };
        bytes[end] = b'Z';
        Text {
            bytes,
            len: end + 1,
        }
    }
}

/// A timestamp as it is sent, with up to nine digits of the second.
struct Text {
    bytes: [u8; 30],
    len: usize,
}

impl Text {
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Whole seconds since 1970, rounded down, and nanoseconds; `None` where the year has no four digits (CAP-109).
fn since_1970(time: SystemTime) -> Option<(i64, u32)> {
    let (second, nanos) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => (second_of(since), since.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            match (-second_of(before), before.subsec_nanos()) {
                (second, 0) => (second, 0),
                (second, nanos) => (second - 1, 1_000_000_000 - nanos),
            }
        }
    };
    rfc3339::has_four_digit_year(second).then_some((second, nanos))
}

/// Whole seconds; where there are too many of them, more than any year has that is sent.
fn second_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

thread_local! {
    /// A second since 1970, and its text with the dot behind it: most events happen in the same second as the one before.
    static SECOND: Cell<(i64, [u8; 20])> = const { Cell::new((0, FIRST_SECOND)) };
}

const FIRST_SECOND: [u8; 20] = *b"1970-01-01T00:00:00.";

/// The wire form of a time since 1970, to the microsecond.
fn micros_text(second: i64, micros: u32) -> MicrosText {
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
fn text_of(second: i64) -> [u8; 20] {
    if !rfc3339::has_four_digit_year(second) {
        return FIRST_SECOND;
    }
    let Date { year, month, day } = Date::at(second.div_euclid(86_400));
    let time = second.rem_euclid(86_400);
    let mut text = FIRST_SECOND;
    for (at, number) in [
        (0, year / 100),
        (2, year),
        (5, month),
        (8, day),
        (11, time / 3600),
        (14, time / 60 % 60),
        (17, time % 60),
    ] {
        [text[at], text[at + 1]] = [digit(number / 10), digit(number)];
    }
    text
}

/// The last digit of a number that is not negative.
fn digit(number: i64) -> u8 {
    u8::try_from(number % 10).map_or(b'0', |digit| b'0' + digit)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.text().as_bytes()))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads RFC 3339 with an offset; more than nine digits of a second are cut off (CAP-107).
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let rfc3339::Written {
            second,
            nanos,
            digits,
        } = rfc3339::read(text).ok_or(InvalidTimestamp)?;
        Ok(Self {
            second,
            nanos,
            digits,
        })
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(time: SystemTime) -> Result<Self, InvalidTimestamp> {
        let (second, nanos) = since_1970(time).ok_or(InvalidTimestamp)?;
        // What the clock of the system gives beyond microseconds is kept.
        let digits = if nanos % 1000 == 0 { 6 } else { 9 };
        Ok(Self {
            second,
            nanos,
            digits,
        })
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
            let printed = timestamp.text();
            for _ in 0..2 {
                let mut written = Vec::new();
                timestamp.write(&mut written);
                assert_eq!(written, printed.as_bytes());
            }
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
        assert!(read("9999-12-31T23:59:59.999999999Z").is_some());
        let far = Duration::from_secs(1 << 40);
        assert!(Timestamp::try_from(SystemTime::UNIX_EPOCH + far).is_err());
        assert!(Timestamp::try_from(SystemTime::UNIX_EPOCH - far).is_err());
    }

    /// A library that knows much more of calendars is asked about many instants of each year.
    #[test]
    fn cap_105_instants_of_all_years_are_printed_and_read_as_a_calendar_library_does() {
        let print = |time: &jiff::Timestamp, digits| {
            let printer = jiff::fmt::temporal::DateTimePrinter::new();
            printer.precision(Some(digits)).timestamp_to_string(time)
        };
        // Odd, so that all times of the day and all fractions come by.
        let step = 3_456_789_012_345_678;
        let (mut nanos, mut digits) = (-62_167_219_200_000_000_000_i128, 0);
        while let Ok(theirs) = jiff::Timestamp::from_nanosecond(nanos) {
            let text = print(&theirs, digits);
            let ours: Timestamp = text.parse().expect("a timestamp");
            assert_eq!(ours.to_string(), text);
            let read: jiff::Timestamp = text.parse().expect("a timestamp");
            assert_eq!(
                i128::from(ours.second) * 1_000_000_000 + i128::from(ours.nanos),
                read.as_nanosecond(),
                "{text}"
            );
            let by_the_clock = Timestamp::try_from(SystemTime::from(theirs)).expect("in range");
            assert_eq!(
                by_the_clock.to_string(),
                print(&theirs, by_the_clock.digits)
            );
            nanos += step;
            digits = (digits + 1) % 10;
        }
    }

    #[test]
    fn cap_106_offsets_are_read_as_a_calendar_library_does() {
        for minutes in -1439..=1439_i32 {
            let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
            let (hours, minutes) = (minutes / 60, minutes % 60);
            for day in ["2032-02-29", "2031-03-01", "2031-12-31", "0001-01-01"] {
                let text = format!("{day}T13:59:60.25{sign}{hours:02}:{minutes:02}");
                let theirs: jiff::Timestamp = text.parse().expect("a timestamp");
                let ours: Timestamp = text.parse().expect("a timestamp");
                assert_eq!(ours.to_string(), format!("{theirs:.2}"), "{text}");
            }
        }
    }

    #[test]
    fn cap_105_a_timestamp_is_ordered_by_its_instant() {
        let read = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
        assert!(read("1969-12-31T23:59:59.75Z") > read("1969-12-31T23:59:59.5Z"));
        assert!(read("2031-05-07T02:00:00+02:00") < read("2031-05-07T02:00:00Z"));
        assert_eq!(
            format!("{:?}", read("2031-05-07T02:00:00.50+02:00")),
            "Timestamp(2031-05-07T00:00:00.50Z)"
        );
    }
}
