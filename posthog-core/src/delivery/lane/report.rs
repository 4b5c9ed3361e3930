//! One request and its answer, and what is told of it: to the books, the callback, and the log.

use super::Shared;
use crate::{
    client::add,
    delivery::{
        answer::Answer,
        batch::Batch,
        failure::{DeliveryFailure, DeliveryFailureKind, FailedEvent},
        form::Form,
        schedule::{Failed, Outcome},
    },
    notice,
    transport::{Response, TransportError},
    user_code::caught,
};
use std::time::Duration;

/// Who is told of a batch that lost events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The callback, if there is one (DLV-140, DLV-143).
    Callback,
    /// The log only.
    Log,
}

impl Shared {
    pub(super) fn send(&self, batch: &mut Batch, timeout: Duration) -> Answer {
        batch.finish();
        let request = self.wire.request(batch, self.clock.wall(), timeout);
        let outcome = caught(|| self.transport.send(&request)).unwrap_or_else(|| {
            Err(TransportError::Connection {
                reason: "the transport panicked".to_owned(),
            })
        });
        // Before anything else: until then the events are without their JSON.
        batch.events.take_back(request.body);
        match &outcome {
            Ok(response) => note_quota(response),
            Err(error) => notice::debug(format_args!(
                "a batch of {} events was not sent: {error}",
                batch.events.len()
            )),
        }
        batch.unreached = outcome.as_ref().err().map(ToString::to_string);
        Answer::read(
            self.wire.form,
            batch.events.len(),
            &outcome,
            self.clock.wall(),
        )
    }

    pub(super) fn count(&self, outcome: &Outcome) {
        let Outcome {
            delivered,
            dropped,
            retried,
            failed,
        } = outcome;
        add(&self.counters.delivered, *delivered as u64);
        add(&self.counters.dropped_by_service, *dropped as u64);
        add(&self.counters.retries, u64::from(*retried));
        if let Some(failed) = failed {
            let counter = match failed.kind {
                DeliveryFailureKind::Refused | DeliveryFailureKind::Dropped => {
                    &self.counters.refused
                }
                DeliveryFailureKind::Exhausted => &self.counters.exhausted,
                DeliveryFailureKind::Unreadable => &self.counters.unreadable,
            };
            add(counter, failed.lost() as u64);
        }
    }

    pub(super) fn describe(&self, failed: &mut Failed) -> DeliveryFailure {
        let loses_open = failed.loses_open();
        let Failed {
            kind,
            batch,
            status,
            asked,
        } = failed;
        DeliveryFailure {
            kind: *kind,
            lane: self.wire.form.lane(),
            status: *status,
            attempts: batch.attempts,
            // The other forms have no place for one.
            request_id: batch.request_id.filter(|_| self.wire.form == Form::V1),
            retry_after: (!asked.is_zero()).then_some(*asked),
            reason: batch.unreached.clone(),
            events: FailedEvent::of(batch, loses_open),
        }
    }

    /// Says what was lost, and why: to the callback, or else to the log (DLV-140, DLV-143).
    pub(super) fn report(&self, failure: &DeliveryFailure, to: To) {
        if let Some(status) = failure.status {
            explain(status, self.wire.form);
        }
        match self.on_error.as_ref().filter(|_| to == To::Callback) {
            Some(on_error) => {
                // The callback may come too late to be of use (DLV-63).
                let closing = self.lock().deadline.is_some();
                let level = if closing {
                    log::Level::Warn
                } else {
                    log::Level::Debug
                };
                notice::tell(level, format_args!("{failure}"));
                if caught(|| on_error(failure)).is_none() {
                    notice::warn_each(format_args!("the `on_error` callback panicked"));
                }
            }
            None => notice::say_cause(
                log::Level::Warn,
                &failure.cause(),
                format_args!("{failure}"),
            ),
        }
    }
}

/// Over its quota the service acknowledges events and throws them away (DLV-72).
fn note_quota(response: &Response) {
    const MARK: &[u8] = b"quota_limited";
    if response.body.windows(MARK.len()).any(|part| part == MARK) {
        notice::debug(format_args!(
            "the project is over a quota: some events are thrown away"
        ));
    }
}

/// Says once what the statuses mean that somebody has to act on (DLV-97, DLV-135).
pub(super) fn explain(status: u16, form: Form) {
    match (status, form) {
        (401, _) => notice::error_once(format_args!(
            "the server does not know the project key (401): check the option `api_key`"
        )),
        (402, _) => notice::error_once(format_args!(
            "the project's quota is used up (402): events are refused until it is raised"
        )),
        (404, Form::Ai) => notice::error_once(format_args!(
            "the server has no endpoint for AI events (404): it is too old for them"
        )),
        (404, _) => notice::error_once(format_args!(
            "the server has no such endpoint (404): check the option `host`"
        )),
        _ => {}
    }
}
