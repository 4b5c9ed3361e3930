//! Panics. A guard that is dropped while its thread unwinds knows nothing of the panic, so a hook takes a note first.
//!
//! The hook takes no lock but the short ones of a walk and of the global client, under which no code of the user's runs,
//! and none at all where no client is open; nor does it log, for it may be the logger that panics, with its lock held. A
//! panic that the SDK itself catches is none of its business (EXC-90).

use super::{Mark, captures, client_of, report_panic, swallow};
use crate::{
    client::{Client, any_open, global},
    context::{Context, stack},
    draft,
    frames::{Location, Stack},
    limits,
    notice::quietly,
    scratch,
    user_code::is_catching,
};
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
    /// Walked in the hook, if somebody may want it.
    pub(super) stack: Option<Stack>,
    /// There a panic ends the process as a rule (EXC-38).
    pub(super) on_main_thread: bool,
    mark: Mark,
    captured: bool,
    /// Taken by the hook, and not made up for a panic that the hook did not see.
    seen_by_hook: bool,
    /// The one before, which may be unwinding while this one is caught on the way.
    before: Option<Box<PanicNote>>,
}

thread_local! {
    static LAST: RefCell<Option<PanicNote>> = const { RefCell::new(None) };
}

/// How long a process that is about to end waits for its last event (EXC-89).
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
            if any_open() {
                quietly(|| on_panic(info));
            }
            previous(info);
        }));
    });
}

fn on_panic(info: &PanicHookInfo<'_>) {
    let uncaught = !is_catching();
    let place = uncaught.then(capturing_scope).flatten();
    let client = (uncaught && place.is_none())
        .then(client_for_panics)
        .flatten();
    let note = || PanicNote::of(info, place.is_some() || client.is_some());
    let under_way = match under_way(info) {
        // The runtime's last words add nothing to the panics that they are about.
        Some(panics) if has_notes() => take_last(panics),
        Some(_) => vec![note()],
        // Thread-locals are only destroyed by a thread that ends, and no panic may get out of a destructor of theirs.
        None if cfg!(panic = "abort") || is_thread_ending() => vec![note()],
        None => {
            note_on_top(note());
            // Otherwise the scope sends it as it unwinds (EXC-88).
            if let Some(client) = client {
                report_outside(&client);
            }
            return;
        }
    };
    match (place.and_then(stack::observer), client) {
        (Some(observer), _) => {
            if let Some(client) = client_of(&observer.settings) {
                report_last(&client, &under_way, &observer.context);
            }
        }
        (None, Some(client)) => report_last(&client, &under_way, &Context::current()),
        (None, None) => {}
    }
}

/// The innermost scope that will send the panic as it unwinds. One that was opened while the thread unwound before is
/// no longer sure to.
fn capturing_scope() -> Option<stack::Place> {
    // The stack cannot be asked for it while it is searched.
    let ending = stack::ending().filter(Client::is_listening);
    stack::innermost(|settings| {
        client_of(settings)
            .or_else(|| ending.clone())
            .is_some_and(|client| captures(settings, &client))
    })
}

/// The client that panics outside of capturing contexts go to.
fn client_for_panics() -> Option<Client> {
    let client = stack::recorder().or_else(global::get)?;
    (client.is_listening() && client.config().capture_panics).then_some(client)
}

/// Sends a panic that no scope will (EXC-88), and waits for its delivery on the main thread, which it ends as a rule
/// (EXC-89, EXC-92).
fn report_outside(client: &Client) {
    swallow(|| {
        if let Some(note) = uncaptured(Mark::default()) {
            report_panic(client, &note, &Context::current(), false);
            if note.on_main_thread {
                // Not delivered in time: the process ends all the same.
                let _ = client.flush(LAST_FLUSH);
            }
        }
    });
}

/// The process ends behind the hook: what is not captured yet is sent from within (CTX-68).
fn report_last(client: &Client, notes: &[PanicNote], context: &Context) {
    swallow(|| {
        for note in notes.iter().filter(|note| !note.captured) {
            report_panic(client, note, context, true);
        }
        let _ = client.flush(LAST_FLUSH);
    });
}

/// Whether what the SDK keeps on this thread is gone: each part of it comes up when it is needed first, and a thread may
/// have captured without a context.
fn is_thread_ending() -> bool {
    stack::is_gone() || draft::is_gone() || scratch::is_gone()
}

/// How many panics are under way when the process aborts behind the hook, though panics unwind: one got out of a
/// destructor that ran while another unwound, or one out of a function that must not unwind. The runtime says so by a
/// panic of its own. `None` for any other panic.
fn under_way(info: &PanicHookInfo<'_>) -> Option<usize> {
    match info.payload().downcast_ref::<&str>() {
        Some(&"panic in a destructor during cleanup") => Some(2),
        Some(&"panic in a function that cannot unwind") => Some(1),
        _ => None,
    }
}

fn has_notes() -> bool {
    LAST.try_with(|last| last.try_borrow().is_ok_and(|last| last.is_some()))
        .unwrap_or(false)
}

/// The notes of the last panics, oldest first.
fn take_last(panics: usize) -> Vec<PanicNote> {
    let last = LAST.try_with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take()));
    let mut next = last.ok().flatten();
    let mut notes = Vec::new();
    while let Some(mut note) = next {
        next = note.before.take().map(|before| *before);
        notes.push(note);
        if notes.len() == panics {
            break;
        }
    }
    notes.reverse();
    notes
}

impl PanicNote {
    fn of(info: &PanicHookInfo<'_>, with_stack: bool) -> Self {
        let location = info.location().map(Location::of_panic);
        Self {
            message: message(info.payload()),
            stack: with_stack.then(|| Stack::walked(location.clone(), true)),
            location,
            on_main_thread: is_main_thread(),
            mark: Mark::next(),
            captured: false,
            seen_by_hook: true,
            before: None,
        }
    }
}

fn is_main_thread() -> bool {
    thread::current().name() == Some("main")
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
            stack: None,
            on_main_thread: is_main_thread(),
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
