//! Errors and panics as `$exception` events: those that leave a context, those that are handed over by a call, and panics
//! that nobody is there for.
//!
//! One failure, one event: the innermost context that captures wins, because it knows most (CTX-65). A failure is only
//! looked at, never changed, and a failure to capture it is logged and goes no further (CTX-63, CTX-69).

mod cause;
mod event;
mod level;
mod mechanism;
mod memory;
mod pace;
pub(crate) mod panic;
mod scrub;
mod type_name;

pub(crate) use event::Told;
pub use level::{Level, ToLevel};
pub(crate) use memory::{FailureMemory, Mark};
pub use pace::ExceptionRateLimit;
pub(crate) use pace::Pace;
pub use scrub::ExceptionText;
pub(crate) use scrub::ScrubException;

use crate::{
    client::{Client, DropReason, global},
    context::{
        Context,
        stack::{self, Observer, Settings},
    },
    event::Event,
    frames::{Location, Stack},
    notice::say,
    user_code::caught_inline,
};
use cause::Cause;
use event::{Boundary, Report};
use memory::By;
use panic::PanicNote;
use std::{error::Error, fmt::Display};
use uuid::Uuid;

/// An error, and how much can be told about it.
#[doc(hidden)]
pub struct Failure<'a> {
    pub(crate) type_name: &'static str,
    pub(crate) kind: FailureKind<'a>,
    /// Where it was seen.
    pub(crate) location: Location,
}

/// How an error can be described.
#[doc(hidden)]
pub enum FailureKind<'a> {
    /// Its type implements `Error`.
    Error(&'a (dyn Error + 'a)),
    /// It hides its type behind a pointer: anyhow, eyre, `Box<dyn Error>`.
    Erased(&'a (dyn Error + 'a)),
    /// As `Erased`, and it has taken down where it was made.
    #[cfg(feature = "anyhow")]
    Traced(&'a (dyn Error + 'a), &'a std::backtrace::Backtrace),
    /// It has a `Display` text only.
    Text(&'a dyn Display),
    /// Nothing but its type is known.
    Opaque,
}

/// The client that failures leaving a scope of these settings go to (CTX-66), if it listens.
fn client_of(settings: &Settings) -> Option<Client> {
    let client = settings
        .recorder
        .clone()
        .or_else(|| settings.client.clone())
        .or_else(global::get)
        .or_else(stack::ending)?;
    client.is_listening().then_some(client)
}

/// Whether a scope of these settings captures failures (CTX-60).
fn captures(settings: &Settings, client: &Client) -> bool {
    settings
        .capture_exceptions
        .unwrap_or(client.config().capture_exceptions)
}

/// Captures an error that leaves the observer's scope. `false` lets a scope around it have a look.
///
/// Inlined, as [`swallow`] is.
#[inline]
pub(crate) fn observe_error(observer: &Observer, failure: &Failure<'_>) -> bool {
    let Some(client) = client_of(&observer.settings) else {
        return false;
    };
    if !captures(&observer.settings, &client) {
        return false;
    }
    swallow(|| {
        let causes = Cause::chain(failure);
        let known =
            stack::failures(|memory| memory.knows(&causes, observer.since)).unwrap_or(false);
        if known {
            return;
        }
        // Remembered first: what the limit and the hooks do with it changes nothing about the failure.
        stack::failures(|memory| memory.remember(&causes[0], By::Scope));
        let Some(suppressed) = within_pace(&client, &causes[0].type_name, &failure.location) else {
            return;
        };
        let stack = stack_of(failure, &client);
        let report = Report {
            causes: &causes,
            boundary: Boundary::Context,
            told: &Told::default(),
            suppressed,
        };
        client.capture_in(&report.into_event(stack, &client), &observer.context);
    });
    true
}

/// Captures an error that the application hands over, with what it says about it, in the current context (EXC-36).
///
/// A call always sends, unless a scope has captured that very failure just before (EXC-79).
pub(crate) fn report_call(
    client: &Client,
    failure: &Failure<'_>,
    told: &Told,
    event: Event,
) -> Option<Uuid> {
    let mut uuid = None;
    swallow(|| {
        let causes = Cause::chain(failure);
        // What was captured before the innermost scope was opened is none of its business (EXC-80).
        let since = stack::innermost_since();
        let just_had =
            stack::failures(|memory| memory.a_scope_just_had(&causes, since.unwrap_or_default()));
        if just_had == Some(true) {
            if since.is_none() {
                stack::failures(FailureMemory::forget_last);
            }
            return;
        }
        stack::failures(|memory| memory.remember(&causes[0], By::Call));
        let stack = stack_of(failure, client);
        let report = Report {
            causes: &causes,
            boundary: Boundary::Call,
            told,
            suppressed: 0,
        };
        let event = Event {
            properties: event.properties,
            overrides: event.overrides,
            ..report.into_event(stack, client)
        };
        uuid = client.capture_in(&event, &Context::current());
    });
    uuid
}

/// Captures the panic that unwinds through the observer's scope, if no scope inside it has.
pub(crate) fn observe_panic(observer: &Observer) {
    let Some(client) = client_of(&observer.settings) else {
        return;
    };
    if !captures(&observer.settings, &client) {
        return;
    }
    swallow(|| {
        if let Some(note) = panic::uncaptured(observer.since) {
            report_panic(&client, &note, &observer.context, false);
        }
    });
}

/// Captures a panic; `ends` says that the process is over after it.
fn report_panic(client: &Client, note: &PanicNote, context: &Context, ends: bool) {
    let suppressed = match &note.location {
        Some(location) => match within_pace(client, "Panic", location) {
            Some(suppressed) => suppressed,
            None => return,
        },
        None => 0,
    };
    client.capture_in(&event::of_panic(note, suppressed, ends, client), context);
}

/// Whether another failure of that type and place may be captured (EXC-94): then, how many were not since the last one.
fn within_pace(client: &Client, type_name: &str, location: &Location) -> Option<u64> {
    let taken = client.take_pace(&(type_name, location));
    if taken.is_none() {
        client.dropped(DropReason::RateLimited);
    }
    taken
}

/// The stack of a failure, where stacks are on (EXC-61, EXC-63).
fn stack_of(failure: &Failure<'_>, client: &Client) -> Option<Stack> {
    if !client.config().capture_stacktrace {
        return None;
    }
    #[cfg(feature = "anyhow")]
    if let FailureKind::Traced(_, backtrace) = &failure.kind
        && let Some(own) = Stack::brought(backtrace)
    {
        return Some(own);
    }
    Some(Stack::walked(Some(failure.location.clone()), false)).filter(|stack| !stack.is_empty())
}

/// Runs what may call the user's code; a panic in it must not replace the failure at hand, nor abort an unwinding.
///
/// Inlined: a function more on the stack is one more to walk, and the walk is most of what a failure costs.
#[inline]
fn swallow(f: impl FnOnce()) {
    if caught_inline(f).is_none() {
        say!(
            Warn,
            "a failure could not be captured: describing it panicked"
        );
    }
}
