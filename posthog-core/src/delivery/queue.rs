//! Events waiting to be sent, within bounds.

use super::batch::Queued;
use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

/// A first-in-first-out queue, bounded by count and by bytes. When it is full, the newest is refused (DLV-22).
#[derive(Debug)]
pub(super) struct Queue {
    events: VecDeque<Queued>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// The queue was full and said so; it may say so again once it is below half (DLV-23).
    told: bool,
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
            events: VecDeque::new(),
            bytes: 0,
            max_events,
            max_bytes,
            told: false,
        }
    }

    pub(super) fn push(&mut self, event: Queued) -> Result<(), Full> {
        let bytes = event.bytes();
        if self.events.len() >= self.max_events || self.bytes + bytes > self.max_bytes {
            let first = !std::mem::replace(&mut self.told, true);
            return Err(Full { first });
        }
        self.bytes += bytes;
        self.events.push_back(event);
        Ok(())
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
        let mut batch = Vec::new();
        let (mut bytes, mut most_bytes) = (0, 0);
        let mut uuids = HashSet::new();
        while let Some(next) = self.events.front() {
            if !batch.is_empty()
                && (batch.len() >= max_events || most_bytes + next.most_bytes() > max_bytes)
            {
                break;
            }
            if distinct && !uuids.insert(next.uuid) {
                break;
            }
            bytes += next.bytes();
            most_bytes += next.most_bytes();
            batch.extend(self.events.pop_front());
        }
        self.bytes -= bytes;
        let below_half = |has: usize, most: usize| has < most.div_ceil(2);
        if below_half(self.events.len(), self.max_events) && below_half(self.bytes, self.max_bytes)
        {
            self.told = false;
        }
        batch
    }

    /// How many of the events that were admitted before that number of events are still here.
    pub(super) fn before(&self, number: u64) -> usize {
        self.events.partition_point(|event| event.number < number)
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the event that waits longest was admitted.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.events.front().map(|event| event.admitted)
    }

    /// Forgets all events; how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        std::mem::take(&mut self.events).len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Full, Queue, Queued};
    use std::time::Duration;

    fn push(queue: &mut Queue, bytes: usize) -> Result<(), Full> {
        queue.push(Queued {
            json: vec![0; bytes],
            uuid: uuid::Uuid::from_u128(7),
            stack: None,
            admitted: Duration::ZERO,
            number: 0,
        })
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
}
