//! What the service says of one event in V1 (capture.md section 13, DLV-119).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::check;

/// A result, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    result: String,
    details: String,
}

impl Verdict {
    /// An empty result leaves the event out of the answer; empty details are left out as well.
    pub(crate) fn new(result: &str, details: &str) -> Self {
        Self {
            result: result.to_owned(),
            details: details.to_owned(),
        }
    }

    pub(crate) fn of(event: &Value) -> Self {
        match fault(event) {
            Some(details) => Self::new("drop", details),
            None if has_illegal_id(event) => Self::new("warning", "person_processing_disabled"),
            None => Self::new("ok", ""),
        }
    }

    /// Whether the service has the event.
    pub(crate) fn accepts(&self) -> bool {
        !matches!(self.result.as_str(), "drop" | "retry")
    }

    pub(crate) fn as_json(&self) -> Option<Value> {
        let Self { result, details } = self;
        match (result.is_empty(), details.is_empty()) {
            (true, _) => None,
            (false, true) => Some(json!({ "result": result })),
            (false, false) => Some(json!({ "result": result, "details": details })),
        }
    }
}

/// Why the service throws the event away, if it does.
fn fault(event: &Value) -> Option<&'static str> {
    let text = |field: &str| event.get(field).and_then(Value::as_str);
    let name = text("event").unwrap_or_default();
    let id = text("distinct_id").unwrap_or_default().trim();
    let time = text("timestamp").and_then(|time| time.parse::<Timestamp>().ok());
    if name.is_empty() {
        Some("missing_event_name")
    } else if name.len() > MAX_TEXT_BYTES {
        Some("event_name_too_long")
    } else if name == "$performance_event" {
        Some("dropped_performance_event")
    } else if id.is_empty() {
        Some("missing_distinct_id")
    } else if id.len() > MAX_TEXT_BYTES {
        Some("distinct_id_too_large")
    } else if time.is_none() {
        Some("invalid_event_timestamp")
    } else if !event.get("options").is_none_or(options_are_typed) {
        Some("invalid_options")
    } else if !event.get("properties").is_some_and(Value::is_object) {
        Some("malformed_event_properties")
    } else if !check::fits_into_a_message(event) {
        Some("event_too_big")
    } else {
        None
    }
}

/// A mistyped option costs the event, and with older servers the request (DLV-115).
fn options_are_typed(options: &Value) -> bool {
    let typed = |options: &Map<String, Value>| {
        options.iter().all(|(name, value)| match name.as_str() {
            "process_person_profile" | "cookieless_mode" | "disable_skew_correction" => {
                value.is_boolean()
            }
            "product_tour_id" => value.is_string(),
            _ => true,
        })
    };
    options.as_object().is_some_and(typed)
}

/// Ids that stand for nobody (CAP-120).
fn has_illegal_id(event: &Value) -> bool {
    let id = event.get("distinct_id").and_then(Value::as_str);
    let id = id.unwrap_or_default().trim().to_lowercase();
    let quoted = |mark| id.strip_prefix(mark).and_then(|id| id.strip_suffix(mark));
    let bare = quoted('"').or_else(|| quoted('\'')).unwrap_or(&id);
    ILLEGAL_IDS.contains(&bare)
}

const MAX_TEXT_BYTES: usize = 200;
const ILLEGAL_IDS: [&str; 20] = [
    "0",
    "00000000-0000-0000-0000-000000000000",
    "[object object]",
    "anonymous",
    "anonymous-user",
    "backend",
    "distinct_id",
    "distinctid",
    "email",
    "false",
    "guest",
    "id",
    "nan",
    "none",
    "not_authenticated",
    "null",
    "system",
    "true",
    "undefined",
    "user",
];
