//! From a batch to a request.

use super::{batch::Batch, compression::Compression, form::Form, v0, v1};
use crate::{fresh_uuid::fresh_uuid, names, timestamp::Timestamp, transport::Request};
use std::time::{Duration, SystemTime};

/// Builds the requests of one lane.
pub(super) struct Wire {
    pub(super) form: Form,
    pub(super) url: String,
    /// The key, for the request only.
    pub(super) key: String,
    pub(super) historical_migration: bool,
    pub(super) compression: Compression,
}

impl Wire {
    /// The next request for a batch (DLV-70, DLV-93).
    pub(super) fn request(&self, batch: &mut Batch, now: SystemTime, timeout: Duration) -> Request {
        let created = *batch.created.get_or_insert(now);
        let id = *batch.request_id.get_or_insert_with(fresh_uuid);
        let (body, encoding) = match (self.form, batch.body.take()) {
            (Form::V1, Some(body)) => body,
            (Form::V1, None) => {
                self.compression
                    .apply(v1::body(&batch.events, created, self.historical_migration))
            }
            (Form::V0 | Form::Ai, _) => self.compression.apply(v0::body(
                &batch.events,
                &self.key,
                self.historical_migration,
                now,
            )),
        };
        let agent = format!("{}/{}", names::LIBRARY, env!("CARGO_PKG_VERSION"));
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", agent.clone()),
        ];
        headers.extend(encoding.map(|encoding| ("Content-Encoding", encoding.to_owned())));
        if self.form == Form::V1 {
            // Only the attempt and the time of the request are new with each attempt (DLV-110, DLV-111).
            headers.extend([
                ("Authorization", format!("Bearer {}", self.key)),
                ("PostHog-Sdk-Info", agent),
                ("PostHog-Attempt", (batch.attempts + 1).to_string()),
                ("PostHog-Request-Id", id.to_string()),
                ("PostHog-Request-Timestamp", Timestamp::now(now).to_string()),
            ]);
            batch.body = Some((body.clone(), encoding));
        }
        Request {
            url: self.url.clone(),
            headers,
            body,
            timeout,
            key: self.key.clone(),
        }
    }
}
