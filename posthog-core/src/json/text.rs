//! Strings as JSON.

use std::fmt;

/// Appends `text` as a JSON string, quotes included.
#[inline]
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        write_escaped(out, bytes);
    }
    out.push(b'"');
}

/// Takes the parts of a JSON string whose quotes others write.
pub(super) struct TextPart<'a>(pub(super) &'a mut Vec<u8>);

impl fmt::Write for TextPart<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let bytes = part.as_bytes();
        if is_plain(bytes) {
            self.0.extend_from_slice(bytes);
        } else {
            write_escaped(self.0, bytes);
        }
        Ok(())
    }
}

#[cold]
fn write_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !needs_escape(byte) {
            continue;
        }
        out.extend_from_slice(&bytes[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[
                    HEX[usize::from(control >> 4)],
                    HEX[usize::from(control & 15)],
                ]);
            }
        }
    }
    out.extend_from_slice(&bytes[written..]);
}

/// Whether JSON wants this byte of a string escaped: a control character, a quote or a backslash.
fn needs_escape(byte: u8) -> bool {
    (byte < 0x20) || (byte == b'"') || (byte == b'\\')
}

/// Whether nothing in it needs an escape. Most text is plain, so it is looked at many bytes at a time.
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<16>() else {
        return is_plain_if_short(bytes);
    };
    let (blocks, _) = bytes.as_chunks::<16>();
    // The last block overlaps the one before where the length is no multiple of its size.
    !blocks.iter().any(has_escape) && !has_escape(last)
}

/// Whether any of them needs an escape, in a form that the compiler makes one operation for all of them of.
#[inline]
fn has_escape(block: &[u8; 16]) -> bool {
    // 0 for a quote, for a backslash and for control characters.
    let kind = |byte: u8| (byte ^ b'"').min(byte ^ b'\\').min(byte & 0b1110_0000);
    block
        .iter()
        .fold(false, |any, byte| any | (kind(*byte) == 0))
}

/// Whether nothing in so few bytes needs an escape: eight at a time.
fn is_plain_if_short(bytes: &[u8]) -> bool {
    // The last word overlaps the one before where the length is no multiple of its size.
    if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        !words.iter().any(|word| is_suspect(*word)) && !is_suspect(*last)
    } else if let (Some([a, b, c, d]), Some([e, f, g, h])) =
        (bytes.first_chunk::<4>(), bytes.last_chunk::<4>())
    {
        !is_suspect([*a, *b, *c, *d, *e, *f, *g, *h])
    } else {
        !bytes.iter().any(|byte| needs_escape(*byte))
    }
}

/// Whether a byte of the word needs an escape. Of the bytes that are ASCII, a subtraction sets the highest bit of those
/// that are less than 0x20, and after an exclusive or of those that are a quote or a backslash. It is exact for the word
/// as a whole: a borrow can only come from a byte that has its bit set itself.
fn is_suspect(word: [u8; 8]) -> bool {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let word = u64::from_le_bytes(word);
    let control = word.wrapping_sub(each(0x20));
    let quote = (word ^ each(b'"')).wrapping_sub(each(1));
    let backslash = (word ^ each(b'\\')).wrapping_sub(each(1));
    (control | quote | backslash) & !word & each(0x80) != 0
}

#[cfg(test)]
mod tests {
    use super::{is_plain, write_text};

    #[test]
    fn what_needs_an_escape_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in 0..24 {
                let mut bytes = [0x21, 0x80, 0xff, 0x20, 0x7f, 0x23, 0x5b, 0x5d].repeat(3);
                bytes[at] = byte;
                let needed = byte < 0x20 || byte == b'"' || byte == b'\\';
                for length in at + 1..=24 {
                    assert_eq!(
                        is_plain(&bytes[..length]),
                        !needed,
                        "{byte:#x} at {at} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn text_reads_back_as_it_was() {
        let every_control: String = (0..0x30)
            .map(|n| char::from_u32(n).unwrap_or('?'))
            .collect();
        for text in [
            "",
            "plain",
            "q\"b\\s/",
            "é\u{2028}\u{1F600}",
            &every_control,
        ] {
            let mut out = Vec::new();
            write_text(&mut out, text);
            assert_eq!(
                serde_json::from_slice::<String>(&out).ok().as_deref(),
                Some(text)
            );
        }
    }
}
