//! The V0 wire format: `POST /batch/`, and the same body for AI events.

use super::events::Events;
use crate::{json::write_text, timestamp::Timestamp};
use std::time::SystemTime;

/// The body of a batch (DLV-100). `now` becomes `sent_at`, which is new for each attempt.
pub(super) fn body(
    events: &Events,
    key: &str,
    historical_migration: bool,
    now: SystemTime,
) -> Vec<u8> {
    let mut body = Vec::with_capacity(events.bytes_as_array() + key.len() + 128);
    body.extend_from_slice(b"{\"api_key\":");
    write_text(&mut body, key);
    body.extend_from_slice(b",\"historical_migration\":");
    body.extend_from_slice(if historical_migration {
        b"true"
    } else {
        b"false"
    });
    body.extend_from_slice(b",\"sent_at\":\"");
    Timestamp::now(now).write(&mut body);
    body.extend_from_slice(b"\",\"batch\":");
    events.write_array(&mut body);
    body.push(b'}');
    body
}
