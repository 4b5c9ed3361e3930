//! What others may know of the properties without a copy.

use super::{
    Properties,
    keys::{bit_of, hash_of},
};

impl Properties {
    /// A bit for each key: what has no bit in common has no key in common.
    pub(crate) fn key_bits(&self) -> u64 {
        if self.hashed {
            return self.keys;
        }
        self.keys_and_bits().fold(0, |bits, (_, bit)| bits | bit)
    }

    /// The keys, with their quotes, and the bit of each.
    pub(crate) fn keys_and_bits(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.entries.iter().map(|entry| {
            let key = &self.json[entry.start..entry.colon];
            let hash = if self.hashed {
                entry.hash
            } else {
                hash_of(key)
            };
            (key, bit_of(hash))
        })
    }

    /// Whether there is one of that key, which has its quotes.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        self.find(key, hash_of(key)).is_some()
    }
}
