//! The V0 wire format: `POST /batch/`.

use super::{compression::Compression, queue::Queued};
use crate::{json::write_text, timestamp::Timestamp, transport::Request};
use std::time::{Duration, SystemTime};

/// Where batches go, below the host (DLV-14).
pub(super) const PATH: &str = "/batch/";

/// Builds the requests of one lane.
pub(super) struct Wire {
    pub(super) url: String,
    /// The key, for the body only.
    pub(super) key: String,
    pub(super) historical_migration: bool,
    pub(super) compression: Compression,
}

impl Wire {
    /// A request for a batch (DLV-70, DLV-100). `now` becomes `sent_at`, which is new for each attempt.
    pub(super) fn request(&self, events: &[Queued], now: SystemTime, timeout: Duration) -> Request {
        let bytes: usize = events.iter().map(|event| event.json.len() + 1).sum();
        let mut body = Vec::with_capacity(bytes + self.key.len() + 128);
        body.extend_from_slice(b"{\"api_key\":");
        write_text(&mut body, &self.key);
        body.extend_from_slice(b",\"historical_migration\":");
        body.extend_from_slice(if self.historical_migration {
            b"true"
        } else {
            b"false"
        });
        body.extend_from_slice(b",\"sent_at\":\"");
        Timestamp::now(now).write(&mut body);
        body.extend_from_slice(b"\",\"batch\":[");
        for (at, event) in events.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&event.json);
        }
        body.extend_from_slice(b"]}");
        let (body, encoding) = self.compression.apply(body);
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            (
                "User-Agent",
                concat!("posthog-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
        ];
        headers.extend(encoding.map(|encoding| ("Content-Encoding", encoding.to_owned())));
        Request {
            url: self.url.clone(),
            headers,
            body,
            timeout,
        }
    }
}
