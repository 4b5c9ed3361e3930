//! The limits that the service enforces, and those that keep what the SDK sends acceptable (capture.md, section 13).

/// The most bytes that an event's name may have; a longer one is cut (CAP-32).
pub const EVENT_NAME_BYTES: usize = 200;
/// How long a distinct ID may be; the event of a longer one is dropped (CAP-44).
pub const DISTINCT_ID: usize = 200;
/// The most bytes that an AI event may have (DLV-131).
pub const AI_EVENT_BYTES: usize = 8 << 20;
/// The most characters that the key of a group may have.
pub const GROUP_KEY_CHARS: usize = 400;
/// How deeply containers in a value may nest; deeper ones become `null` (CAP-54).
///
/// The service's parser stops at 128 levels and then refuses the whole request.
pub const VALUE_DEPTH: usize = 64;
/// The most bytes that a project key may have.
pub const API_KEY_BYTES: usize = 64;
/// The most bytes of an event's JSON and its escapes together (DLV-26).
///
/// The service embeds the event as a string in a message of about 1,000,000 bytes.
pub const ESCAPED_EVENT_BYTES: usize = 960_000;
/// The most bytes of an exception's text (EXC-14).
pub const EXCEPTION_VALUE_BYTES: usize = 10_000;
/// The most bytes of an exception's type (EXC-14).
pub const EXCEPTION_TYPE_BYTES: usize = 255;
/// The most entries of `$exception_list` (EXC-22).
pub const EXCEPTION_ENTRIES: usize = 50;

/// The most frames of a stack (EXC-59).
pub const FRAMES: usize = 64;
/// The most frames of a stack that would make its event too large otherwise (EXC-96).
pub const FRAMES_IF_LARGE: usize = 16;
/// The most bytes that a stack adds to its event, which is queued without: batches are cut with room for it.
pub const STACK_BYTES: usize = 32 << 10;
/// The most bytes of the name of a function or file in a frame.
pub const FRAME_TEXT_BYTES: usize = 1000;

/// The longest start of `text` that has at most `bytes` bytes and ends between two characters.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rfind(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", 99), "aé");
        assert_eq!(cut("é", 1), "");
    }
}
