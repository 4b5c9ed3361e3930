//! What is told about events that were given up.

use super::batch::{Batch, Queued};
use crate::{json::read_text, object::Entries};
use std::{fmt, sync::Arc, time::Duration};
use uuid::Uuid;

/// A callback for batches that were given up.
pub(crate) type OnError = Arc<dyn Fn(&DeliveryFailure) + Send + Sync>;

/// A batch of which events were given up; what [`Options::on_error`](crate::Options::on_error) is told (DLV-140).
///
/// It holds nothing that users did but names and distinct IDs, and no key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeliveryFailure {
    /// What went wrong.
    pub kind: DeliveryFailureKind,
    /// The lane: `analytics` or `ai`.
    pub lane: &'static str,
    /// The status of the last answer, if one came.
    pub status: Option<u16>,
    /// How often the batch was sent.
    pub attempts: u32,
    /// The ID that all requests of the batch had, with [`CaptureMode::V1`](crate::CaptureMode::V1).
    pub request_id: Option<Uuid>,
    /// How long the server asked to wait with its last answer.
    pub retry_after: Option<Duration>,
    /// What the transport said, where the last attempt got no answer.
    pub reason: Option<String>,
    /// The events that are lost.
    pub events: Vec<FailedEvent>,
}

/// Why events were given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DeliveryFailureKind {
    /// The server refused the batch; sending it again would not help.
    Refused,
    /// Every attempt failed.
    Exhausted,
    /// The service took the batch and threw events away; each says why.
    Dropped,
    /// The service accepted the batch with words that make no sense; it may have it, and it is not sent again.
    Unreadable,
}

/// An event that is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FailedEvent {
    /// Its UUID.
    pub uuid: Uuid,
    /// Its name.
    pub event: String,
    /// Who did it.
    pub distinct_id: String,
    /// Why the service threw it away, where it said so: its own word, such as `event_too_big`.
    pub details: Option<String>,
}

impl DeliveryFailure {
    /// What repeats while the same thing goes wrong: the log says it once a minute.
    pub(super) fn cause(&self) -> String {
        format!("{:?} {:?} {}", self.kind, self.status, self.lane)
    }

    /// Whether all attempts were used up.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.kind == DeliveryFailureKind::Exhausted
    }
}

impl fmt::Display for DeliveryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            lane,
            status,
            attempts,
            reason,
            events,
            ..
        } = self;
        let events = events.len();
        write!(f, "{events} events of the lane `{lane}` are given up: ")?;
        match (kind, status) {
            (DeliveryFailureKind::Refused, Some(status)) => {
                write!(f, "the server refused them with status {status}")
            }
            (DeliveryFailureKind::Refused, None) => f.write_str("the server refused them"),
            (DeliveryFailureKind::Exhausted, Some(status)) => {
                write!(
                    f,
                    "{attempts} attempts failed, the last with status {status}"
                )
            }
            (DeliveryFailureKind::Exhausted, None) => {
                write!(f, "the server was not reached in {attempts} attempts")?;
                match reason {
                    Some(reason) => write!(f, ", the last time because {reason}"),
                    None => Ok(()),
                }
            }
            (DeliveryFailureKind::Dropped, _) => f.write_str("the service threw them away"),
            (DeliveryFailureKind::Unreadable, _) => {
                f.write_str("the server's answer cannot be read")
            }
        }
    }
}

impl FailedEvent {
    fn new(event: &Queued, details: Option<String>) -> Self {
        let fields = Entries::read(&event.json);
        let text = |name| {
            let value = fields.as_ref()?.get(name)?;
            read_text(value.as_bytes())
        };
        Self {
            uuid: event.uuid,
            event: text("event").unwrap_or_default(),
            distinct_id: text("distinct_id").unwrap_or_default(),
            details,
        }
    }

    /// What a batch lost: `rest` tells whether its open events are among it.
    pub(super) fn of(batch: &mut Batch, rest: bool) -> Vec<Self> {
        let dropped = batch
            .dropped
            .iter()
            .map(|(event, details)| Self::new(event, Some(details.clone())));
        let open = batch
            .events
            .each()
            .iter()
            .filter(|_| rest)
            .map(|event| Self::new(event, None));
        dropped.chain(open).collect()
    }
}
