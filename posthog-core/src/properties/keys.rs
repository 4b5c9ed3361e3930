//! Finding a key among the properties.
//!
//! Keys of one macro call are known to differ and are not looked for. Others go by a hash; many, by an index.

use super::{Entry, Properties};
use std::collections::HashMap;

/// From this many properties on, keys are found by an index instead of a look at the hash of each: it costs an allocation
/// for each of them, also when it is copied.
pub(super) const INDEX_FROM: usize = 128;

/// Where each key stands. Few properties have one, so that it stands behind a pointer.
#[derive(Clone, Default)]
pub(super) struct Index(HashMap<Box<[u8]>, usize>);

impl Properties {
    /// Gives the keys their hashes, for whoever looks for one.
    #[inline]
    pub(crate) fn hash_keys(&mut self) {
        if !self.hashed {
            self.hash_all_keys();
        }
    }

    fn hash_all_keys(&mut self) {
        for entry in &mut self.entries {
            entry.hash = hash_of(&self.json[entry.start..entry.colon]);
            self.keys |= bit_of(entry.hash);
        }
        self.hashed = true;
        if self.entries.len() >= INDEX_FROM {
            self.index_last();
        }
    }

    pub(super) fn find(&self, key: &[u8], hash: u32) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.0.get(key).copied();
        }
        let may_be = |entry: &Entry| !self.hashed || entry.hash == hash;
        self.entries
            .iter()
            .position(|entry| may_be(entry) && &self.json[entry.start..entry.colon] == key)
    }

    #[cold]
    pub(super) fn index_last(&mut self) {
        let Self {
            json,
            entries,
            index,
            ..
        } = self;
        let Index(index) = &mut **index.get_or_insert_default();
        let new = entries.iter().enumerate().skip(index.len());
        index.extend(new.map(|(at, entry)| (json[entry.start..entry.colon].into(), at)));
    }
}

/// Whether a key with its quotes may mean something to the service or the SDK.
pub(super) fn is_special(key: &[u8]) -> bool {
    key.get(1) == Some(&b'$') || key.starts_with(b"\"distinct_id\"")
}

/// The bit of a key in [`Properties::keys`].
pub(super) fn bit_of(hash: u32) -> u64 {
    1 << (hash % 64)
}

/// Tells most keys apart at a glance. Equal keys have equal hashes; who may choose keys freely gains nothing by a clash,
/// for with many of them the [index](INDEX_FROM) decides.
pub(super) fn hash_of(key: &[u8]) -> u32 {
    let (first, last) =
        if let (Some(first), Some(last)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
            (
                u64::from(u32::from_le_bytes(*first)),
                u64::from(u32::from_le_bytes(*last)),
            )
        } else {
            (key.get(1).map_or(0, |only| u64::from(*only)), 0)
        };
    let mixed =
        (first ^ last.rotate_left(29) ^ key.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // The upper half depends on every bit.
    (mixed >> 32) as u32
}
