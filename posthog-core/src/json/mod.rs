//! Values as JSON text, cleaned on the way so that one odd value never costs an event or a batch.
//!
//! A value is written once, where it is given. What JSON cannot say is replaced (CAP-51, CAP-52), what nests too
//! deeply is cut off (CAP-54), and a value that fails to serialize is an error for its own property only (CAP-53).

mod encoder;
mod key;
mod read;
mod split;
mod text;

pub(crate) use encoder::{Encoder, Replaced};
pub(crate) use read::{read, read_text};
pub(crate) use split::{elements, entries};
pub(crate) use text::write_text;

/// A value could not be written. What its type says about that may quote the value, so it is kept nowhere (DLV-144).
#[derive(Debug)]
pub(crate) struct EncodeError;

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the value failed to serialize")
    }
}

impl std::error::Error for EncodeError {}

impl serde::ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}
