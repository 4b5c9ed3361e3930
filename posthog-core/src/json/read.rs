//! Reading JSON that the SDK wrote, or was sent.

use serde::Deserialize;

/// What the JSON says, if it says a `T`.
///
/// All JSON is read as bytes, what is known to be text too: each type's reading is compiled once for bytes and once more for
/// text.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    serde_json::from_slice(json).ok()
}
