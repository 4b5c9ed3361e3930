//! The functions that use the global client.

use crate::{
    client::{
        FlushError,
        global::{self, listener},
    },
    context::Context,
    event::Event,
    frames::Location,
    identifier::Identifier,
    property_value::PropertyValue,
};
use std::{any::type_name, error::Error, panic, time::Duration};
use uuid::Uuid;

/// Captures an event in the current context with the global client: its UUID, or `None` if it was not accepted.
///
/// It never blocks on the network, never panics and returns no error; what is lost is counted and logged (CAP-2).
/// Without a global client it does nothing (CAP-6).
pub fn capture(event: impl Into<Event>) -> Option<Uuid> {
    let client = listener()?;
    client.capture_in(&event.into(), &Context::current())
}

/// Captures an AI event, such as `$ai_generation`. See [`Client::capture_ai`](crate::Client::capture_ai).
pub fn capture_ai(event: impl Into<Event>) -> Option<Uuid> {
    capture(event.into().through_ai_lane())
}

/// Captures an error that the application deals with, in the current context: the event's UUID, or `None` if nothing was
/// sent (EXC-5, EXC-36).
///
/// The event has the error's type and text, each `source()`, and the stack of this call. It is sent though the same error
/// was captured before by a call, but not if a context has captured it just before; and a context that it leaves later
/// does not capture it again (EXC-79). When no client listens, nothing is read of the error.
///
/// With more to say take [`Exception`](crate::Exception); for anything that does not implement [`Error`], such as
/// `anyhow::Error`, the macro `capture_exception!`.
///
/// ```
/// # use posthog_core::testing::record;
/// let events = record(|| {
///     if let Err(error) = "three".parse::<u32>() {
///         posthog_core::capture_exception(&error);
///     }
/// });
/// assert_eq!(events[0].properties["$exception_message"], "invalid digit found in string");
/// ```
#[track_caller]
pub fn capture_exception<E: Error + ?Sized>(error: &E) -> Option<Uuid> {
    let location = Location::of(panic::Location::caller(), None);
    // A reference is an error as well, and of a size that is known.
    global::listener()?.capture_error(&error, type_name::<E>(), location)
}

/// Sends what is queued now, and waits until all that was captured before is delivered or given up.
///
/// # Errors
/// [`FlushError`] if events are pending still when the time is up; they stay queued.
pub fn flush(timeout: Duration) -> Result<(), FlushError> {
    global::get().map_or(Ok(()), |client| client.flush(timeout))
}

/// As [`flush`], without blocking the thread that waits. See [`Client::flush_async`](crate::Client::flush_async).
///
/// # Errors
/// [`FlushError`] if events are pending still when the time is up; they stay queued.
pub fn flush_async(
    timeout: Duration,
) -> impl Future<Output = Result<(), FlushError>> + Send + use<> {
    let flush = global::get().map(|client| client.flush_async(timeout));
    async {
        match flush {
            Some(flush) => flush.await,
            None => Ok(()),
        }
    }
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

/// Says who somebody is, and sets properties of that person. See [`Event::identify`].
pub fn identify(distinct_id: impl Identifier, properties: impl PropertyValue) -> Option<Uuid> {
    capture(Event::identify(distinct_id).set(properties))
}

/// Sets properties of the context's person. See [`Event::person`].
pub fn set(properties: impl PropertyValue) -> Option<Uuid> {
    capture(Event::person().set(properties))
}

/// Sets properties of the context's person where it has none of that name. See [`Event::person`].
pub fn set_once(properties: impl PropertyValue) -> Option<Uuid> {
    capture(Event::person().set_once(properties))
}

/// Makes two distinct IDs one person. See [`Event::alias`], which says which way it goes.
pub fn alias(previous_id: impl Identifier, new_id: impl Identifier) -> Option<Uuid> {
    capture(Event::alias(previous_id, new_id))
}

/// Says what a group is. See [`Event::group_identify`].
pub fn group_identify(
    group_type: impl Into<String>,
    key: impl Identifier,
    properties: impl PropertyValue,
) -> Option<Uuid> {
    capture(Event::group_identify(group_type, key, properties))
}
