//! The room of properties that are done with.

use super::{Entry, Properties};
use std::{cell::RefCell, mem};

/// Buffers of properties that are done with, for those to come: in a thread's steady state none is allocated.
pub(super) struct Spare {
    json: Vec<u8>,
    entries: Vec<Entry>,
}

/// As many as the contexts around a capture usually are.
const MOST_SPARE: usize = 16;
/// Larger ones are not kept: a thread need not hold the room of its largest event for ever.
const LARGEST_SPARE: usize = 8 << 10;

thread_local! {
    static SPARE: RefCell<Vec<Spare>> = const { RefCell::new(Vec::new()) };
}

impl Spare {
    /// Gives room to properties that have none.
    pub(super) fn lend(to: &mut Properties) {
        let lent = SPARE.try_with(|spares| spares.try_borrow_mut().ok()?.pop());
        // A thread that is ending has none.
        let Spare { json, entries } = lent.ok().flatten().unwrap_or_else(|| Self {
            // Enough for a usual event, so that they do not grow step by step.
            json: Vec::with_capacity(256),
            entries: Vec::with_capacity(8),
        });
        (to.json, to.entries) = (json, entries);
    }
}

impl Properties {
    /// Takes all away, and keeps the room for others.
    #[inline]
    pub(crate) fn clear(&mut self) {
        let Self {
            json,
            entries,
            hashed,
            keys,
            has_special,
            index,
            gaps,
            open,
            broken,
        } = self;
        if json.capacity() > LARGEST_SPARE {
            *self = Self::new();
            return;
        }
        json.clear();
        entries.clear();
        (*hashed, *keys, *has_special) = (false, 0, false);
        (*index, *gaps, *open, *broken) = (None, 0, None, false);
    }

    /// Gives the room back that they took.
    pub(crate) fn recycle(mut self) {
        self.give_back();
    }

    /// As [`Self::recycle`], for what is about to be dropped where it is.
    pub(crate) fn give_back(&mut self) {
        let (mut json, mut entries) = (mem::take(&mut self.json), mem::take(&mut self.entries));
        if (1..=LARGEST_SPARE).contains(&json.capacity()) {
            json.clear();
            entries.clear();
            let _ = SPARE.try_with(|spares| {
                if let Ok(mut spares) = spares.try_borrow_mut()
                    && spares.len() < MOST_SPARE
                {
                    spares.push(Spare { json, entries });
                }
            });
        }
    }
}
