//! The ways in which a request can go wrong, and which request meets which of them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use tokio::sync::watch;

/// What happens to a request instead of a normal answer.
///
/// One rule tells what becomes of its events: where the answer begins with a status 2xx, the service has accepted them
/// first, and [`LocalPostHog::events`](crate::LocalPostHog::events) lists them; otherwise it has not. (The exception is
/// in the name of [`AcceptThenReset`](Self::AcceptThenReset).) A request that the service refuses gets its refusal
/// where the fault would have been an answer 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An answer with this status and a short text.
    Status(u16),
    /// An answer with this status, this `Retry-After` if any, and this body.
    StatusWith {
        /// From 200 to 999.
        status: u16,
        /// The value of the header `Retry-After`, which need not make sense.
        retry_after: Option<String>,
        /// The body, as text.
        body: String,
    },
    /// A normal answer, but only after this time. If the client has given up by then, nothing is accepted.
    Delay(Duration),
    /// The request is read, and never answered.
    ///
    /// The connection stays open until the client closes it, or it is reset by
    /// [`recover`](crate::LocalPostHog::recover) or the end of the server.
    HangBeforeHeaders,
    /// Status 200, some of the body, then nothing more. Ends as [`HangBeforeHeaders`](Self::HangBeforeHeaders).
    HangInBody,
    /// Status 200 and a body shorter than its `Content-Length`, then the connection is closed in good order.
    TruncateBody,
    /// Status 200 and a body longer than its `Content-Length`; the connection stays open for the next request, with
    /// the rest of the body where its answer should begin.
    WrongContentLength,
    /// The connection is reset when the request begins to arrive, on new and on kept connections, without reading it.
    ///
    /// Listed in [`requests`](crate::LocalPostHog::requests) with nothing but the time and the address.
    ResetBeforeRead,
    /// The request is read, then the connection is reset.
    ResetAfterRead,
    /// Bytes that are not HTTP, then the connection is closed in good order.
    Garbage,
    /// These bytes, then the connection is closed in good order. They begin with a status line.
    Raw(String),
    /// Status 200 with a body that is not JSON, as a captive portal would send.
    Nonsense,
    /// Status 200 with a body that goes on for 10 GB.
    Endless,
    /// Status 307 to this location.
    Redirect(String),
    /// The events are accepted, then the connection is reset: sent again, they are accepted twice.
    AcceptThenReset,
    /// A normal answer of V1 that says this of the events at these places of the batch: a result, and its details.
    ///
    /// An empty result leaves the event out of the answer, which means that it is accepted (DLV-118); empty details are
    /// left out. Events with the result `drop` or `retry` are not accepted. See [`results`](Self::results). The other
    /// endpoints have no results, and answer as ever.
    Results(Vec<(usize, String, String)>),
}

impl Fault {
    /// [`Results`](Self::Results), written down.
    ///
    /// ```
    /// use posthog_tests::{Fault, LocalPostHog};
    ///
    /// let posthog = LocalPostHog::start();
    /// posthog.next(Fault::results(&[(0, "drop", "event_too_big"), (2, "retry", "not_persisted")]));
    /// ```
    #[must_use]
    pub fn results(results: &[(usize, &str, &str)]) -> Self {
        let owned = |(event, result, details): &(usize, &str, &str)| {
            (*event, (*result).to_owned(), (*details).to_owned())
        };
        Self::Results(results.iter().map(owned).collect())
    }

    pub(crate) fn assert_expressible(&self) {
        let (status, header) = match self {
            Self::Status(status) => (Some(*status), None),
            Self::StatusWith {
                status,
                retry_after,
                body: _,
            } => (Some(*status), retry_after.as_ref()),
            Self::Redirect(location) => (None, Some(location)),
            _ => (None, None),
        };
        if let Some(status) = status {
            assert!(
                status >= 200 && StatusCode::from_u16(status).is_ok(),
                "{status} is no status of an answer"
            );
        }
        if let Some(header) = header {
            assert!(
                HeaderValue::from_str(header).is_ok(),
                "{header:?} cannot be the value of a header"
            );
        }
    }
}

/// The faults that are planned, and whom to wake when they are called off.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Mutex<Planned>,
    recoveries: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Planned {
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

impl Faults {
    pub(crate) fn next(&self, fault: Fault) {
        self.planned().next.push_back(fault);
    }

    pub(crate) fn always(&self, fault: Fault) {
        self.planned().always = Some(fault);
    }

    pub(crate) fn recover(&self) {
        let mut planned = self.planned();
        *planned = Planned::default();
        self.recoveries.send_modify(|count| *count += 1);
    }

    /// The fault of a request that was read, and the next recovery: both at once, so that none falls in between.
    pub(crate) fn take(&self) -> (Option<Fault>, Recovery) {
        let mut planned = self.planned();
        let fault = planned.next.pop_front().or_else(|| planned.always.clone());
        (fault, Recovery(self.recoveries.subscribe()))
    }

    /// Whether the request that begins to arrive is not to be read.
    pub(crate) fn take_reset_before_read(&self) -> bool {
        let mut planned = self.planned();
        match planned.next.front() {
            Some(Fault::ResetBeforeRead) => planned.next.pop_front().is_some(),
            Some(_) => false,
            None => planned.always == Some(Fault::ResetBeforeRead),
        }
    }

    fn planned(&self) -> MutexGuard<'_, Planned> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next call of [`LocalPostHog::recover`](crate::LocalPostHog::recover).
pub(crate) struct Recovery(watch::Receiver<u64>);

impl Recovery {
    pub(crate) async fn wait(mut self) {
        let _ = self.0.changed().await; // an error says that the server is gone, which ends the wait as well
    }
}
