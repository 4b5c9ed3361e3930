//! The JSON of queued events, many in one buffer.

use std::{fmt, ops::Deref, ops::Range, sync::Arc};

/// A part of a buffer that several events share.
#[derive(Clone)]
pub(super) struct Bytes {
    buffer: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Bytes {
    pub(super) fn part(buffer: &Arc<Vec<u8>>, range: Range<usize>) -> Self {
        Self {
            buffer: Arc::clone(buffer),
            range,
        }
    }

    /// The buffer, from the last who shares it.
    pub(super) fn into_buffer(self) -> Option<Vec<u8>> {
        Arc::into_inner(self.buffer)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self {
            buffer: Arc::new(bytes),
            range,
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

impl fmt::Debug for Bytes {
    /// Not what is in it (DLV-144).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bytes").field(&self.len()).finish()
    }
}
