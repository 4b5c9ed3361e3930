//! Errors and panics that leave a context.
//!
//! One failure, one event: the innermost context that captures wins, because it knows most (CTX-65). A failure is only
//! looked at, never changed, and a failure to capture it is logged and goes no further (CTX-63, CTX-69).

mod cause;
mod exception;
mod memory;
pub(crate) mod panic;
mod type_name;

pub(crate) use memory::{FailureMemory, Mark};

use crate::{
    client::{Client, global},
    context::stack::{self, Observer, Settings},
    notice::say,
    user_code::caught,
};
use cause::Cause;
use std::{error::Error, fmt::Display};

/// An error that leaves a context, and how much can be told about it.
#[doc(hidden)]
pub struct Failure<'a> {
    pub type_name: &'static str,
    pub kind: FailureKind<'a>,
}

/// How an error can be described.
#[doc(hidden)]
pub enum FailureKind<'a> {
    /// Its type implements `Error`.
    Error(&'a (dyn Error + 'a)),
    /// It hides its type behind a pointer: anyhow, eyre, `Box<dyn Error>`.
    Erased(&'a (dyn Error + 'a)),
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
        .or_else(global::get)?;
    client.is_listening().then_some(client)
}

/// Whether a scope of these settings captures failures (CTX-60).
fn captures(settings: &Settings, client: &Client) -> bool {
    settings
        .capture_exceptions
        .unwrap_or(client.config().capture_exceptions)
}

/// Captures an error that leaves the observer's scope. `false` lets a scope around it have a look.
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
        if !known {
            let event = exception::of_error(&causes);
            // Remembered first: what the hooks do with the event changes nothing about the failure.
            stack::failures(|memory| memory.remember(&causes[0]));
            client.capture_in(&event, &observer.context);
        }
    });
    true
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
            let event = exception::of_panic(&note);
            client.capture_in(&event, &observer.context);
        }
    });
}

/// Runs what may call the user's code; a panic in it must not replace the failure at hand, nor abort an unwinding.
fn swallow(f: impl FnOnce()) {
    if caught(f).is_none() {
        say!(
            Warn,
            "a failure could not be captured: describing it panicked"
        );
    }
}
