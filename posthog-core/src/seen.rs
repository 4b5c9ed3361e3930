//! Keys that were seen before.

use std::collections::HashSet;

/// A set of keys.
pub(crate) struct Seen<'a> {
    /// A bit for each: what has another has not been seen.
    bits: u64,
    keys: Keys<'a>,
}

/// Few keys are compared one by one, which beats a hash; many go by a hash.
enum Keys<'a> {
    Few(Vec<&'a [u8]>),
    Many(HashSet<&'a [u8]>),
}

/// More than this are many.
const FEW: usize = 48;

impl<'a> Seen<'a> {
    pub(crate) fn new() -> Self {
        Self {
            bits: 0,
            keys: Keys::Few(Vec::with_capacity(32)),
        }
    }

    /// Whether it is there.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        self.bits & bit(key) != 0
            && match &self.keys {
                Keys::Few(keys) => keys.contains(&key),
                Keys::Many(keys) => keys.contains(key),
            }
    }

    /// `false` where it was there.
    pub(crate) fn insert(&mut self, key: &'a [u8]) -> bool {
        let bit = bit(key);
        let may_be_there = self.bits & bit != 0;
        self.bits |= bit;
        match &mut self.keys {
            Keys::Few(keys) if keys.len() < FEW => {
                let new = !(may_be_there && keys.contains(&key));
                if new {
                    keys.push(key);
                }
                new
            }
            Keys::Few(keys) => {
                let mut keys: HashSet<_> = keys.drain(..).collect();
                let new = keys.insert(key);
                self.keys = Keys::Many(keys);
                new
            }
            Keys::Many(keys) => keys.insert(key),
        }
    }
}

/// By what is looked at fast; keys that differ in the middle only have the same.
fn bit(key: &[u8]) -> u64 {
    let [first, last] = [key.first(), key.last()].map(|byte| byte.copied().unwrap_or_default());
    let mixed = usize::from(first) + 3 * usize::from(last) + 7 * key.len();
    1 << (mixed % 64)
}

#[cfg(test)]
mod tests {
    use super::{FEW, Seen};

    #[test]
    fn cap_61_a_key_is_new_once_however_many_there_are() {
        let mut keys: Vec<String> = (0..3 * FEW).map(|at| format!("k{}", at * at)).collect();
        keys.extend(["", "a", "aa", "aba", "aca"].map(str::to_owned));
        let mut seen = Seen::new();
        for (at, key) in keys.iter().enumerate() {
            assert!(!seen.has(key.as_bytes()), "{key:?}");
            assert!(seen.insert(key.as_bytes()), "{key:?}");
            for before in &keys[..=at] {
                assert!(seen.has(before.as_bytes()), "{before:?}");
                assert!(!seen.insert(before.as_bytes()), "{before:?}");
            }
        }
    }
}
