//! The V0 wire format: `POST /batch/`, and the same body for AI events.

use super::batch::Queued;
use crate::{json::write_text, timestamp::Timestamp};
use std::time::SystemTime;

/// The body of a batch (DLV-100). `now` becomes `sent_at`, which is new for each attempt.
pub(super) fn body(
    events: &[Queued],
    key: &str,
    historical_migration: bool,
    now: SystemTime,
) -> Vec<u8> {
    let bytes: usize = events.iter().map(|event| event.json.len() + 1).sum();
    let mut body = Vec::with_capacity(bytes + key.len() + 128);
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
    write_events(&mut body, events);
    body.push(b'}');
    body
}

/// The events as an array.
pub(super) fn write_events(body: &mut Vec<u8>, events: &[Queued]) {
    for (at, event) in events.iter().enumerate() {
        body.push(if at == 0 { b'[' } else { b',' });
        body.extend_from_slice(&event.json);
    }
    body.push(b']');
}
