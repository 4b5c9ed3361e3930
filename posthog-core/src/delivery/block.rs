//! Queued events that stand together, one after another.

use super::{batch::Queued, bytes::Bytes, queue::Incoming};
use crate::{frames::Unfinished, limits};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Some events in their order. Their JSON is one text, so that a batch takes all of it at once.
#[derive(Debug)]
pub(super) struct Block {
    /// The JSON of each event, with a comma behind it.
    json: Vec<u8>,
    /// Where the JSON of those begins that are here still.
    start: usize,
    events: Vec<Waiting>,
    /// Whether there is one whose stack is not in its JSON yet.
    has_stacks: bool,
    /// When the first one was admitted.
    opened: Duration,
}

/// An event in a block, but for its JSON.
#[derive(Debug)]
struct Waiting {
    bytes: usize,
    uuid: Uuid,
    stack: Option<Box<Unfinished>>,
}

/// What a block whose events are gone leaves to one to come. It is empty.
#[derive(Debug, Default)]
pub(super) struct Room {
    json: Vec<u8>,
    events: Vec<Waiting>,
}

/// How much a block has, or has room for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    bytes: usize,
    events: usize,
}

/// A block takes this many events, as many as a usual batch, so that a batch is a block.
pub(super) const BLOCK_EVENTS: usize = 100;
/// Nor does it grow beyond this, but for a single larger event.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

impl Block {
    /// An empty one, with room for about `usual`: growing by doubling would leave half of the room of many blocks unused.
    /// The room may have been another block's.
    pub(super) fn new(usual: Size, room: Option<Room>, opened: Duration) -> Self {
        let Size {
            bytes,
            events: count,
        } = usual;
        let Room { json, mut events } = room.unwrap_or_else(|| Room {
            json: Vec::with_capacity(bytes + bytes / 16),
            events: Vec::new(),
        });
        events.reserve_exact(count);
        Self {
            json,
            start: 0,
            events,
            has_stacks: false,
            opened,
        }
    }

    pub(super) fn size(&self) -> Size {
        Size {
            bytes: self.json.len(),
            events: self.events.len(),
        }
    }

    /// Whether it takes another event with that JSON.
    #[inline]
    pub(super) fn has_room(&self, json: &[u8]) -> bool {
        self.events.len() < BLOCK_EVENTS && self.json.len() + json.len() < BLOCK_BYTES
    }

    #[inline]
    pub(super) fn push(&mut self, event: Incoming<'_>) {
        let Incoming { json, uuid, stack } = event;
        self.json.reserve(json.len() + 1);
        self.json.extend_from_slice(json);
        self.json.push(b',');
        self.has_stacks |= stack.is_some();
        self.events.push(Waiting {
            bytes: json.len(),
            uuid,
            stack,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn opened(&self) -> Duration {
        self.opened
    }

    pub(super) fn has_stacks(&self) -> bool {
        self.has_stacks
    }

    /// The JSON of its events, with a comma behind each.
    pub(super) fn json(&self) -> &[u8] {
        &self.json[self.start..]
    }

    /// How many bytes its events take up.
    pub(super) fn bytes(&self) -> usize {
        let stacks = |event: &Waiting| event.stack.as_ref().map_or(0, |stack| stack.stack.bytes());
        self.json_bytes() + self.of_stacks(stacks)
    }

    /// The most bytes that they will take up in a request.
    pub(super) fn most_bytes(&self) -> usize {
        self.json_bytes() + self.of_stacks(Waiting::most_of_stack)
    }

    fn json_bytes(&self) -> usize {
        self.json().len() - self.events.len()
    }

    fn of_stacks(&self, of_one: impl Fn(&Waiting) -> usize) -> usize {
        if self.has_stacks {
            self.events.iter().map(of_one).sum()
        } else {
            0
        }
    }

    /// Of each event, the most bytes that it will take up in a request, and its UUID.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, Uuid)> {
        let of_one = |event: &Waiting| (event.bytes + event.most_of_stack(), event.uuid);
        self.events.iter().map(of_one)
    }

    /// Takes events from its front; some stay.
    pub(super) fn split_off_front(&mut self, events: usize) -> Self {
        let events: Vec<_> = self.events.drain(..events).collect();
        let bytes: usize = events.iter().map(|event| event.bytes + 1).sum();
        let end = self.start + bytes;
        let json = self.json[self.start..end].to_vec();
        self.start = end;
        Self {
            json,
            start: 0,
            events,
            ..*self
        }
    }

    /// The events one by one; the first of them has that number.
    pub(super) fn into_each(self, first: u64) -> impl Iterator<Item = Queued> {
        let (json, mut at) = (Arc::new(self.json), self.start);
        self.events
            .into_iter()
            .zip(first..)
            .map(move |(event, number)| {
                let end = at + event.bytes;
                let json = Bytes::part(&json, at..end);
                at = end + 1;
                Queued {
                    json,
                    uuid: event.uuid,
                    stack: event.stack,
                    number,
                }
            })
    }

    /// The room that it took.
    pub(super) fn into_room(self) -> Room {
        let mut events = self.events;
        events.clear();
        Room {
            events,
            ..Room::from(self.json)
        }
    }
}

impl Room {
    /// How many bytes of JSON have room.
    pub(super) fn bytes(&self) -> usize {
        self.json.capacity()
    }
}

impl From<Vec<u8>> for Room {
    fn from(mut json: Vec<u8>) -> Self {
        json.clear();
        Self {
            json,
            events: Vec::new(),
        }
    }
}

impl Waiting {
    /// The most bytes that its stack will take up in its JSON.
    fn most_of_stack(&self) -> usize {
        self.stack.as_ref().map_or(0, |_| limits::STACK_BYTES)
    }
}
