//! One test of the harness: a client, and what became of its events.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use posthog::{Client, DeliveryFailure, InitError, Options, Stats};
use serde_json::{Value, json};

use super::messages::Capture;
use super::traced::Traced;

pub(super) struct Session {
    client: Client,
    transport: Arc<Traced>,
    failures: Arc<Failures>,
}

/// What the client has reported.
#[derive(Default)]
struct Failures {
    state: Mutex<Reported>,
    changed: Condvar,
}

#[derive(Default)]
struct Reported {
    last: Option<String>,
    events: u64,
}

impl Failures {
    fn note(&self, failure: &DeliveryFailure) {
        let mut reported = self.reported();
        reported.last = Some(failure.to_string());
        reported.events += failure.events.len() as u64;
        self.changed.notify_all();
    }

    /// Waits a moment for the report of so many events: they are final before it is made.
    fn wait_for(&self, events: u64) {
        let reported = self.reported();
        drop(
            self.changed
                .wait_timeout_while(reported, MOMENT, |reported| reported.events < events),
        );
    }

    fn reported(&self) -> MutexGuard<'_, Reported> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    pub(super) fn new(options: Options, test_id: Option<String>) -> Result<Self, InitError> {
        let failures = Arc::<Failures>::default();
        let noting = Arc::clone(&failures);
        let options = options.on_error(move |failure| noting.note(failure));
        let transport = Arc::new(Traced::new(test_id));
        Ok(Self {
            client: Client::with_transport(options, Arc::clone(&transport) as _)?,
            transport,
            failures,
        })
    }

    pub(super) fn capture(&self, capture: Capture) -> Value {
        captured(self.client.capture(capture.event()))
    }

    pub(super) fn capture_ai(&self, capture: Capture) -> Value {
        captured(self.client.capture_ai(capture.event()))
    }

    /// Blocks until everything is delivered or given up.
    pub(super) fn flush(&self) -> Value {
        let before = self.client.stats().delivered;
        let flushed = self.client.flush(PATIENCE);
        let stats = self.client.stats();
        self.failures
            .wait_for(stats.failed - stats.failed_at_shutdown);
        let delivered = stats.delivered - before;
        json!({ "success": flushed.is_ok(), "events_flushed": delivered })
    }

    pub(super) fn state(&self) -> Value {
        let sent = json!(self.transport.sent());
        let reported = self.failures.reported();
        state(&self.client.stats(), reported.last.as_deref(), &sent)
    }

    /// Throws away what is queued. Nothing of it is sent when this returns, or later.
    pub(super) fn discard(&self) {
        self.transport.cut_off();
        // It loses what is not delivered yet, which is what is wanted.
        let _ = self.client.shutdown(Duration::ZERO);
    }
}

/// What `/state` answers where there is no client.
pub(super) fn blank_state() -> Value {
    state(&Stats::default(), None, &json!([]))
}

fn state(stats: &Stats, last_error: Option<&str>, requests_made: &Value) -> Value {
    json!({
        "pending_events": stats.pending(),
        "total_events_captured": stats.admitted,
        "total_events_sent": stats.delivered,
        "total_retries": stats.retries,
        "last_error": last_error,
        "requests_made": requests_made,
    })
}

/// The UUID is a type of a crate that `posthog` does not re-export, and its text is all that is needed.
fn captured(uuid: Option<impl ToString>) -> Value {
    let uuid = uuid.map(|uuid| uuid.to_string());
    json!({ "success": uuid.is_some(), "uuid": uuid })
}

/// Longer than any number of retries that the harness asks for takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Far more than a report takes.
const MOMENT: Duration = Duration::from_secs(2);
