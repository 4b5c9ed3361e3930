//! Room for each thread in which events are put together, so that an event needs no allocation.

use crate::assemble::Assembled;
use std::cell::Cell;
use uuid::Uuid;

thread_local! {
    /// Empty while it is lent: whoever captures meanwhile gets a new one.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is not kept: a thread that has captured one large event need not hold its room for ever.
const MOST_KEPT: usize = 64 << 10;

/// Empty room.
pub(crate) fn lend() -> Assembled {
    Assembled {
        // A thread that is ending has none.
        json: BUFFER.try_with(Cell::take).unwrap_or_default(),
        ..Assembled::default()
    }
}

/// Keeps the room for the thread's next event.
#[inline]
pub(crate) fn give_back(mut room: Assembled) {
    room.clear();
    let _ = BUFFER.try_with(|kept| kept.set(room.json));
}

/// Whether the thread is ending, and its room is gone for good.
pub(crate) fn is_gone() -> bool {
    BUFFER.try_with(|_| ()).is_err()
}

impl Assembled {
    /// Empties it, and keeps its room.
    #[inline]
    pub(crate) fn clear(&mut self) {
        let Self {
            json,
            uuid,
            is_v1,
            stack,
        } = self;
        if json.capacity() > MOST_KEPT {
            *json = Vec::new();
        }
        json.clear();
        (*uuid, *is_v1, *stack) = (Uuid::nil(), false, None);
    }
}
