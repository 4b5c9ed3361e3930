//! The threads that the SDK starts.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::user_code::caught;

/// Starts a thread that nobody joins. Boxed, for what the library makes to start one is made anew for each type of `work`.
pub(crate) fn start(name: &str, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(work).map(drop)
}

/// What `work` gives on a thread of its own; `None` if that takes longer than `time`, or if it panics.
///
/// Late work goes on, and what it gives is dropped.
///
/// # Errors
/// No thread could be started.
pub fn within<T: Send + 'static>(
    name: &str,
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Option<T>> {
    let asked = Arc::new((Mutex::new(Answer::Awaited), Condvar::new()));
    let there = Arc::clone(&asked);
    start(
        name,
        Box::new(move || {
            let given = caught(work);
            let (answer, changed) = &*there;
            *answer.lock().unwrap_or_else(PoisonError::into_inner) = Answer::Given(given);
            changed.notify_one();
        }),
    )?;
    let (answer, changed) = &*asked;
    let answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut answer, _) = changed
        .wait_timeout_while(answer, time, |answer| matches!(answer, Answer::Awaited))
        .unwrap_or_else(PoisonError::into_inner);
    match std::mem::replace(&mut *answer, Answer::Awaited) {
        Answer::Given(given) => Ok(given),
        Answer::Awaited => Ok(None),
    }
}

enum Answer<T> {
    Awaited,
    /// `None` after a panic.
    Given(Option<T>),
}

#[cfg(test)]
mod tests {
    use super::within;
    use std::{sync::mpsc, time::Duration};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn exc_65_what_is_asked_of_another_thread_comes_in_time_or_not_at_all() {
        assert_eq!(within("quick", LONG, || 1).ok(), Some(Some(1)));
        let (end, ended) = mpsc::channel::<()>();
        let late = within("late", Duration::from_millis(1), move || {
            ended.recv().is_ok()
        });
        assert_eq!(late.ok(), Some(None));
        drop(end);
    }

    #[test]
    fn dlv_36_a_panic_on_another_thread_is_not_waited_for() {
        let given = within("panics", LONG, || -> u8 { panic!("no") });
        assert_eq!(given.ok(), Some(None));
    }
}
