//! Reading JSON that the SDK wrote, or was sent.

use serde_json::Value;
use std::str;

/// The value, if it is JSON.
///
/// All JSON is read as this one type, and by the only way of reading that `serde_json` has compiled itself: each other one
/// would be compiled again here, for tens of kilobytes and a second of each build.
pub(crate) fn read(json: &[u8]) -> Option<Value> {
    str::from_utf8(json).ok()?.parse().ok()
}

/// The text, if it is the JSON of one.
pub(crate) fn read_text(json: &[u8]) -> Option<String> {
    match read(json)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
