//! The room of properties that are done with.

use super::{Entry, Properties};
use crate::spares::Spares;
use std::mem;

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
    static SPARES: Spares<Spare> = const { Spares::new() };
}

impl Spare {
    /// Gives room to properties that have none.
    pub(super) fn lend(to: &mut Properties) {
        let _ = SPARES.try_with(|spares| {
            if let Some(spare) = spares.take() {
                (to.json, to.entries) = (spare.json, spare.entries);
            }
        });
        // There is none at first, and where the thread is ending.
        if to.json.capacity() == 0 {
            Self::allocate(to);
        }
    }

    /// Enough for a usual event, so that they do not grow step by step.
    #[cold]
    fn allocate(to: &mut Properties) {
        (to.json, to.entries) = (Vec::with_capacity(256), Vec::with_capacity(8));
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

    /// As [`Self::recycle`], for what is about to be cleared or dropped where it is.
    pub(crate) fn give_back(&mut self) {
        if !(1..=LARGEST_SPARE).contains(&self.json.capacity()) {
            return;
        }
        let _ = SPARES.try_with(|spares| {
            spares.keep(MOST_SPARE, || {
                self.json.clear();
                self.entries.clear();
                Spare {
                    json: mem::take(&mut self.json),
                    entries: mem::take(&mut self.entries),
                }
            });
        });
    }
}
