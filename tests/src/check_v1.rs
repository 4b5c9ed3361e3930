//! What V1 refuses as a whole: headers that are missing or make no sense, and bodies that are no batch (DLV-110, DLV-122).
//!
//! What is wrong with one event costs that event only, and is said in its [`Verdict`](crate::verdict::Verdict).

use std::collections::HashSet;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::body;
use crate::check::{self, Refusal};
use crate::received::Received;

pub(crate) fn head(request: &Received, authorization: Option<&str>) -> Result<(), Refusal> {
    key_is_there(authorization)?;
    headers_are_there(request)?;
    headers_make_sense(request)
}

pub(crate) fn batch(body: &Value) -> Result<(), Refusal> {
    time_of_batch_is_one(body)?;
    batch_is_not_empty(body)?;
    let mut seen = HashSet::new();
    body::events(body)
        .iter()
        .try_for_each(|event| uuid_is_one_of_its_own(event, &mut seen))
}

fn key_is_there(authorization: Option<&str>) -> Result<(), Refusal> {
    match authorization.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(key) => check::key_can_be_one(key.trim()),
        None => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "missing_authorization",
            "no bearer token",
        )),
    }
}

fn headers_are_there(request: &Received) -> Result<(), Refusal> {
    match REQUIRED
        .iter()
        .find(|name| !request.headers.contains_key(**name))
    {
        Some(name) => Err(bad_request("missing_required_headers", *name)),
        None => Ok(()),
    }
}

fn headers_make_sense(request: &Received) -> Result<(), Refusal> {
    let makes_sense = |name: &str, value: &str| match name {
        "content-type" => value.starts_with("application/json"),
        "posthog-sdk-info" => {
            let parts = value.rsplit_once('/');
            value.len() <= 200
                && parts.is_some_and(|(name, version)| !name.is_empty() && !version.is_empty())
        }
        "posthog-attempt" => value.parse::<u32>().is_ok_and(|attempt| attempt > 0),
        "posthog-request-id" => Uuid::parse_str(value).is_ok(),
        "posthog-request-timestamp" => value.parse::<Timestamp>().is_ok(),
        _ => true,
    };
    match request
        .headers
        .iter()
        .find(|(name, value)| !makes_sense(name, value))
    {
        Some((name, _)) => Err(bad_request("invalid_header_value", name.as_str())),
        None => Ok(()),
    }
}

fn time_of_batch_is_one(body: &Value) -> Result<(), Refusal> {
    let time = body.get("created_at").and_then(Value::as_str);
    if time.is_some_and(|time| time.parse::<Timestamp>().is_ok()) {
        Ok(())
    } else {
        Err(bad_request("invalid_batch", "no time `created_at`"))
    }
}

fn batch_is_not_empty(body: &Value) -> Result<(), Refusal> {
    match body.get("batch") {
        Some(Value::Array(events)) if events.is_empty() => {
            Err(bad_request("empty_batch", "empty batch"))
        }
        Some(Value::Array(events)) if events.iter().all(Value::is_object) => Ok(()),
        _ => Err(bad_request("invalid_batch", "no array `batch` of objects")),
    }
}

fn uuid_is_one_of_its_own(event: &Value, seen: &mut HashSet<Uuid>) -> Result<(), Refusal> {
    let uuid = event.get("uuid").and_then(Value::as_str);
    match uuid.and_then(|uuid| Uuid::parse_str(uuid).ok()) {
        None => Err(bad_request("invalid_event_uuid", "invalid uuid")),
        Some(uuid) if seen.insert(uuid) => Ok(()),
        Some(uuid) => Err(bad_request("duplicate_event_uuid", uuid.to_string())),
    }
}

fn bad_request(code: &'static str, reason: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, code, reason)
}

/// Beside `Authorization`, whose absence is answered 401.
const REQUIRED: [&str; 6] = [
    "content-type",
    "user-agent",
    "posthog-sdk-info",
    "posthog-attempt",
    "posthog-request-id",
    "posthog-request-timestamp",
];
