//! Events waiting to be sent, within bounds.
//!
//! They stand in blocks, one event after another: admitting one copies its bytes to the end of the last block, and a batch
//! takes blocks away whole, without a look at the single event. So neither side holds the other up, and nothing is
//! allocated per event.

use super::{
    block::{BLOCK_BYTES, Block, Room, Size},
    bytes::Bytes,
    cut::Cut,
};
use crate::{frames::Unfinished, seen::Seen};
use std::{collections::VecDeque, mem, time::Duration};
use uuid::Uuid;

/// A first-in-first-out queue, bounded by count and by bytes. When it is full, the newest is refused (DLV-22).
#[derive(Debug)]
pub(super) struct Queue {
    blocks: VecDeque<Block>,
    /// Room for blocks to come.
    spare: Vec<Room>,
    /// What the last block had that no event is added to any more: the next one may have as much.
    usual: Size,
    /// The number of the event at the front; the others follow it without a gap.
    first: u64,
    events: usize,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// How many bytes blocks leave in front, for what a request begins with.
    room_for_head: usize,
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

/// The room of so many blocks that were sent is kept for those to come.
const MOST_SPARE: usize = 4;
/// From this capacity on the list of blocks is made smaller when a burst is over.
const LONG: usize = 64;

impl Incoming<'_> {
    /// How many bytes it takes up.
    fn bytes(&self) -> usize {
        self.json.len() + self.stack.as_ref().map_or(0, |stack| stack.stack.bytes())
    }
}

/// The queue has no room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    /// Whether this is the first one of an episode, which is worth a warning.
    pub(super) first: bool,
}

impl Queue {
    pub(super) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            spare: Vec::new(),
            usual: Size::default(),
            first: 0,
            events: 0,
            bytes: 0,
            max_events,
            max_bytes,
            room_for_head: 0,
            told: false,
        }
    }

    /// Leaves room in front of events, so that a request with a head of that many bytes needs no copy of them.
    pub(super) fn with_room_for_head(mut self, bytes: usize) -> Self {
        self.room_for_head = bytes;
        self
    }

    /// `now` is the time of the call; the clock is looked at only where a block begins.
    pub(super) fn push(
        &mut self,
        event: Incoming<'_>,
        now: impl FnOnce() -> Duration,
    ) -> Result<(), Full> {
        let bytes = event.bytes();
        if self.events >= self.max_events || self.bytes + bytes > self.max_bytes {
            let first = !mem::replace(&mut self.told, true);
            return Err(Full { first });
        }
        self.bytes += bytes;
        self.events += 1;
        match self.blocks.back_mut() {
            Some(last) if last.has_room(event.json) => last.push(event),
            _ => self.open_block(event, now()),
        }
        Ok(())
    }

    #[cold]
    fn open_block(&mut self, event: Incoming<'_>, now: Duration) {
        self.usual = self.blocks.back().map_or(self.usual, Block::size);
        let mut block = Block::new(self.usual, self.spare.pop(), self.room_for_head, now);
        block.push(event);
        self.blocks.push_back(block);
    }

    /// Takes a batch from the front, in order: as many as fit the limits, and at least one (DLV-31).
    ///
    /// With `distinct` it ends before an event whose UUID it has, which would cost the whole request (DLV-35).
    pub(super) fn cut(&mut self, max_events: usize, max_bytes: usize, distinct: bool) -> Cut {
        let first = self.first;
        let mut left = self.fitting(max_events, max_bytes, distinct);
        self.events -= left;
        self.first += left as u64;
        let mut blocks = Vec::new();
        while left > 0
            && let Some(mut block) = self.blocks.pop_front()
        {
            self.usual = block.size();
            if left < block.len() {
                // The rest stays: these few leave as a copy.
                let part = block.split_off_front(left);
                self.blocks.push_front(mem::replace(&mut block, part));
            }
            left -= block.len();
            self.bytes -= block.bytes();
            blocks.push(block);
        }
        let below_half = |has: usize, most: usize| has < most.div_ceil(2);
        if below_half(self.events, self.max_events) && below_half(self.bytes, self.max_bytes) {
            self.told = false;
        }
        if self.blocks.is_empty() && self.blocks.capacity() > LONG {
            self.blocks = VecDeque::with_capacity(LONG);
        }
        Cut::new(blocks, first)
    }

    /// How many events from the front fit the limits of a batch.
    fn fitting(&self, max_events: usize, max_bytes: usize, distinct: bool) -> usize {
        let (mut count, mut bytes) = (0, 0);
        let mut uuids = distinct.then(Seen::new);
        for block in &self.blocks {
            let (events, most_bytes) = (block.len(), block.most_bytes());
            if !distinct && count + events <= max_events && bytes + most_bytes <= max_bytes {
                (count, bytes) = (count + events, bytes + most_bytes);
                continue;
            }
            for (most_bytes, uuid) in block.each() {
                bytes += most_bytes;
                let has_room = count == 0 || (count < max_events && bytes <= max_bytes);
                let stands_twice = uuids
                    .as_mut()
                    .is_some_and(|uuids| !uuids.insert(uuid.as_bytes()));
                if !has_room || stands_twice {
                    return count;
                }
                count += 1;
            }
        }
        count
    }

    /// Takes back the JSON of an event that is final, for the sake of its buffer.
    pub(super) fn reclaim(&mut self, json: Bytes) {
        if let Some(buffer) = json.into_buffer() {
            self.keep_spare(buffer.into());
        }
    }

    /// Keeps room for a block to come.
    pub(super) fn keep_spare(&mut self, room: Room) {
        if self.spare.len() < MOST_SPARE && room.bytes() <= 2 * BLOCK_BYTES {
            self.spare.push(room);
        }
    }

    /// How many of the events that were admitted before that number of events are still here.
    pub(super) fn before(&self, number: u64) -> usize {
        let before = number.saturating_sub(self.first);
        usize::try_from(before).map_or(self.len(), |before| before.min(self.len()))
    }

    pub(super) fn len(&self) -> usize {
        self.events
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Since when events wait: when the one that waits longest was admitted, or one shortly before it that a batch has
    /// taken already. So none waits for longer than it may.
    pub(super) fn waits_since(&self) -> Option<Duration> {
        self.blocks.front().map(Block::opened)
    }

    /// Forgets all events; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        self.blocks.clear();
        let events = mem::take(&mut self.events);
        self.first += events as u64;
        events
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Incoming, Queue};
    use crate::delivery::{batch::Queued, block::BLOCK_EVENTS};
    use std::time::Duration;

    impl Queue {
        /// As [`Self::cut`], event by event.
        fn take(&mut self, max_events: usize, max_bytes: usize, distinct: bool) -> Vec<Queued> {
            self.cut(max_events, max_bytes, distinct).into_each()
        }
    }

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
        assert!(queue.blocks.capacity() < 100 && queue.spare.len() <= super::MOST_SPARE);
    }
}
