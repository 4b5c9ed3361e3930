//! The client that the global functions and the macros use.

use super::{Client, InitError};
use crate::{context::stack, draft::Draft, notice};
use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

static GLOBAL: RwLock<Option<Client>> = RwLock::new(None);

/// How many clients might be listening: the global one, and the recorders of all threads. While it is 0, a `capture!`
/// costs one load and one branch. It begins with one more, so that the first capture that nobody listens to looks closer.
static LISTENERS: AtomicUsize = AtomicUsize::new(1);

/// Whether that one more is taken away: somebody has looked closer, or a client was made global, and its absence later
/// is no oversight.
static SEEN: AtomicBool = AtomicBool::new(false);

/// Makes a client the global one.
///
/// # Errors
/// [`InitError::AlreadyInitialised`] while another is; that one stays (CAP-7).
pub fn install(client: Client) -> Result<(), InitError> {
    let listens = !client.config().disabled;
    let mut global = GLOBAL.write().unwrap_or_else(PoisonError::into_inner);
    if global.is_some() {
        return Err(InitError::AlreadyInitialised);
    }
    *global = Some(client);
    drop(global);
    if listens {
        listener_added();
    }
    is_first_look();
    Ok(())
}

/// Takes the global client away; the next [`install`] works again.
pub fn uninstall() -> Option<Client> {
    let client = GLOBAL
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if client
        .as_ref()
        .is_some_and(|client| !client.config().disabled)
    {
        listener_removed();
    }
    client
}

/// The global client.
#[must_use]
pub fn get() -> Option<Client> {
    GLOBAL
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

pub(crate) fn listener_added() {
    LISTENERS.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn listener_removed() {
    LISTENERS.fetch_sub(1, Ordering::Relaxed);
}

/// Whether a client listens to what this thread captures: only then the arguments of `capture!` are evaluated.
///
/// [`begin`] looks for the client once more. To hand it over would cost every call in a program a value that may be none,
/// and that takes the compiler longer than anything else in an expansion.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn listening() -> bool {
    LISTENERS.load(Ordering::Relaxed) != 0 && somebody()
}

fn somebody() -> bool {
    if let Some(recorder) = stack::recorder() {
        return recorder.is_listening();
    }
    let global = GLOBAL.read().unwrap_or_else(PoisonError::into_inner);
    let Some(client) = &*global else {
        drop(global);
        nobody();
        return false;
    };
    client.is_listening()
}

/// Begins an event of that name, for the client that listens. If none does any more, it goes nowhere.
///
/// The name stands in JSON as it is; the macro gives any other to [`Draft::of`].
#[doc(hidden)]
pub fn begin(name: &'static str) -> Draft {
    Draft::new(listener(), name)
}

/// As [`listening`] and [`begin`], for a client that the call names. What runs inside a recording is recorded all the same.
#[doc(hidden)]
pub fn begin_with<C: AsRef<Client> + ?Sized>(client: &C, name: &'static str) -> Option<Draft> {
    listener_for(client.as_ref()).map(|client| Draft::new(Some(client), name))
}

/// That client, if it listens. What runs inside a recording is recorded all the same.
pub(crate) fn listener_for(client: &Client) -> Option<Client> {
    let client = stack::recorder().unwrap_or_else(|| client.clone());
    client.is_listening().then_some(client)
}

/// The client that a capture on this thread goes to, if any listens.
pub(crate) fn listener() -> Option<Client> {
    let client = stack::recorder().or_else(get);
    if client.is_none() {
        nobody();
    }
    client.filter(Client::is_listening)
}

/// Nobody listens; whoever forgot `init` is told once (CAP-6).
#[cold]
fn nobody() {
    if is_first_look() {
        notice::warn_once(format_args!(
            "there is no client, so nothing is captured: call `posthog::init` first"
        ));
    }
}

/// Whether nobody has looked closer yet, and no client was ever global.
fn is_first_look() -> bool {
    let first = !SEEN.load(Ordering::Relaxed) && !SEEN.swap(true, Ordering::Relaxed);
    if first {
        listener_removed();
    }
    first
}
