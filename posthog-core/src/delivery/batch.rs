//! Events on their way together.

use super::{answer::Answer, bytes::Bytes};
use crate::frames::Unfinished;
use std::{
    mem,
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

/// Events cut from the queue to be sent in one request.
#[derive(Debug)]
pub(super) struct Batch {
    /// Those that are not final: the service may want some of them again.
    pub(super) events: Vec<Queued>,
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
    pub(super) body: Option<(Vec<u8>, Option<&'static str>)>,
}

/// What is left of a batch that the service has taken whole.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) events: usize,
    /// The buffers of their JSON.
    pub(super) buffers: Vec<Vec<u8>>,
}

impl Batch {
    /// Takes the events out where that answer is about all of them, and none was thrown away earlier.
    ///
    /// It looks at each event, and has no need of the lock that captures wait for.
    pub(super) fn delivered_by(&mut self, answer: &Answer) -> Option<Delivered> {
        if !answer.takes_all() || !self.dropped.is_empty() {
            return None;
        }
        let events = mem::take(&mut self.events);
        Some(Delivered {
            events: events.len(),
            buffers: events
                .into_iter()
                .filter_map(|event| event.json.into_buffer())
                .collect(),
        })
    }

    pub(super) fn new(events: Vec<Queued>, due: Duration) -> Self {
        Self {
            events,
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
        for event in &mut self.events {
            if let Some(stack) = event.stack.take() {
                event.json = stack.finish(event.json.to_vec()).into();
            }
        }
    }

    /// Two batches of their own, in order (DLV-95). What is final already stays with the first.
    pub(super) fn split(mut self, now: Duration) -> [Self; 2] {
        let second = self.events.split_off(self.events.len() / 2);
        let half = |events| Self {
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
