//! One test of the harness: a client, and what became of its events.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use posthog::{Client, InitError, Options, Stats};
use serde_json::{Value, json};

use super::messages::Capture;
use super::traced::Traced;

pub(super) struct Session {
    client: Client,
    transport: Arc<Traced>,
    last_error: Arc<Mutex<Option<String>>>,
}

impl Session {
    pub(super) fn new(options: Options, test_id: Option<String>) -> Result<Self, InitError> {
        let last_error = Arc::<Mutex<Option<String>>>::default();
        let noted = Arc::clone(&last_error);
        let options = options.on_error(move |failure| {
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.to_string());
        });
        let transport = Arc::new(Traced::new(test_id));
        Ok(Self {
            client: Client::with_transport(options, Arc::clone(&transport) as _)?,
            transport,
            last_error,
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
        let delivered = self.client.stats().delivered - before;
        json!({ "success": flushed.is_ok(), "events_flushed": delivered })
    }

    pub(super) fn state(&self) -> Value {
        let last_error = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let sent = self.transport.sent();
        state(&self.client.stats(), last_error.as_deref(), &json!(sent))
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
