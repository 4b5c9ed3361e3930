//! The open events of a batch.

use super::{batch::Queued, block::Room, cut::Cut};
use std::ops::Range;

/// As the queue had them, or one by one: few answers say something of a single event.
#[derive(Debug, Default)]
pub(super) struct Events {
    cut: Option<Cut>,
    /// Empty while there is a cut.
    each: Vec<Queued>,
}

impl Events {
    pub(super) fn len(&self) -> usize {
        self.cut.as_ref().map_or(self.each.len(), Cut::len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their numbers.
    pub(super) fn numbers(&self) -> Vec<Range<u64>> {
        match &self.cut {
            Some(cut) => vec![cut.numbers()],
            None => self.each.iter().map(Queued::numbers).collect(),
        }
    }

    /// The events one by one, from now on.
    pub(super) fn each(&mut self) -> &mut Vec<Queued> {
        if let Some(cut) = self.cut.take() {
            self.each = cut.into_each();
        }
        &mut self.each
    }

    /// Whether the stack of an exception is not in its JSON yet.
    pub(super) fn has_stacks(&self) -> bool {
        match &self.cut {
            Some(cut) => cut.has_stacks(),
            None => self.each.iter().any(|event| event.stack.is_some()),
        }
    }

    /// How many bytes they take up as an array.
    pub(super) fn bytes_as_array(&self) -> usize {
        let bytes: usize = match &self.cut {
            Some(cut) => cut.json().map(<[u8]>::len).sum(),
            None => self.each.iter().map(|event| event.json.len() + 1).sum(),
        };
        // The comma behind the last one is none.
        bytes.max(1) + 1
    }

    /// Writes them as an array.
    pub(super) fn write_array(&self, body: &mut Vec<u8>) {
        body.push(b'[');
        match &self.cut {
            Some(cut) => cut.json().for_each(|part| body.extend_from_slice(part)),
            None => {
                for event in &self.each {
                    body.extend_from_slice(&event.json);
                    body.push(b',');
                }
            }
        }
        // Behind the last one stands a comma, unless there is none.
        if body.ends_with(b",") {
            body.pop();
        }
        body.push(b']');
    }

    /// The room that they took, as far as nobody else has it.
    pub(super) fn into_room(self) -> Vec<Room> {
        if let Some(cut) = self.cut {
            return cut.into_room();
        }
        let buffers = self
            .each
            .into_iter()
            .filter_map(|event| event.json.into_buffer());
        buffers.map(Room::from).collect()
    }
}

impl From<Cut> for Events {
    fn from(cut: Cut) -> Self {
        Self {
            cut: Some(cut),
            each: Vec::new(),
        }
    }
}

impl From<Vec<Queued>> for Events {
    fn from(each: Vec<Queued>) -> Self {
        Self { cut: None, each }
    }
}

#[cfg(test)]
mod tests {
    use super::Events;
    use crate::delivery::queue::{Incoming, Queue};
    use std::time::Duration;
    use uuid::Uuid;

    /// That many events, but for the first seven, so that a part of a block is among them.
    fn cut(events: u64) -> Events {
        let mut queue = Queue::new(usize::MAX, usize::MAX);
        for number in 0..events {
            let json = format!("{{\"n\":{number}}}");
            let event = Incoming {
                json: json.as_bytes(),
                uuid: Uuid::from_u128(number.into()),
                stack: None,
            };
            assert!(queue.push(event, || Duration::ZERO).is_ok());
        }
        queue.cut(7, usize::MAX, false);
        queue.cut(usize::MAX, usize::MAX, false).into()
    }

    #[test]
    fn dlv_100_events_make_the_same_array_as_they_stood_in_the_queue_and_one_by_one() {
        for events in [0, 1, 7, 8, 100, 107, 250] {
            let expected = 7.min(events)..events;
            let json = expected.clone().map(|number| format!("{{\"n\":{number}}}"));
            let json = format!("[{}]", json.collect::<Vec<_>>().join(","));
            let mut cut = cut(events);
            for one_by_one in [false, true] {
                if one_by_one {
                    let uuids = cut.each().iter().map(|event| event.uuid.as_u128());
                    assert!(uuids.eq(expected.clone().map(u128::from)));
                }
                let mut array = Vec::new();
                cut.write_array(&mut array);
                assert_eq!(array, json.as_bytes());
                assert_eq!(array.len(), cut.bytes_as_array());
                assert!(cut.numbers().into_iter().flatten().eq(expected.clone()));
            }
        }
    }
}
