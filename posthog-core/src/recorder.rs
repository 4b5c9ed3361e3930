//! Recording what code captures, for its tests.

use crate::{
    captured::CapturedEvent,
    client::{Client, global},
    context::NewContext,
    notice::say,
};
use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

/// The events of a recording, in the order in which they were captured.
#[derive(Default)]
pub(crate) struct Recording(Mutex<Vec<CapturedEvent>>);

impl Recording {
    pub(crate) fn keep(&self, json: &[u8]) {
        match CapturedEvent::read(json) {
            Some(event) => self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event),
            None => say!(Error, "an event of a recording cannot be read back"),
        }
    }

    fn take(&self) -> Vec<CapturedEvent> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts as a listener while it lives.
struct Listening;

impl Listening {
    fn begin() -> Self {
        global::listener_added();
        Self
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        global::listener_removed();
    }
}

/// Runs code and gives the events that it captured, instead of sending them.
///
/// No network and no global client is touched, and recordings of parallel tests do not see each other. What is recorded
/// is everything captured on this thread inside `code`, whichever client it names, and on other threads and in tasks
/// that attach a [`Context`](crate::Context) taken inside it.
///
/// A panic in `code` goes on to the test as it would without the recording. The recording is no context itself: code
/// that sets a tag without a context of its own sets nothing, as it would outside. It sees a context that is around it,
/// and no hooks, opt-outs or options of the clients that the code names.
///
/// ```
/// use posthog_core::{Event, identify_context, new_context, testing};
/// # fn ship() { new_context().run(|| { identify_context("user-7"); posthog_core::capture(Event::new("order_shipped")); }); }
/// let events = testing::record(ship);
/// assert_eq!(events[0].event, "order_shipped");
/// assert_eq!(events[0].distinct_id, "user-7");
/// ```
pub fn record<R>(code: impl FnOnce() -> R) -> Vec<CapturedEvent> {
    let recording = Arc::new(Recording::default());
    let client = Client::recording(Arc::clone(&recording));
    let _listening = Listening::begin();
    // What the code returns is the test's own affair; an `Err` is one way to look at what was captured.
    let _ = NewContext::recording(client).run(code);
    recording.take()
}

/// As [`record`], for a future: everything captured in its polls.
pub async fn record_async(future: impl Future) -> Vec<CapturedEvent> {
    let recording = Arc::new(Recording::default());
    let client = Client::recording(Arc::clone(&recording));
    let _listening = Listening::begin();
    let _ = NewContext::recording(client).wrap(future).await;
    recording.take()
}
