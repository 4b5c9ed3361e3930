//! What others may know of the properties without a copy.

use super::{Properties, bit_of, hash_of};

impl Properties {
    /// A bit for each key: what has no bit in common has no key in common.
    pub(crate) fn key_bits(&self) -> u64 {
        self.keys
    }

    /// The keys, with their quotes, and the bit of each.
    pub(crate) fn keys_and_bits(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.entries
            .iter()
            .map(|entry| (&self.json[entry.start..entry.colon], bit_of(entry.hash)))
    }

    /// Whether there is one of that key, which has its quotes.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        self.find(key, hash_of(key)).is_some()
    }

    /// As [`Self::iter`], as text, which is checked once for all; and whether no key or value has an escape in it.
    pub(crate) fn texts(&self) -> (bool, impl Iterator<Item = (&str, &str)>) {
        let text = str::from_utf8(&self.json).unwrap_or_default();
        let texts = self.entries.iter().filter_map(move |entry| {
            let key = text.get(entry.start..entry.colon)?;
            Some((key, text.get(entry.colon + 1..entry.end)?))
        });
        (!self.json.contains(&b'\\'), texts)
    }
}
