//! The functions that use the global client.

use crate::{
    client::{
        FlushError,
        global::{self, listening},
    },
    event::Event,
    properties::Properties,
};
use std::time::Duration;
use uuid::Uuid;

/// Captures an event in the current context with the global client: its UUID, or `None` if it was not accepted.
///
/// It never blocks on the network, never panics and returns no error; what is lost is counted and logged (CAP-2).
/// Without a global client it does nothing (CAP-6).
pub fn capture(event: impl Into<Event>) -> Option<Uuid> {
    listening()?.capture(event.into(), Properties::new())
}

/// Sends what is queued now, and waits until all that was captured before is delivered or given up.
///
/// # Errors
/// [`FlushError`] if events are pending still when the time is up; they stay queued.
pub fn flush(timeout: Duration) -> Result<(), FlushError> {
    global::get().map_or(Ok(()), |client| client.flush(timeout))
}

/// Takes no more events, delivers what is queued and stops, within the timeout.
///
/// The guard of `init` does the same when it is dropped; this is for ends that skip it, such as `std::process::exit`.
///
/// # Errors
/// [`FlushError`] if events were neither delivered nor given up in time; they are lost.
pub fn shutdown(timeout: Duration) -> Result<(), FlushError> {
    global::get().map_or(Ok(()), |client| client.shutdown(timeout))
}
