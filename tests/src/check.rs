//! What the service refuses: one bad event, and the whole request is lost (DLV-102, capture.md section 13).
//!
//! One function per rule; the first that fails is the answer. What the service repairs or ignores is no concern of this
//! file, though it may break a promise of the SDK.

use axum::http::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::body;

/// The answer to a request of which nothing is accepted.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// The word that V1 has for it (DLV-122).
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            status,
            code,
            reason: reason.into(),
        }
    }

    pub(crate) fn bad_request(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_batch", reason)
    }

    fn unauthorized(reason: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_authorization", reason)
    }
}

/// The body of `/batch/`.
pub(crate) fn batch(body: &Value) -> Result<(), Refusal> {
    batch_is_not_empty(body)?;
    key_of_body_can_be_one(body)?;
    body::events(body).iter().try_for_each(event)
}

/// The body of `/i/v0/ai/batch/`, which has a larger limit for an event, and takes no other events (DLV-131, DLV-133).
pub(crate) fn ai_batch(body: &Value) -> Result<(), Refusal> {
    batch_is_not_empty(body)?;
    key_of_body_can_be_one(body)?;
    body::events(body).iter().try_for_each(|event| {
        event_has_its_parts(event)?;
        name_is_of_ai(event)?;
        if event.to_string().len() > MAX_AI_EVENT_BYTES {
            return Err(too_large());
        }
        Ok(())
    })
}

fn batch_is_not_empty(body: &Value) -> Result<(), Refusal> {
    match body.get("batch") {
        Some(Value::Array(events)) if events.is_empty() => Err(Refusal::bad_request("empty batch")),
        Some(Value::Array(_)) => Ok(()),
        _ => Err(Refusal::bad_request("the body has no array `batch`")),
    }
}

fn key_of_body_can_be_one(body: &Value) -> Result<(), Refusal> {
    match body.get("api_key").and_then(Value::as_str) {
        Some(key) => key_can_be_one(key.trim()),
        None => Err(Refusal::unauthorized("missing api_key")),
    }
}

pub(crate) fn key_can_be_one(key: &str) -> Result<(), Refusal> {
    if key.is_empty() {
        Err(Refusal::unauthorized("empty api_key"))
    } else if key.len() > 64 {
        Err(Refusal::unauthorized("api_key too long"))
    } else if !key.is_ascii() || key.contains('\0') {
        Err(Refusal::unauthorized("api_key with illegal characters"))
    } else if key.starts_with("phx_") {
        Err(Refusal::unauthorized("api_key is a personal key"))
    } else {
        Ok(())
    }
}

fn event(event: &Value) -> Result<(), Refusal> {
    event_has_its_parts(event)?;
    if fits_into_a_message(event) {
        Ok(())
    } else {
        Err(too_large())
    }
}

fn event_has_its_parts(event: &Value) -> Result<(), Refusal> {
    let Value::Object(fields) = event else {
        return Err(Refusal::bad_request("an event is not an object"));
    };
    name_is_not_empty(fields)?;
    let no_properties = Map::new();
    let properties = match fields.get("properties") {
        None | Some(Value::Null) => &no_properties,
        Some(Value::Object(properties)) => properties,
        Some(_) => return Err(Refusal::bad_request("properties are not an object")),
    };
    distinct_id_is_not_blank(fields, properties)?;
    uuid_can_be_parsed(fields)?;
    cookieless_mode_is_a_boolean(properties)
}

fn name_is_of_ai(event: &Value) -> Result<(), Refusal> {
    match event.get("event").and_then(Value::as_str) {
        Some(name) if name.starts_with("$ai_") => Ok(()),
        _ => Err(Refusal::bad_request("not an AI event")),
    }
}

fn name_is_not_empty(fields: &Map<String, Value>) -> Result<(), Refusal> {
    match fields.get("event") {
        Some(Value::String(name)) if name.is_empty() => {
            Err(Refusal::bad_request("empty event name"))
        }
        Some(Value::String(_)) => Ok(()),
        _ => Err(Refusal::bad_request("missing event name")),
    }
}

/// Numbers and other values are taken as their JSON text, and the property of that name stands in for the field.
fn distinct_id_is_not_blank(
    fields: &Map<String, Value>,
    properties: &Map<String, Value>,
) -> Result<(), Refusal> {
    let given = |id: &&Value| !id.is_null();
    match fields
        .get("distinct_id")
        .filter(given)
        .or_else(|| properties.get("distinct_id").filter(given))
    {
        None => Err(Refusal::bad_request("missing distinct_id")),
        Some(Value::String(id)) if id.trim().is_empty() => {
            Err(Refusal::bad_request("blank distinct_id"))
        }
        Some(_) => Ok(()),
    }
}

fn uuid_can_be_parsed(fields: &Map<String, Value>) -> Result<(), Refusal> {
    match fields.get("uuid") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(uuid)) if Uuid::parse_str(uuid).is_ok() => Ok(()),
        Some(_) => Err(Refusal::bad_request("invalid uuid")),
    }
}

fn cookieless_mode_is_a_boolean(properties: &Map<String, Value>) -> Result<(), Refusal> {
    match properties.get("$cookieless_mode") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(_) => Err(Refusal::bad_request("invalid $cookieless_mode")),
    }
}

/// The event travels on as a JSON string inside a message, where each quote and backslash counts twice (DLV-26).
pub(crate) fn fits_into_a_message(event: &Value) -> bool {
    let text = event.to_string();
    let escapes = text
        .bytes()
        .filter(|byte| matches!(byte, b'"' | b'\\'))
        .count();
    text.len() + escapes <= MAX_MESSAGE_BYTES
}

fn too_large() -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        "event too large",
    )
}

const MAX_MESSAGE_BYTES: usize = 1_000_000;
/// capture.md section 13.
const MAX_AI_EVENT_BYTES: usize = 8 * 1024 * 1024;
