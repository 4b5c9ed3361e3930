//! The order of the keys of tags.

use crate::{json::read_text, merge::bare};
use std::cmp::Ordering;

/// A key as JSON has it, with its quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// The first bytes of what stands between the quotes: they tell most keys apart, by one comparison.
    pub(super) prefix: u64,
    pub(super) text: &'a [u8],
}

impl<'a> Key<'a> {
    #[inline]
    pub(super) fn new(text: &'a [u8]) -> Self {
        let bytes = bare(text);
        let first = bytes.first_chunk().copied().unwrap_or_else(|| {
            // Nothing comes before a key that is a part of it, and no byte of JSON text is 0.
            let mut first = [0; 8];
            first[..bytes.len()].copy_from_slice(bytes);
            first
        });
        Self {
            prefix: u64::from_be_bytes(first),
            text,
        }
    }

    /// Whether there is an escape in it.
    #[inline]
    pub(super) fn has_escape(self) -> bool {
        let bytes = bare(self.text);
        let Some(last) = bytes.last_chunk() else {
            return has_backslash(self.prefix);
        };
        let (blocks, _) = bytes.as_chunks();
        let mut blocks = blocks.iter().chain([last]);
        blocks.any(|block| has_backslash(u64::from_ne_bytes(*block)))
    }

    /// By the text itself: neither quotes nor escapes count.
    #[inline]
    pub(super) fn cmp(self, other: Self, has_escapes: bool) -> Ordering {
        if !has_escapes && self.prefix != other.prefix {
            return self.prefix.cmp(&other.prefix);
        }
        self.cmp_text(other, has_escapes)
    }

    #[inline(never)]
    fn cmp_text(self, other: Self, has_escapes: bool) -> Ordering {
        if has_escapes {
            return read_text(self.text).cmp(&read_text(other.text));
        }
        bare(self.text).cmp(bare(other.text))
    }
}

/// Whether one of eight bytes is a backslash: all of them at once.
#[inline]
fn has_backslash(bytes: u64) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // A byte that was one is 0, and taking 1 from it borrows: only there the upper bit comes up.
    let others = bytes ^ u64::from_ne_bytes([b'\\'; 8]);
    others.wrapping_sub(EACH) & !others & (EACH << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::json::write_text;
    use std::cmp::Ordering;

    fn quoted(text: &str) -> Vec<u8> {
        let mut key = Vec::new();
        write_text(&mut key, text);
        key
    }

    #[test]
    fn ctx_49_keys_are_in_the_order_of_their_text() {
        let texts = [
            "",
            " ",
            "!",
            "#",
            "a",
            "a b",
            "ab",
            "ab ",
            "ab!",
            "abcdefg",
            "abcdefgh",
            "abcdefghi",
            "abcdefgi",
            "é",
            "\u{10000}",
            "z\u{0}",
            "z\"",
            "z\\",
            "z\n",
            "z ",
            "z]",
            "z",
        ];
        for a in texts {
            for b in texts {
                let (one, other) = (quoted(a), quoted(b));
                let (one, other) = (Key::new(&one), Key::new(&other));
                let has_escapes = one.has_escape() || other.has_escape();
                assert_eq!(one.cmp(other, has_escapes), a.cmp(b), "{a:?} and {b:?}");
                assert_eq!(one == other, a.cmp(b) == Ordering::Equal, "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn ctx_49_an_escape_is_found_wherever_it_stands() {
        for length in 1..40 {
            for at in 0..length {
                for byte in ['\u{1}', '"', '\\', '[', ']', '\u{7f}', '\u{dc}', '\u{15c}'] {
                    let mut text = "x".repeat(length);
                    text.replace_range(at..=at, &byte.to_string());
                    let key = quoted(&text);
                    let expected = key.contains(&b'\\');
                    assert_eq!(Key::new(&key).has_escape(), expected, "{text:?}");
                }
            }
        }
    }
}
