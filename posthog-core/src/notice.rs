//! The SDK's own log lines.
//!
//! They go to the [`log`] facade with the prefix `[PostHog]`, never to standard output (DLV-145). What may repeat with
//! every event is said at most once a minute per cause, with the count of what was left unsaid.

use crate::{limits, user_code::caught};
use log::Level;
use std::{
    cell::Cell,
    fmt::Arguments,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a cause stays quiet after it was logged.
const QUIET: Duration = Duration::from_secs(60);
/// How many bytes of a line count, and are said, where it may carry a name from outside.
const LONGEST_CAUSE: usize = 500;
/// How many causes and values are remembered; beyond that the memory starts anew, so that hostile input cannot grow it.
const REMEMBERED: usize = 1000;

/// When each cause was said last, and how often it was kept quiet since; in the order of the causes.
type Said = Vec<(String, Instant, u64)>;

/// What is said again after a while.
fn said() -> MutexGuard<'static, Said> {
    static SAID: Mutex<Said> = Mutex::new(Vec::new());
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is said once.
fn said_once() -> MutexGuard<'static, Said> {
    static SAID: Mutex<Said> = Mutex::new(Vec::new());
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// Set while the logger runs.
    static SPEAKING: Cell<bool> = const { Cell::new(false) };
}

/// Calls the logger, which is the user's code: it may panic, and it may itself tag and capture. What the SDK would say
/// about that is not said, or the two would call each other without end.
fn with_logger<R>(level: Level, call: impl FnOnce() -> R) -> Option<R> {
    // Not for the logger to decide, and so no call of it.
    if level > log::max_level()
        || SPEAKING
            .try_with(|speaking| speaking.replace(true))
            .unwrap_or(true)
    {
        return None;
    }
    let result = caught(call);
    let _ = SPEAKING.try_with(|speaking| speaking.set(false));
    result
}

/// Runs code in which the SDK says nothing on this thread: it may be the logger that is at fault, and hold a lock of its own.
pub(crate) fn quietly(code: impl FnOnce()) {
    let spoke = SPEAKING.try_with(|speaking| speaking.replace(true));
    code();
    let _ = SPEAKING.try_with(|speaking| speaking.set(spoke.unwrap_or(true)));
}

/// Hands a line to the logger.
pub(crate) fn tell(level: Level, message: Arguments<'_>) {
    with_logger(level, || log::log!(level, "[PostHog] {message}"));
}

/// [`tell`] with a text to format.
macro_rules! say {
    ($level:ident, $($text:tt)+) => {
        crate::notice::tell(log::Level::$level, format_args!($($text)+))
    };
}
pub(crate) use say;

/// Warns, at most once a minute for the same text.
pub(crate) fn warn_each(message: Arguments<'_>) {
    say_each(Level::Warn, message);
}

/// Reports an error, at most once a minute for the same text.
pub(crate) fn error_each(message: Arguments<'_>) {
    say_each(Level::Error, message);
}

fn say_each(level: Level, message: Arguments<'_>) {
    if with_logger(level, || log::log_enabled!(level)) == Some(true) {
        let text = message.to_string();
        // Names come from outside, and the memory is bounded.
        let cause = limits::cut(&text, LONGEST_CAUSE);
        say_cause(level, cause, format_args!("{cause}"));
    }
}

/// Says something at most once a minute for the same cause, however the text differs.
pub(crate) fn say_cause(level: Level, cause: &str, message: Arguments<'_>) {
    // The lock is given back before the logger runs: it may be the user's code.
    let unsaid = may_speak(&mut said(), cause, Instant::now(), QUIET);
    match unsaid {
        None => {}
        Some(0) => tell(level, message),
        Some(unsaid) => tell(
            level,
            format_args!("{message} ({unsaid} more since the last time)"),
        ),
    }
}

/// What is of use only to somebody who looks for it.
pub(crate) fn debug(message: Arguments<'_>) {
    tell(Level::Debug, message);
}

/// How often `cause` was kept quiet since it was last said, or `None` if it has to stay quiet now.
fn may_speak(said: &mut Said, cause: &str, now: Instant, quiet: Duration) -> Option<u64> {
    match said.binary_search_by(|(said, ..)| said.as_str().cmp(cause)) {
        Ok(at) => {
            let (_, last, unsaid) = &mut said[at];
            if now.duration_since(*last) < quiet {
                *unsaid += 1;
                return None;
            }
            *last = now;
            Some(std::mem::take(unsaid))
        }
        Err(_) if said.len() >= REMEMBERED => {
            *said = vec![(cause.to_owned(), now, 0)];
            Some(0)
        }
        Err(at) => {
            said.insert(at, (cause.to_owned(), now, 0));
            Some(0)
        }
    }
}

/// Warns once per process for the same text.
pub(crate) fn warn_once(message: Arguments<'_>) {
    if first_time(message) {
        tell(Level::Warn, message);
    }
}

/// Reports an error once per process for the same text.
pub(crate) fn error_once(message: Arguments<'_>) {
    if first_time(message) {
        tell(Level::Error, message);
    }
}

fn first_time(message: Arguments<'_>) -> bool {
    let (text, now) = (message.to_string(), Instant::now());
    may_speak(&mut said_once(), &text, now, Duration::MAX).is_some()
}

#[cfg(test)]
mod tests {
    use super::{QUIET, Said, may_speak};
    use std::time::{Duration, Instant};

    #[test]
    fn a_cause_is_said_once_a_minute_with_the_count_of_what_was_left_unsaid() {
        let (mut said, start) = (Said::default(), Instant::now());
        assert_eq!(may_speak(&mut said, "a", start, QUIET), Some(0));
        assert_eq!(may_speak(&mut said, "a", start, QUIET), None);
        assert_eq!(
            may_speak(&mut said, "a", start + Duration::from_secs(59), QUIET),
            None
        );
        assert_eq!(may_speak(&mut said, "b", start, QUIET), Some(0));
        assert_eq!(may_speak(&mut said, "a", start + QUIET, QUIET), Some(2));
    }

    #[test]
    fn what_is_said_once_is_not_said_again() {
        let (mut said, start) = (Said::default(), Instant::now());
        let years = Duration::from_secs(1_000_000_000);
        for (after, expected) in [(Duration::ZERO, Some(0)), (QUIET, None), (years, None)] {
            let now = start + after;
            assert_eq!(may_speak(&mut said, "a", now, Duration::MAX), expected);
        }
    }

    #[test]
    fn dlv_145_causes_are_known_again_in_whatever_order_they_came() {
        let (mut said, start) = (Said::default(), Instant::now());
        for (now, expected) in [(start, Some(0)), (start, None), (start + QUIET, Some(1))] {
            for n in (0..super::REMEMBERED).map(|n| n * 7 % super::REMEMBERED) {
                let unsaid = may_speak(&mut said, &n.to_string(), now, QUIET);
                assert_eq!(unsaid, expected, "{n}");
            }
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut said, now) = (Said::default(), Instant::now());
        for n in 0..5000 {
            may_speak(&mut said, &n.to_string(), now, QUIET);
        }
        assert!(said.len() <= super::REMEMBERED);
    }
}
