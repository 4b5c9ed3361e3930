//! Trimming what rarely has anything to trim.

/// As `str::trim`, and at once for text that begins and ends with a visible ASCII character, as nearly every ID does.
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::trimmed;

    #[test]
    fn cap_42_what_is_trimmed_is_what_the_standard_library_trims() {
        let parts = [
            "", "a", "~", "!", " ", "\t", "\u{a0}", "\u{85}", "\u{2003}", "é", "\0", "\u{7f}",
        ];
        for first in parts {
            for middle in parts {
                for last in parts {
                    let text = [first, middle, last].concat();
                    assert_eq!(trimmed(&text), text.trim(), "{text:?}");
                }
            }
        }
    }
}
