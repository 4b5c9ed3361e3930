//! The client that the global functions and the macros use.

use super::{Client, InitError, Listener};
use crate::{context::stack, notice};
use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

static GLOBAL: RwLock<Option<Client>> = RwLock::new(None);

/// How many clients might be listening: the global one, and the recorders of all threads. While it is 0, a `capture!`
/// costs one load and one branch.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);

/// Whether a client was ever made global: then its absence is no oversight.
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
    SEEN.store(true, Ordering::Relaxed);
    if listens {
        listener_added();
    }
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

/// The client that a capture on this thread goes to, if any listens: only then the arguments of `capture!` are evaluated.
#[doc(hidden)]
#[inline]
#[must_use]
pub fn listening() -> Option<Listener> {
    if LISTENERS.load(Ordering::Relaxed) == 0 {
        return nobody();
    }
    find()
}

/// As [`listening`], for a client that the call names. What runs inside a recording is recorded all the same.
#[doc(hidden)]
pub fn listening_to<C: AsRef<Client> + ?Sized>(client: &C) -> Option<Listener> {
    let client = stack::recorder().unwrap_or_else(|| client.as_ref().clone());
    client.is_listening().then_some(Listener(client))
}

fn find() -> Option<Listener> {
    match stack::recorder().or_else(get) {
        Some(client) => client.is_listening().then_some(Listener(client)),
        None => nobody(),
    }
}

/// Nobody listens; whoever forgot `init` is told once (CAP-6).
#[cold]
fn nobody() -> Option<Listener> {
    if !SEEN.load(Ordering::Relaxed) && !SEEN.swap(true, Ordering::Relaxed) {
        notice::warn_once(format_args!(
            "there is no client, so nothing is captured: call `posthog::init` first"
        ));
    }
    None
}
