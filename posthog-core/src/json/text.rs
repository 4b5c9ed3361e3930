//! Strings as JSON.

/// Appends `text` as a JSON string, quotes included.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    while let Some(plain) = first_to_escape(&bytes[written..]) {
        let at = written + plain;
        out.extend_from_slice(&bytes[written..at]);
        written = at + 1;
        match bytes[at] {
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
    out.push(b'"');
}

/// Where the first byte is that JSON wants escaped: a control character, a quote or a backslash.
///
/// Most text has none, so it is looked at eight bytes at a time: a byte `b` of the word gets its highest bit set where
/// `b < 0x20` or where `b ^ '"'` or `b ^ '\\'` is zero (the well-known test `(x - 1) & !x` for a zero byte).
fn first_to_escape(bytes: &[u8]) -> Option<usize> {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let is_zero = |word: u64| word.wrapping_sub(each(1)) & !word;
    let (words, _) = bytes.as_chunks::<8>();
    let suspect = words.iter().position(|word| {
        let word = u64::from_ne_bytes(*word);
        let control = word.wrapping_sub(each(0x20)) & !word;
        (control | is_zero(word ^ each(b'"')) | is_zero(word ^ each(b'\\'))) & each(0x80) != 0
    });
    // A borrow can make a byte suspect that is none, so the bytes themselves decide, from that word on.
    let from = suspect.unwrap_or(words.len()) * 8;
    let found = bytes[from..]
        .iter()
        .position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    found.map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::{first_to_escape, write_text};

    #[test]
    fn what_needs_an_escape_is_found_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in 0..24 {
                let mut bytes = [0x21, 0x80, 0xff, 0x20, 0x7f, 0x23, 0x5b, 0x5d].repeat(3);
                bytes[at] = byte;
                let needed = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(
                    first_to_escape(&bytes),
                    needed.then_some(at),
                    "{byte:#x} at {at}"
                );
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
