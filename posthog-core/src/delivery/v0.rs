//! The V0 wire format: `POST /batch/`, and the same body for AI events.

use crate::{json::write_text, timestamp::Timestamp};
use std::time::SystemTime;

/// What the body of a batch begins with, up to its events (DLV-100). `now` becomes `sent_at`, which is new for each attempt.
pub(super) fn head(key: &str, historical_migration: bool, now: SystemTime) -> Vec<u8> {
    let mut head = Vec::with_capacity(key.len() + 128);
    head.extend_from_slice(b"{\"api_key\":");
    write_text(&mut head, key);
    head.extend_from_slice(b",\"historical_migration\":");
    head.extend_from_slice(if historical_migration {
        b"true"
    } else {
        b"false"
    });
    head.extend_from_slice(b",\"sent_at\":\"");
    Timestamp::now(now).write(&mut head);
    head.extend_from_slice(b"\",\"batch\":[");
    head
}
