//! What the SDK promises to send to V1, beyond what the service asks for (DLV-110 to DLV-116).

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::body;
use crate::promises::{self, Broken};
use crate::received::Received;

/// What is wrong with a request to `/i/v1/analytics/events`. `text` is its body, decompressed.
pub(crate) fn batch(request: &Received, text: Option<&[u8]>) -> Vec<String> {
    let mut broken = Broken::default();
    promises::head(request, &mut broken);
    promises::compression_is_declared(request, text, &ENCODINGS, &mut broken);
    promises::keys_are_unique(text, &mut broken);
    headers(request, &mut broken);
    match request.body.as_deref() {
        Some(Value::Object(fields)) => envelope(fields, &mut broken),
        _ => broken.note("DLV-112", "the body is no JSON object"),
    }
    let events = request
        .body
        .as_deref()
        .map(body::events)
        .unwrap_or_default();
    for (index, event) in events.iter().enumerate() {
        broken.place = format!("event {index}: ");
        match event {
            Value::Object(fields) => self::event(fields, &mut broken),
            _ => broken.note("DLV-113", "it is not an object"),
        }
    }
    broken.notes
}

fn headers(request: &Received, broken: &mut Broken) {
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    if !header("authorization").is_some_and(|value| value.starts_with("Bearer ")) {
        broken.note("DLV-110", "there is no bearer token");
    }
    if header("posthog-sdk-info") != header("user-agent") {
        broken.note(
            "DLV-110",
            format!("the SDK info is {:?}", header("posthog-sdk-info")),
        );
    }
    let attempt = header("posthog-attempt");
    if !attempt.is_some_and(|text| text.parse::<u32>().is_ok_and(|attempt| attempt > 0)) {
        broken.note("DLV-110", format!("the attempt is {attempt:?}"));
    }
    let id = header("posthog-request-id");
    if id.is_none_or(|text| Uuid::parse_str(text).is_err()) {
        broken.note("DLV-110", format!("the request id is {id:?}"));
    }
    let time = header("posthog-request-timestamp");
    if !time.is_some_and(promises::is_rfc_3339_utc) {
        broken.note("DLV-110", format!("the request timestamp is {time:?}"));
    }
}

fn envelope(fields: &Map<String, Value>, broken: &mut Broken) {
    promises::keys_are(
        fields,
        &["batch", "created_at"],
        &["historical_migration"],
        "DLV-112",
        broken,
    );
    if fields
        .get("historical_migration")
        .is_some_and(|value| *value != Value::Bool(true))
    {
        broken.note("DLV-112", "historical_migration is there and not true");
    }
    promises::is_utc(fields, "created_at", "DLV-112", broken);
}

fn event(fields: &Map<String, Value>, broken: &mut Broken) {
    promises::keys_are(
        fields,
        &[
            "distinct_id",
            "event",
            "options",
            "properties",
            "timestamp",
            "uuid",
        ],
        &["session_id", "window_id"],
        "DLV-113",
        broken,
    );
    for name in ["session_id", "window_id"] {
        if !fields.get(name).is_none_or(Value::is_string) {
            broken.note("DLV-114", format!("{name} is {}", fields[name]));
        }
    }
    promises::identity_is_kept_whole(fields, broken);
    promises::is_utc(fields, "timestamp", "CAP-105", broken);
    if let Some(bytes) = fields
        .get("distinct_id")
        .and_then(Value::as_str)
        .map(str::len)
        .filter(|bytes| *bytes > 200)
    {
        broken.note("CAP-44", format!("distinct_id has {bytes} bytes"));
    }
    match fields.get("options") {
        Some(Value::Object(options)) => self::options(options, broken),
        _ => broken.note("DLV-113", "options are not an object"),
    }
    match fields.get("properties") {
        Some(Value::Object(properties)) => {
            for (key, requirement) in MOVED
                .iter()
                .filter(|(key, _)| properties.contains_key(*key))
            {
                broken.note(requirement, format!("{key} stands in the properties"));
            }
        }
        _ => broken.note("DLV-113", "properties are not an object"),
    }
}

fn options(options: &Map<String, Value>, broken: &mut Broken) {
    for (name, value) in options {
        let typed = match name.as_str() {
            "process_person_profile" | "cookieless_mode" | "disable_skew_correction" => {
                value.is_boolean()
            }
            "product_tour_id" => value.is_string(),
            _ => {
                broken.note("DLV-114", format!("{name} is no option"));
                continue;
            }
        };
        if !typed {
            broken.note("DLV-115", format!("the option {name} is {value}"));
        }
    }
}

const ENCODINGS: [&str; 4] = ["gzip", "deflate", "zstd", "br"];
/// What has a place of its own in V1, or comes from a header.
const MOVED: [(&str, &str); 9] = [
    ("$session_id", "DLV-114"),
    ("$window_id", "DLV-114"),
    ("$process_person_profile", "DLV-114"),
    ("$cookieless_mode", "DLV-114"),
    ("$ignore_sent_at", "DLV-114"),
    ("$product_tour_id", "DLV-114"),
    ("$lib", "DLV-116"),
    ("$lib_version", "DLV-116"),
    ("distinct_id", "DLV-116"),
];
