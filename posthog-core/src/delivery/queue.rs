//! Events waiting to be sent, within bounds.
//!
//! Their JSON stands in blocks, one event after another: admitting one copies its bytes to the end of the last block, and
//! a batch takes blocks away whole. So neither side moves what the other waits for, and nothing is allocated per event.

use super::{batch::Queued, bytes::Bytes};
use crate::{frames::Unfinished, limits};
use std::{
    collections::{HashSet, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// A first-in-first-out queue, bounded by count and by bytes. When it is full, the newest is refused (DLV-22).
#[derive(Debug)]
pub(super) struct Queue {
    events: VecDeque<Waiting>,
    blocks: VecDeque<Block>,
    /// Empty buffers for blocks to come.
    spare: Vec<Vec<u8>>,
    /// The number of the event at the front; the others follow it without a gap.
    first: u64,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// The queue was full and said so; it may say so again once it is below half (DLV-23).
    told: bool,
}

/// An event about to be queued.
pub(super) struct Incoming<'a> {
    pub(super) json: &'a [u8],
    pub(super) uuid: Uuid,
    /// The stack of an exception, until it is in the JSON.
    pub(super) stack: Option<Box<Unfinished>>,
}

/// An event in the queue, but for its JSON.
#[derive(Debug)]
struct Waiting {
    bytes: usize,
    uuid: Uuid,
    stack: Option<Box<Unfinished>>,
}

impl Waiting {
    /// How many bytes it takes up.
    fn bytes(&self) -> usize {
        self.bytes + self.stack.as_ref().map_or(0, |stack| stack.stack.bytes())
    }

    /// The most bytes that it will take up in a request.
    fn most_bytes(&self) -> usize {
        self.bytes + self.stack.as_ref().map_or(0, |_| limits::STACK_BYTES)
    }
}

/// The JSON of some events, in their order.
#[derive(Debug)]
struct Block {
    bytes: Vec<u8>,
    /// Where the JSON of those begins that are in the queue still.
    start: usize,
    /// How many those are.
    events: usize,
    /// When the first one was admitted.
    opened: Duration,
}

/// A block takes this many events, as many as a usual batch, so that a batch is a block.
const BLOCK_EVENTS: usize = 100;
/// Nor does it grow beyond this, but for a single larger event.
const BLOCK_BYTES: usize = 256 << 10;
/// How many buffers of blocks that were sent are kept for those to come.
const MOST_SPARE: usize = 4;
/// From this capacity on the list of events is made smaller when a burst is over.
const LONG: usize = 4096;

/// The queue has no room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    /// Whether this is the first one of an episode, which is worth a warning.
    pub(super) first: bool,
}

impl Queue {
    pub(super) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            events: VecDeque::new(),
            blocks: VecDeque::new(),
            spare: Vec::new(),
            first: 0,
            bytes: 0,
            max_events,
            max_bytes,
            told: false,
        }
    }

    /// `now` is the time of the call; the clock is looked at only where a block begins.
    pub(super) fn push(
        &mut self,
        event: Incoming<'_>,
        now: impl FnOnce() -> Duration,
    ) -> Result<(), Full> {
        let Incoming { json, uuid, stack } = event;
        let event = Waiting {
            bytes: json.len(),
            uuid,
            stack,
        };
        let bytes = event.bytes();
        if self.events.len() >= self.max_events || self.bytes + bytes > self.max_bytes {
            let first = !mem::replace(&mut self.told, true);
            return Err(Full { first });
        }
        self.bytes += bytes;
        match self.blocks.back_mut() {
            Some(last)
                if last.events < BLOCK_EVENTS && last.bytes.len() + json.len() <= BLOCK_BYTES =>
            {
                last.bytes.extend_from_slice(json);
                last.events += 1;
            }
            _ => self.open_block(json, now()),
        }
        self.events.push_back(event);
        Ok(())
    }

    fn open_block(&mut self, json: &[u8], now: Duration) {
        let mut bytes = self.spare.pop().unwrap_or_else(|| {
            // About as large as the last one: growing by doubling would leave half of the room of many blocks unused.
            let last = self.blocks.back().map_or(0, |last| last.bytes.len());
            Vec::with_capacity(last + last / 16)
        });
        bytes.extend_from_slice(json);
        self.blocks.push_back(Block {
            bytes,
            start: 0,
            events: 1,
            opened: now,
        });
    }

    /// Takes a batch from the front, in order: as many as fit the limits, and at least one (DLV-31).
    ///
    /// With `distinct` it ends before an event whose UUID it has, which would cost the whole request (DLV-35).
    pub(super) fn take(
        &mut self,
        max_events: usize,
        max_bytes: usize,
        distinct: bool,
    ) -> Vec<Queued> {
        let mut left = self.fitting(max_events, max_bytes, distinct);
        let mut batch = Vec::with_capacity(left);
        while left > 0
            && let Some(block) = self.blocks.front_mut()
        {
            let count = left.min(block.events);
            left -= count;
            let mut at = block.start;
            let buffer = if count < block.events {
                // The rest stays: these few leave as a copy.
                let end = at
                    + self
                        .events
                        .iter()
                        .take(count)
                        .map(|event| event.bytes)
                        .sum::<usize>();
                let part = block.bytes[at..end].to_vec();
                (block.start, block.events) = (end, block.events - count);
                at = 0;
                part
            } else {
                let bytes = mem::take(&mut block.bytes);
                self.blocks.pop_front();
                bytes
            };
            let buffer = Arc::new(buffer);
            for event in self.events.drain(..count) {
                self.bytes -= event.bytes();
                let end = at + event.bytes;
                batch.push(Queued {
                    json: Bytes::part(&buffer, at..end),
                    uuid: event.uuid,
                    stack: event.stack,
                    number: self.first,
                });
                self.first += 1;
                at = end;
            }
        }
        let below_half = |has: usize, most: usize| has < most.div_ceil(2);
        if below_half(self.events.len(), self.max_events) && below_half(self.bytes, self.max_bytes)
        {
            self.told = false;
        }
        if self.events.is_empty() && self.events.capacity() > LONG {
            self.events.shrink_to(LONG);
        }
        batch
    }

    /// How many events from the front fit the limits of a batch.
    fn fitting(&self, max_events: usize, max_bytes: usize, distinct: bool) -> usize {
        let (mut bytes, mut uuids) = (0, HashSet::new());
        let fits = |(at, event): &(usize, &Waiting)| {
            bytes += event.most_bytes();
            let has_room = *at == 0 || (*at < max_events && bytes <= max_bytes);
            has_room && (!distinct || uuids.insert(event.uuid))
        };
        self.events.iter().enumerate().take_while(fits).count()
    }

    /// Takes back the JSON of an event that is final, for the sake of its buffer.
    pub(super) fn reclaim(&mut self, json: Bytes) {
        if let Some(buffer) = json.into_buffer() {
            self.keep_spare(buffer);
        }
    }

    /// Keeps a buffer for a block to come.
    pub(super) fn keep_spare(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < MOST_SPARE && buffer.capacity() <= 2 * BLOCK_BYTES {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// How many of the events that were admitted before that number of events are still here.
    pub(super) fn before(&self, number: u64) -> usize {
        let before = number.saturating_sub(self.first);
        usize::try_from(before).map_or(self.len(), |before| before.min(self.len()))
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Since when events wait: when the one that waits longest was admitted, or one shortly before it that a batch has
    /// taken already. So none waits for longer than it may.
    pub(super) fn waits_since(&self) -> Option<Duration> {
        self.blocks.front().map(|block| block.opened)
    }

    /// Forgets all events; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        self.blocks.clear();
        let events = mem::take(&mut self.events).len();
        self.first += events as u64;
        events
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_EVENTS, Full, Incoming, Queue};
    use std::time::Duration;

    fn push(queue: &mut Queue, bytes: usize) -> Result<(), Full> {
        push_json(queue, &vec![0; bytes])
    }

    fn push_json(queue: &mut Queue, json: &[u8]) -> Result<(), Full> {
        let event = Incoming {
            json,
            uuid: uuid::Uuid::from_u128(7),
            stack: None,
        };
        queue.push(event, || Duration::ZERO)
    }

    #[test]
    fn dlv_22_a_full_queue_refuses_the_newest_by_count_and_by_bytes() {
        let mut queue = Queue::new(2, 100);
        assert_eq!(
            (push(&mut queue, 10), push(&mut queue, 10)),
            (Ok(()), Ok(()))
        );
        assert_eq!(push(&mut queue, 10), Err(Full { first: true }));
        let mut queue = Queue::new(10, 100);
        assert_eq!(
            (
                push(&mut queue, 60),
                push(&mut queue, 41),
                push(&mut queue, 40)
            ),
            (Ok(()), Err(Full { first: true }), Ok(()))
        );
    }

    #[test]
    fn dlv_23_full_is_said_once_until_the_queue_is_below_half() {
        let mut queue = Queue::new(4, 100);
        for _ in 0..4 {
            assert_eq!(push(&mut queue, 1), Ok(()));
        }
        assert_eq!(
            (push(&mut queue, 1), push(&mut queue, 1)),
            (Err(Full { first: true }), Err(Full { first: false }))
        );
        queue.take(1, 100, false);
        assert_eq!(
            (push(&mut queue, 1), push(&mut queue, 1)),
            (Ok(()), Err(Full { first: false }))
        );
        queue.take(3, 100, false);
        for _ in 0..3 {
            assert_eq!(push(&mut queue, 1), Ok(()));
        }
        assert_eq!(push(&mut queue, 1), Err(Full { first: true }));
    }

    #[test]
    fn dlv_31_a_batch_ends_before_the_event_that_would_exceed_its_limits() {
        let mut queue = Queue::new(100, 1000);
        for bytes in [40, 40, 40, 300, 10] {
            assert_eq!(push(&mut queue, bytes), Ok(()));
        }
        let mut take = || {
            queue
                .take(3, 100, false)
                .iter()
                .map(|event| event.json.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (take(), take(), take(), take(), take()),
            (vec![40, 40], vec![40], vec![300], vec![10], vec![])
        );
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn dlv_35_a_uuid_that_is_in_the_batch_waits_for_the_next() {
        let mut queue = Queue::new(100, 1000);
        assert_eq!((push(&mut queue, 1), push(&mut queue, 2)), (Ok(()), Ok(())));
        let mut take = |distinct| queue.take(10, 1000, distinct).len();
        assert_eq!((take(true), take(true), take(true)), (1, 1, 0));
        assert_eq!((push(&mut queue, 1), push(&mut queue, 2)), (Ok(()), Ok(())));
        assert_eq!(queue.take(10, 1000, false).len(), 2);
    }

    #[test]
    fn dlv_31_every_event_has_its_own_json_however_batches_and_blocks_fall() {
        let mut queue = Queue::new(usize::MAX, usize::MAX);
        let (mut pushed, mut taken) = (0_usize, 0_usize);
        // Between batches of any size some more are queued, and some buffers come back.
        for round in 0..60 {
            for _ in 0..(round * 37) % (2 * BLOCK_EVENTS) {
                let json = format!("{pushed}{}", "x".repeat(pushed % 5000));
                assert_eq!(push_json(&mut queue, json.as_bytes()), Ok(()));
                pushed += 1;
            }
            assert_eq!(queue.before(pushed as u64), pushed - taken);
            for event in queue.take((round * 53) % 250 + 1, usize::MAX, false) {
                let expected = format!("{taken}{}", "x".repeat(taken % 5000));
                assert_eq!(
                    (&*event.json, event.number),
                    (expected.as_bytes(), taken as u64)
                );
                taken += 1;
                queue.reclaim(event.json);
            }
        }
        taken += queue.take(usize::MAX, usize::MAX, false).len();
        assert_eq!((taken, queue.bytes(), queue.len()), (pushed, 0, 0));
        assert!(pushed > 5000);
    }

    #[test]
    fn what_a_burst_has_taken_is_given_back() {
        let mut queue = Queue::new(usize::MAX, usize::MAX);
        for _ in 0..100_000 {
            assert_eq!(push(&mut queue, 10), Ok(()));
        }
        for event in queue.take(usize::MAX, usize::MAX, false) {
            queue.reclaim(event.json);
        }
        assert!(queue.events.capacity() < 10_000 && queue.spare.len() <= super::MOST_SPARE);
    }
}
