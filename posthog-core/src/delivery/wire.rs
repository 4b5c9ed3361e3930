//! From a batch to a request.

use super::{batch::Batch, compression::Compression, events::Events, form::Form, v0, v1};
use crate::{
    fresh_uuid::fresh_uuid, names, notice, timestamp::Timestamp, transport::Request,
    user_code::caught,
};
use std::{
    io,
    time::{Duration, SystemTime},
};

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
    /// How long the head of a body is, which is the same at any time.
    pub(super) fn head_bytes(&self) -> usize {
        let time = SystemTime::UNIX_EPOCH;
        self.head(time, time).len()
    }

    /// What a body begins with, up to its events.
    fn head(&self, created: SystemTime, now: SystemTime) -> Vec<u8> {
        match self.form {
            Form::V0 | Form::Ai => v0::head(&self.key, self.historical_migration, now),
            Form::V1 => v1::head(created, self.historical_migration),
        }
    }

    /// The body with these events as it is sent, and its `Content-Encoding`, if any.
    fn body(&self, events: &mut Events, head: &[u8]) -> (Vec<u8>, Option<&'static str>) {
        let body = events.lend_body(head);
        // The body is all that there is of the events: it comes back whatever the compressor does (DLV-36).
        let compressed = caught(|| self.compression.compress(&body));
        match compressed.unwrap_or_else(|| Err(io::Error::other("the compressor panicked"))) {
            Ok(None) => (body, None),
            Ok(Some((sent, encoding))) => {
                events.take_back(body);
                (sent, Some(encoding))
            }
            Err(error) => {
                // Nothing is out while the logger runs.
                events.take_back(body);
                notice::warn_each(format_args!("a request is sent uncompressed: {error}"));
                (events.lend_body(head), None)
            }
        }
    }

    /// The next request for a batch (DLV-70, DLV-93). Its body may be the batch's own, and has to go
    /// [back](Events::take_back).
    pub(super) fn request(&self, batch: &mut Batch, now: SystemTime, timeout: Duration) -> Request {
        let created = *batch.created.get_or_insert(now);
        let id = *batch.request_id.get_or_insert_with(fresh_uuid);
        let (body, encoding) = match (self.form, batch.body.take()) {
            (Form::V1, Some((body, encoding))) => (body, Some(encoding)),
            _ => self.body(&mut batch.events, &self.head(created, now)),
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
            batch.body = encoding.map(|encoding| (body.clone(), encoding));
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

#[cfg(test)]
mod tests {
    use super::{Batch, Compression, Form, Wire};
    use crate::delivery::queue::{Incoming, Queue};
    use std::time::{Duration, SystemTime};
    use uuid::Uuid;

    #[test]
    fn dlv_82_a_body_that_no_compressor_takes_is_sent_as_it_is() {
        let broken = [Compression::Failing, Compression::Panicking];
        let cases = broken.map(|compression| [Form::V0, Form::V1].map(|form| (form, compression)));
        for (form, compression) in cases.into_iter().flatten() {
            let wire = Wire {
                form,
                url: String::new(),
                key: "phc_key".to_owned(),
                historical_migration: false,
                compression,
            };
            let mut queue =
                Queue::new(usize::MAX, usize::MAX).with_room_for_head(wire.head_bytes());
            for json in ["{\"n\":1}", "{\"n\":2}"] {
                let event = Incoming {
                    json: json.as_bytes(),
                    uuid: Uuid::nil(),
                    stack: None,
                };
                assert!(queue.push(event, || Duration::ZERO).is_ok());
            }
            let mut batch = Batch::new(queue.cut(2, usize::MAX, false), Duration::ZERO);
            for _attempt in 0..2 {
                let request = wire.request(&mut batch, SystemTime::UNIX_EPOCH, Duration::ZERO);
                assert!(request.body.ends_with(b"\"batch\":[{\"n\":1},{\"n\":2}]}"));
                let mut names = request.headers.iter().map(|(name, _)| *name);
                assert!(names.all(|name| name != "Content-Encoding"));
                batch.events.take_back(request.body);
            }
            let each: Vec<_> = batch
                .events
                .each()
                .iter()
                .map(|event| &*event.json)
                .collect();
            assert_eq!(each, [b"{\"n\":1}", b"{\"n\":2}"]);
        }
    }
}
