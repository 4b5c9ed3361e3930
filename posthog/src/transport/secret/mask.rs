//! Finds the key in bytes that come in pieces, and writes `*` over it.
//!
//! Nothing is held back: an answer may end in what is the beginning of the key, and who waits for more would wait in vain.
//! So where a piece ends amid what could be the key, that is masked at once, but for its first [`SHOWN`] bytes. The length
//! stays, and with it what frames an answer.

/// A shorter key is none that the service gives out (those have 47 bytes), and could be a word of HTTP itself.
const SHORTEST: usize = 8;
/// Every project key begins with these bytes: `phc_`.
const SHOWN: usize = 4;
const MASKED: u8 = b'*';

/// Where the bytes so far have ended.
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// So many bytes of the key, from its first, are the last ones that came.
    begun: usize,
}

impl Mask {
    /// Masks the key in the next bytes, in whatever case it is written.
    pub(super) fn apply(&mut self, key: &str, bytes: &mut [u8]) {
        let key = key.as_bytes();
        if key.len() < SHORTEST || bytes.is_empty() {
            return;
        }
        let begun = self.begun.min(key.len() - 1);
        // An occurrence that began earlier began within these, or they would be longer.
        let mut seen = key[..begun].to_vec();
        seen.extend_from_slice(bytes);
        for at in 0..=seen.len().saturating_sub(key.len()) {
            if seen[at..].len() >= key.len() && seen[at..at + key.len()].eq_ignore_ascii_case(key) {
                bytes[at.saturating_sub(begun)..at + key.len() - begun].fill(MASKED);
            }
        }
        let ends_with = |length: &usize| {
            seen.len() >= *length
                && seen[seen.len() - length..].eq_ignore_ascii_case(&key[..*length])
        };
        self.begun = (1..key.len()).rev().find(ends_with).unwrap_or_default();
        let of_these = (self.begun.saturating_sub(SHOWN)).min(bytes.len());
        let end = bytes.len();
        bytes[end - of_these..].fill(MASKED);
    }
}

#[cfg(test)]
mod tests {
    use super::{Mask, SHOWN};

    const KEY: &str = "phc_Unspeakable42_phc_Uns";

    /// What is seen of this where it comes in pieces of such lengths, the last one for the rest.
    fn seen(text: &str, pieces: &[usize]) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let (mut mask, mut rest) = (Mask::default(), &mut bytes[..]);
        for length in pieces.iter().chain([&usize::MAX]) {
            let (piece, after) = rest.split_at_mut((*length).min(rest.len()));
            mask.apply(KEY, piece);
            rest = after;
        }
        String::from_utf8(bytes).expect("ASCII")
    }

    /// No more than the beginning that every key has.
    fn is_masked(seen: &str) -> bool {
        !seen
            .to_ascii_lowercase()
            .contains(&KEY[..=SHOWN].to_ascii_lowercase())
            && !seen.contains("speak")
            && !seen.contains("able42")
    }

    #[test]
    fn dlv_144_the_key_is_masked_wherever_the_pieces_end() {
        let text = format!(
            "a{KEY}b{KEY}{KEY} phc_{KEY}phc_ {}",
            KEY.to_ascii_uppercase()
        );
        let whole = seen(&text, &[]);
        assert_eq!(whole.len(), text.len());
        assert!(is_masked(&whole), "{whole}");
        for first in 1..text.len() {
            for second in 1..text.len() - first {
                let seen = seen(&text, &[first, second]);
                assert!(
                    seen.len() == text.len() && is_masked(&seen),
                    "{first} {second}: {seen}"
                );
            }
        }
        for length in 1..KEY.len() * 2 {
            let seen = seen(&text, &vec![length; text.len()]);
            assert!(is_masked(&seen), "{length}: {seen}");
        }
    }

    #[test]
    fn dlv_144_what_is_not_the_key_stays_as_it_is() {
        for text in [
            "",
            "p",
            "phc",
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "phc_Unspeakable42_phc_Unx",
        ] {
            assert_eq!(seen(text, &[]), text);
        }
        // Nor is what comes after what might have become one.
        assert_eq!(seen("phc_Unspoken", &[8]), "phc_****oken");
        // A key that could be a word of HTTP is none.
        let mut bytes = *b"HTTP/1.1 200 OK";
        Mask::default().apply("200", &mut bytes);
        assert_eq!(&bytes, b"HTTP/1.1 200 OK");
    }
}
