//! Panics. A guard that is dropped while its thread unwinds knows nothing of the panic, so a hook takes a note first.

use super::{Mark, captures, client_of};
use crate::{context::stack, limits};
use std::{
    any::Any,
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::Once,
    thread,
    time::Duration,
};

/// What a panic said.
#[derive(Clone)]
pub(super) struct PanicNote {
    pub(super) message: String,
    pub(super) location: Option<Location>,
    mark: Mark,
    captured: bool,
    /// Taken by the hook, and not made up for a panic that the hook did not see.
    seen_by_hook: bool,
    /// The one before, which may be unwinding while this one is caught on the way.
    before: Option<Box<PanicNote>>,
}

#[derive(Clone)]
pub(super) struct Location {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

thread_local! {
    static LAST: RefCell<Option<PanicNote>> = const { RefCell::new(None) };
}

/// How long a process that is about to abort waits for its last event (EXC-89).
const LAST_FLUSH: Duration = Duration::from_secs(2);

/// Installs the hook, once per process. The previous hook always runs too (EXC-85).
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    // While a thread panics no hook can be set; the next client does it.
    if thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            take_note(info);
            if cfg!(panic = "abort") {
                capture_before_abort();
            }
            previous(info);
        }));
    });
}

fn take_note(info: &PanicHookInfo<'_>) {
    let location = info.location().map(|at| Location {
        file: at.file().to_owned(),
        line: at.line(),
        column: at.column(),
    });
    note_on_top(PanicNote {
        message: message(info.payload()),
        location,
        mark: Mark::next(),
        captured: false,
        seen_by_hook: true,
        before: None,
    });
}

fn message(payload: &dyn Any) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    limits::cut(
        text.unwrap_or("panic occurred"),
        limits::EXCEPTION_VALUE_BYTES,
    )
    .to_owned()
}

fn note(note: PanicNote) {
    // A thread that is ending, or a panic inside a panic: the scope then reports it without its text.
    let _ = LAST.try_with(|last| last.try_borrow_mut().map(|mut last| *last = Some(note)));
}

/// How many panics before the last one are kept.
const KEPT: usize = 4;

/// Takes note of a panic that begins.
fn note_on_top(mut new: PanicNote) {
    let last = LAST.try_with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take()));
    new.before = last.ok().flatten().map(Box::new);
    let mut kept = &mut new.before;
    for _ in 0..KEPT {
        if let Some(note) = kept {
            kept = &mut note.before;
        }
    }
    *kept = None;
    note(new);
}

/// The panic that unwinds through a scope opened at `since`, unless a scope further in has captured it. From now on it
/// counts as captured.
pub(super) fn uncaptured(since: Mark) -> Option<PanicNote> {
    let last = LAST
        .try_with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take()))
        .ok()
        .flatten();
    let fresh = match last {
        Some(last) if last.mark > since => {
            note(PanicNote {
                captured: true,
                ..last.clone()
            });
            return (!last.captured).then_some(last);
        }
        // Captured, caught, and resumed in a scope opened later: still the same failure; the match uses it up.
        Some(last) if last.captured && last.seen_by_hook => return None,
        // Resumed without our hook having seen it: it came from another thread, or past a hook that replaced ours. Its
        // text is not known.
        _ => PanicNote {
            message: "panic occurred".to_owned(),
            location: None,
            mark: Mark::next(),
            captured: false,
            seen_by_hook: false,
            before: None,
        },
    };
    note(PanicNote {
        captured: true,
        ..fresh.clone()
    });
    Some(fresh)
}

/// Forgets the panics since `start`, which were caught: what is known of one that unwinds meanwhile comes back.
pub(crate) fn forget_since(start: Mark) {
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            while last.as_ref().is_some_and(|note| note.mark > start) {
                *last = last.take().and_then(|note| note.before).map(|note| *note);
            }
        }
    });
}

impl PanicNote {
    /// A panic on the main thread ends the process as a rule (EXC-38, EXC-39).
    pub(super) fn level() -> &'static str {
        if cfg!(panic = "abort") || thread::current().name() == Some("main") {
            "fatal"
        } else {
            "error"
        }
    }
}

/// Nothing will unwind: the innermost capturing scope sends the event from within the hook (CTX-68).
fn capture_before_abort() {
    let Some(place) = stack::innermost(|settings| {
        client_of(settings).is_some_and(|client| captures(settings, &client))
    }) else {
        return;
    };
    let Some(observer) = stack::observer(place) else {
        return;
    };
    super::observe_panic(&observer);
    if let Some(client) = client_of(&observer.settings) {
        // Not delivered in time: the process ends all the same, and the log has said so.
        let _ = client.flush(LAST_FLUSH);
    }
}
