//! The open events of a batch.

use super::{
    batch::Queued,
    block::{BODY_END, Room},
    cut::Cut,
};
use std::{mem, ops::Range};

/// As the queue had them, or one by one: few answers say something of a single event.
#[derive(Debug, Default)]
pub(super) struct Events {
    cut: Option<Cut>,
    /// Empty while there is a cut.
    each: Vec<Queued>,
    /// Whether the JSON of the cut is out, as the body of a request.
    is_lent: bool,
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

    /// The body of a request that begins with `head`, up to the bracket that opens the array of events.
    ///
    /// Usually it is the block of the queue itself, and nothing is copied. So it has to [come back](Self::take_back) before
    /// anything else is asked.
    pub(super) fn lend_body(&mut self, head: &[u8]) -> Vec<u8> {
        let only_block = self.cut.as_mut().and_then(Cut::only_block);
        let lent = only_block.and_then(|block| block.lend(head));
        self.is_lent = lent.is_some();
        lent.unwrap_or_else(|| self.copied_body(head))
    }

    /// Takes back what was lent; anything else is of no use any more.
    pub(super) fn take_back(&mut self, body: Vec<u8>) {
        if mem::take(&mut self.is_lent)
            && let Some(block) = self.cut.as_mut().and_then(Cut::only_block)
        {
            block.take_back(body);
        }
    }

    fn copied_body(&self, head: &[u8]) -> Vec<u8> {
        let bytes: usize = match &self.cut {
            Some(cut) => cut.json().map(<[u8]>::len).sum(),
            None => self.each.iter().map(|event| event.json.len() + 1).sum(),
        };
        let mut body = Vec::with_capacity(head.len() + bytes + BODY_END.len());
        body.extend_from_slice(head);
        match &self.cut {
            Some(cut) => cut.json().for_each(|part| body.extend_from_slice(part)),
            None => {
                for event in &self.each {
                    body.extend_from_slice(&event.json);
                    body.push(b',');
                }
            }
        }
        // The comma behind the last one.
        if bytes > 0 {
            body.pop();
        }
        body.extend_from_slice(BODY_END);
        body
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
            ..Self::default()
        }
    }
}

impl From<Vec<Queued>> for Events {
    fn from(each: Vec<Queued>) -> Self {
        Self {
            each,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Events;
    use crate::delivery::queue::{Incoming, Queue};
    use std::time::Duration;
    use uuid::Uuid;

    const HEAD: &[u8] = b"{\"batch\":[";

    /// So many events, numbered, of which others have taken the first ones; the queue leaves that much room in its blocks.
    fn cut(events: u64, taken: u64, room: usize) -> Events {
        let mut queue = Queue::new(usize::MAX, usize::MAX).with_room_for_head(room);
        for number in 0..events {
            let json = format!("{{\"n\":{number}}}");
            let event = Incoming {
                json: json.as_bytes(),
                uuid: Uuid::from_u128(number.into()),
                stack: None,
            };
            assert!(queue.push(event, || Duration::ZERO).is_ok());
        }
        for _ in 0..taken {
            assert_eq!(queue.cut(1, usize::MAX, false).len(), 1);
        }
        queue.cut(usize::MAX, usize::MAX, false).into()
    }

    #[test]
    fn dlv_100_the_body_is_the_same_lent_copied_and_copied_event_by_event() {
        for (events, taken) in [
            (1, 0),
            (8, 0),
            (8, 7),
            (100, 0),
            (100, 50),
            (101, 0),
            (250, 7),
        ] {
            let json: Vec<_> = (taken..events)
                .map(|number| format!("{{\"n\":{number}}}"))
                .collect();
            let expected = format!("{{\"batch\":[{}]}}", json.join(","));
            for room in [0, HEAD.len(), HEAD.len() + 1] {
                let mut cut = cut(events, taken, room);
                // The second attempt is like the first, and the events come out of it unharmed.
                for _ in 0..2 {
                    let body = cut.lend_body(HEAD);
                    assert_eq!(String::from_utf8_lossy(&body), expected);
                    let is_whole_block = events <= 100 && taken == 0;
                    assert_eq!(cut.is_lent, is_whole_block && room == HEAD.len());
                    cut.take_back(body);
                }
                let numbers: Vec<_> = cut.numbers().into_iter().flatten().collect();
                assert!(numbers.iter().copied().eq(taken..events));
                for (event, number) in cut.each().iter().zip(taken..) {
                    assert_eq!(
                        (event.number, event.uuid.as_u128()),
                        (number, number.into())
                    );
                    assert_eq!(*event.json, *format!("{{\"n\":{number}}}").as_bytes());
                }
                assert_eq!(cut.lend_body(HEAD), expected.as_bytes());
                assert!(cut.numbers().into_iter().flatten().eq(taken..events));
            }
        }
    }
}
