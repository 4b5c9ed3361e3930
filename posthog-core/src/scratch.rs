//! A buffer for each thread in which events are put together, so that an event needs no allocation.

use std::cell::Cell;

thread_local! {
    /// Empty while it is lent: whoever captures meanwhile gets a new one.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger one is not kept: a thread that has captured one large event need not hold its room for ever.
const MOST_KEPT: usize = 64 << 10;

/// An empty buffer.
pub(crate) fn lend() -> Vec<u8> {
    // A thread that is ending has none.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    if buffer.capacity() == 0 {
        buffer.reserve(1024);
    }
    buffer
}

/// Keeps a buffer for the thread's next event.
pub(crate) fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= MOST_KEPT {
        buffer.clear();
        let _ = BUFFER.try_with(|kept| kept.set(buffer));
    }
}
