//! Queued events that stand together, one after another.

use super::{batch::Queued, bytes::Bytes, queue::Incoming};
use crate::{frames::Unfinished, limits};
use std::{fmt, mem, sync::Arc, time::Duration};
use uuid::Uuid;

/// Some events in their order. Their JSON is one text, so that a batch takes all of it at once.
pub(super) struct Block {
    /// Room for what a request begins with, and then the JSON of each event, with a comma behind it.
    json: Vec<u8>,
    /// Where the JSON of those begins that are here still.
    start: usize,
    events: Vec<Waiting>,
    /// The stacks that are not in the JSON yet, each with the place of its event, in order.
    stacks: Vec<(usize, Box<Unfinished>)>,
    /// When the first one was admitted.
    opened: Duration,
}

/// An event in a block, but for its JSON. There is nothing in it to be dropped, so that nobody has to look at each.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    bytes: usize,
    uuid: Uuid,
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

/// What stands behind the events in the body of a request.
pub(super) const BODY_END: &[u8] = b"]}";

/// A block takes this many events, as many as a usual batch, so that a batch is a block.
pub(super) const BLOCK_EVENTS: usize = 100;
/// Nor does it grow beyond this, but for a single larger event.
pub(super) const BLOCK_BYTES: usize = 256 << 10;

impl Block {
    /// An empty one, with room for about `usual`: growing by doubling would leave half of the room of many blocks unused.
    /// The room may have been another block's. In front `start` bytes are left for a [head](Self::lend).
    pub(super) fn new(usual: Size, room: Option<Room>, start: usize, opened: Duration) -> Self {
        let Size {
            bytes,
            events: count,
        } = usual;
        let Room {
            mut json,
            mut events,
        } = room.unwrap_or_else(|| Room {
            json: Vec::with_capacity((bytes + bytes / 16).min(BLOCK_BYTES)),
            events: Vec::new(),
        });
        json.resize(start, b' ');
        events.reserve_exact(count);
        Self {
            json,
            start,
            events,
            stacks: Vec::new(),
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
        self.json.extend_from_slice(json);
        self.json.push(b',');
        if let Some(stack) = stack {
            self.stacks.push((self.events.len(), stack));
        }
        self.events.push(Waiting {
            bytes: json.len(),
            uuid,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn opened(&self) -> Duration {
        self.opened
    }

    pub(super) fn has_stacks(&self) -> bool {
        !self.stacks.is_empty()
    }

    /// The JSON of its events, with a comma behind each.
    pub(super) fn json(&self) -> &[u8] {
        &self.json[self.start..]
    }

    /// How many bytes its events take up.
    pub(super) fn bytes(&self) -> usize {
        let stacks = self.stacks.iter().map(|(_, stack)| stack.stack.bytes());
        self.json_bytes() + stacks.sum::<usize>()
    }

    /// The most bytes that they will take up in a request.
    pub(super) fn most_bytes(&self) -> usize {
        self.json_bytes() + self.stacks.len() * limits::STACK_BYTES
    }

    fn json_bytes(&self) -> usize {
        self.json().len() - self.events.len()
    }

    /// Of each event, the most bytes that it will take up in a request, and its UUID.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &Uuid)> {
        let mut stacks = self.stacks.iter().map(|(at, _)| *at).peekable();
        self.events.iter().enumerate().map(move |(at, event)| {
            let stack = stacks.next_if_eq(&at);
            let most_of_stack = stack.map_or(0, |_| limits::STACK_BYTES);
            (event.bytes + most_of_stack, &event.uuid)
        })
    }

    /// Takes events from its front; some stay.
    pub(super) fn split_off_front(&mut self, count: usize) -> Self {
        let events: Vec<_> = self.events.drain(..count).collect();
        let bytes: usize = events.iter().map(|event| event.bytes + 1).sum();
        let end = self.start + bytes;
        let json = self.json[self.start..end].to_vec();
        self.start = end;
        let first_to_stay = self.stacks.partition_point(|(at, _)| *at < count);
        let stay = self.stacks.split_off(first_to_stay);
        let stacks = mem::replace(&mut self.stacks, stay);
        for (at, _) in &mut self.stacks {
            *at -= count;
        }
        Self {
            json,
            start: 0,
            events,
            stacks,
            opened: self.opened,
        }
    }

    /// The events one by one; the first of them has that number.
    pub(super) fn into_each(self, first: u64) -> impl Iterator<Item = Queued> {
        let (json, mut start) = (Arc::new(self.json), self.start);
        let mut stacks = self.stacks.into_iter().peekable();
        let events = self.events.into_iter().enumerate();
        events.zip(first..).map(move |((at, event), number)| {
            let end = start + event.bytes;
            let json = Bytes::part(&json, start..end);
            start = end + 1;
            let stack = stacks.next_if(|(with, _)| *with == at);
            Queued {
                json,
                uuid: event.uuid,
                stack: stack.map(|(_, stack)| stack),
                number,
            }
        })
    }

    /// Hands out the body of a request that has its events and no others: the head, which stands in front of the first of
    /// them, and what ends the array and the body. `None` where there is not just the room for the head.
    ///
    /// Until it is [back](Self::take_back), nobody may ask for the JSON of an event.
    pub(super) fn lend(&mut self, head: &[u8]) -> Option<Vec<u8>> {
        if self.start != head.len() {
            return None;
        }
        let mut body = mem::take(&mut self.json);
        body[..self.start].copy_from_slice(head);
        // The comma behind the last one.
        body.pop();
        // Hardly ever is there no room for one byte more.
        body.reserve_exact(BODY_END.len());
        body.extend_from_slice(BODY_END);
        Some(body)
    }

    /// Takes back what was lent.
    pub(super) fn take_back(&mut self, mut body: Vec<u8>) {
        body.truncate(body.len() - BODY_END.len());
        body.push(b',');
        self.json = body;
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

impl fmt::Debug for Block {
    /// Not what is in it (DLV-144).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Block").field(&self.len()).finish()
    }
}
