//! Events on their way together.

use super::{answer::Answer, block::Room, bytes::Bytes, events::Events};
use crate::frames::Unfinished;
use std::{
    mem,
    ops::Range,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

/// An event cut from the queue.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) json: Bytes,
    pub(super) uuid: Uuid,
    /// The stack of an exception, until it is in the JSON.
    pub(super) stack: Option<Box<Unfinished>>,
    /// How many were admitted to the lane before it.
    pub(super) number: u64,
}

impl Queued {
    /// Its number, and no other.
    pub(super) fn numbers(&self) -> Range<u64> {
        self.number..self.number + 1
    }
}

/// Events cut from the queue to be sent in one request.
#[derive(Debug)]
pub(super) struct Batch {
    /// Those that are not final: the service may want some of them again.
    pub(super) events: Events,
    /// Those that the service threw away.
    pub(super) dropped: Vec<(Queued, String)>,
    /// Attempts made.
    pub(super) attempts: u32,
    /// When the next is due.
    pub(super) due: Duration,
    /// What the transport said when no answer came, the last time.
    pub(super) unreached: Option<String>,
    /// When it was cut from the queue: set with the first request, and the same for both halves of a split (DLV-111).
    pub(super) created: Option<SystemTime>,
    /// The ID of all its requests, made with the first.
    pub(super) request_id: Option<Uuid>,
    /// The compressed body and its encoding, where it is the same in all attempts (DLV-83).
    pub(super) body: Option<(Vec<u8>, &'static str)>,
}

/// What is left of a batch that the service has taken whole.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) events: usize,
    /// The room that they took.
    pub(super) buffers: Vec<Room>,
}

impl Batch {
    /// Takes the events out where that answer is about all of them, and none was thrown away earlier.
    ///
    /// What has to be done for each event is done here, without the lock that captures wait for.
    pub(super) fn delivered_by(&mut self, answer: &Answer) -> Option<Delivered> {
        if !answer.takes_all() || !self.dropped.is_empty() {
            self.events.each();
            return None;
        }
        let events = mem::take(&mut self.events);
        Some(Delivered {
            events: events.len(),
            buffers: events.into_room(),
        })
    }

    pub(super) fn new(events: impl Into<Events>, due: Duration) -> Self {
        Self {
            events: events.into(),
            dropped: Vec::new(),
            attempts: 0,
            due,
            unreached: None,
            created: None,
            request_id: None,
            body: None,
        }
    }

    /// Puts the stacks of exceptions in.
    pub(super) fn finish(&mut self) {
        if !self.events.has_stacks() {
            return;
        }
        for event in self.events.each() {
            if let Some(stack) = event.stack.take() {
                event.json = stack.finish(event.json.to_vec()).into();
            }
        }
    }

    /// Two batches of their own, in order (DLV-95). What is final already stays with the first.
    pub(super) fn split(mut self, now: Duration) -> [Self; 2] {
        let half = self.events.len() / 2;
        let second = self.events.each().split_off(half).into();
        let half = |events: Events| Self {
            created: self.created,
            ..Self::new(events, now)
        };
        let second = half(second);
        let first = Self {
            dropped: self.dropped,
            ..half(self.events)
        };
        [first, second]
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Queued};
    use crate::delivery::{answer::Answer, v1::Undelivered};
    use std::time::Duration;
    use uuid::Uuid;

    fn event(number: u64) -> Queued {
        Queued {
            json: vec![b'x'; 10].into(),
            uuid: Uuid::from_u128(number.into()),
            stack: None,
            number,
        }
    }

    fn taken(dropped: &[u128], again: &[u128]) -> Answer {
        let dropped = dropped.iter().map(|id| {
            let details = String::new();
            (*id, Undelivered::Dropped { details })
        });
        let again = again.iter().map(|id| (*id, Undelivered::Retry));
        let others = dropped.chain(again);
        Answer::Taken {
            status: 200,
            others: others
                .map(|(id, what)| (Uuid::from_u128(id), what))
                .collect(),
            asked: Duration::ZERO,
        }
    }

    #[test]
    fn dlv_118_a_batch_is_whole_only_if_nothing_of_it_was_ever_thrown_away_or_wanted_again() {
        let batch = || Batch::new(vec![event(0), event(1)], Duration::ZERO);
        let delivered = batch().delivered_by(&taken(&[], &[])).expect("all of it");
        assert_eq!((delivered.events, delivered.buffers.len()), (2, 2));
        let later = Answer::Later {
            status: None,
            asked: Duration::ZERO,
        };
        let refused = Answer::Refused {
            status: 400,
            asked: Duration::ZERO,
        };
        let not_whole = [
            taken(&[0], &[]),
            taken(&[], &[1]),
            later,
            refused,
            Answer::TooLarge,
            Answer::Unreadable { status: 200 },
        ];
        for answer in not_whole {
            let mut batch = batch();
            assert!(batch.delivered_by(&answer).is_none(), "{answer:?}");
            assert_eq!(batch.events.len(), 2, "nothing is taken out");
        }
        let mut before = batch();
        before.dropped.push((event(2), String::new()));
        assert!(before.delivered_by(&taken(&[], &[])).is_none());
    }
}
