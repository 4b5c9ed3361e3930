//! Taking JSON apart without reading its values.
//!
//! It is JSON that the SDK wrote or has read before: only as much of it is looked at as its parts need to be found.

use super::read_text;
use std::borrow::Cow;

/// The entries of an object in their order, if it is one, with each value as it is written.
pub(crate) fn entries(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    parts(json, '{', '}')?
        .into_iter()
        .map(|entry| {
            let (key, value) = split_at(entry, b':')?;
            Some((text(key)?, value))
        })
        .collect()
}

/// The elements of an array, if it is one, each as it is written.
pub(crate) fn elements(json: &str) -> Option<Vec<&str>> {
    parts(json, '[', ']')
}

/// What stands between two brackets, by commas.
fn parts(json: &str, open: char, close: char) -> Option<Vec<&str>> {
    let inside = json.trim_ascii().strip_prefix(open)?.strip_suffix(close)?;
    let mut parts = Vec::new();
    let mut rest = inside.trim_ascii();
    while !rest.is_empty() {
        let (part, behind) = split_at(rest, b',').unwrap_or((rest, ""));
        parts.push(part);
        rest = behind;
    }
    Some(parts)
}

/// What stands before and behind the first `separator` that is in no text and in no container.
fn split_at(json: &str, separator: u8) -> Option<(&str, &str)> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let at = json.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && byte == separator,
        }
        false
    })?;
    let (before, behind) = (json.get(..at)?, json.get(at + 1..)?);
    Some((before.trim_ascii(), behind.trim_ascii()))
}

/// Borrowed where it has no escapes.
fn text(json: &str) -> Option<Cow<'_, str>> {
    if json.contains('\\') {
        return read_text(json.as_bytes()).map(Cow::Owned);
    }
    let bare = json.strip_prefix('"')?.strip_suffix('"')?;
    Some(Cow::Borrowed(bare))
}

#[cfg(test)]
mod tests {
    use super::{elements, entries};

    #[test]
    fn what_a_container_holds_is_given_as_it_is_written() {
        let json =
            r#" { "a\u0062" : [ 1, {"c": "]},:\"\\" } ] , "d":-1.50e1 , "a b" : "\n", ",":"" } "#;
        let expected = [
            ("ab".into(), r#"[ 1, {"c": "]},:\"\\" } ]"#),
            ("d".into(), "-1.50e1"),
            ("a b".into(), r#""\n""#),
            (",".into(), "\"\""),
        ];
        assert_eq!(entries(json).unwrap_or_default(), expected);
        assert_eq!(
            elements(r#"[ null , [ ] ,"a", {"b":[0,1]},2]"#).unwrap_or_default(),
            ["null", "[ ]", "\"a\"", r#"{"b":[0,1]}"#, "2"]
        );
        assert_eq!(entries("{}"), Some(Vec::new()));
        assert_eq!(elements(" [ ] "), Some(Vec::new()));
        for json in ["", "1", "\"a\"", "null", "{", "}"] {
            assert_eq!(entries(json), None, "{json}");
            assert_eq!(elements(json), None, "{json}");
        }
        assert_eq!((entries("[]"), elements("{}")), (None, None));
        for json in [r#"{"a"}"#, "{a:1}", r#"{"a\":1}"#] {
            assert_eq!(entries(json), None, "{json}");
        }
    }
}
