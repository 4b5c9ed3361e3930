//! Reading JSON that the SDK wrote, or was sent.

use serde_json::Value;

/// The value, if it is JSON.
///
/// All JSON is read as this one type, and as bytes: `serde_json`'s reading is compiled anew for each type, which made tens of
/// kilobytes of each program.
pub(crate) fn read(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json).ok()
}

/// The text, if it is the JSON of one.
pub(crate) fn read_text(json: &[u8]) -> Option<String> {
    match read(json)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}
