//! Strings as JSON.

use super::EncodeError;
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

/// Appends text that is put together as it is written. Where it reports an error, some of it stands already.
pub(super) fn write_formatted(
    out: &mut Vec<u8>,
    text: fmt::Arguments<'_>,
) -> Result<(), EncodeError> {
    out.push(b'"');
    fmt::write(&mut TextPart(out), text).map_err(<EncodeError as serde::ser::Error>::custom)?;
    out.push(b'"');
    Ok(())
}

/// Takes the parts of a JSON string.
struct TextPart<'a>(&'a mut Vec<u8>);

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

/// Whether nothing in it needs an escape. Most text is plain, so it is looked at sixteen bytes at a time.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    // Blocks overlap where the length is no multiple of their size.
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) if bytes.len() <= 32 => !has_escape(first) & !has_escape(last),
        (_, Some(last)) => is_plain_but_for_last(bytes) && !has_escape(last),
        (_, None) => is_plain_short(bytes),
    }
}

/// As [`is_plain`], but for the last block.
fn is_plain_but_for_last(bytes: &[u8]) -> bool {
    let (blocks, _) = bytes.as_chunks();
    !blocks.iter().any(has_escape)
}

/// As [`is_plain`], for what is shorter than a block.
fn is_plain_short(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let [first, last] = [*first, *last].map(u64::from_ne_bytes);
        !word_has_escape(first) & !word_has_escape(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [*first, *last].map(|half| u64::from(u32::from_ne_bytes(half)));
        !word_has_escape(first << 32 | last)
    } else {
        !bytes.iter().any(|byte| needs_escape(*byte))
    }
}

/// As [`has_escape`], for eight bytes. Not by a block that they are put in: the compiler may do that byte by byte.
#[inline]
fn word_has_escape(word: u64) -> bool {
    const EACH: u64 = u64::MAX / 0xFF;
    // Not 0 if any byte is 0.
    let any_zero = |word: u64| word.wrapping_sub(EACH) & !word & (EACH << 7);
    let quote = any_zero(word ^ (EACH * u64::from(b'"')));
    let backslash = any_zero(word ^ (EACH * u64::from(b'\\')));
    let control = any_zero(word & (EACH * 0b1110_0000));
    quote | backslash | control != 0
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

#[cfg(test)]
mod tests {
    use super::{is_plain, write_text};

    #[test]
    fn what_needs_an_escape_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in 0..40 {
                let mut bytes = [0x21, 0x80, 0xff, 0x20, 0x7f, 0x23, 0x5b, 0x5d].repeat(5);
                bytes[at] = byte;
                let needed = byte < 0x20 || byte == b'"' || byte == b'\\';
                for length in at + 1..=40 {
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
