//! What the SDK promises to send, beyond what the service asks for.
//!
//! One function per promise; each broken one is described, with its requirement.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::body;
use crate::duplicate_keys::duplicate_keys;
use crate::received::Received;

/// What is wrong with a request to `/batch/`. `text` is its body, decompressed.
pub(crate) fn batch(request: &Received, text: Option<&[u8]>) -> Vec<String> {
    v0_batch(request, text, |_, _| {})
}

/// What is wrong with a request to `/i/v0/ai/batch/`.
pub(crate) fn ai_batch(request: &Received, text: Option<&[u8]>) -> Vec<String> {
    v0_batch(request, text, |event, broken| {
        let name = event.get("event").and_then(Value::as_str);
        if !name.is_some_and(|name| name.starts_with("$ai_")) {
            broken.note("DLV-133", format!("the event name is {name:?}"));
        }
    })
}

fn v0_batch(
    request: &Received,
    text: Option<&[u8]>,
    further: impl Fn(&Value, &mut Broken),
) -> Vec<String> {
    let mut broken = Broken::default();
    head(request, &mut broken);
    if request.headers.contains_key("authorization") {
        broken.note("DLV-100", "there is an authorization header");
    }
    compression_is_declared(request, text, &["gzip"], &mut broken);
    keys_are_unique(text, &mut broken);
    match request.body.as_deref() {
        Some(body) => envelope(body, &mut broken),
        None => broken.note("DLV-70", "the body is not JSON"),
    }
    let events = request.body.as_deref().map(body::events);
    for (index, event) in events.unwrap_or_default().iter().enumerate() {
        broken.place = format!("event {index}: ");
        self::event(event, &mut broken);
        further(event, &mut broken);
    }
    broken.notes
}

pub(crate) fn keys_are_unique(text: Option<&[u8]>, broken: &mut Broken) {
    for key in text.map(duplicate_keys).unwrap_or_default() {
        broken.note(
            "design 3",
            format!("the key {key:?} stands twice in one object"),
        );
    }
}

/// The promises that were not kept.
#[derive(Default)]
pub(crate) struct Broken {
    /// Where the next ones are found.
    pub(crate) place: String,
    pub(crate) notes: Vec<String>,
}

impl Broken {
    pub(crate) fn note(&mut self, requirement: &str, what: impl AsRef<str>) {
        self.notes
            .push(format!("{}{} ({requirement})", self.place, what.as_ref()));
    }
}

pub(crate) fn head(request: &Received, broken: &mut Broken) {
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    if request.method != "POST" {
        broken.note("DLV-70", format!("the method is {}", request.method));
    }
    if let Some(query) = &request.query {
        broken.note("DLV-80", format!("there is a query: {query:?}"));
    }
    if header("content-type") != Some("application/json") {
        broken.note(
            "DLV-70",
            format!("the content type is {:?}", header("content-type")),
        );
    }
    if !header("user-agent").is_some_and(names_a_version) {
        broken.note(
            "DLV-70",
            format!("the user agent is {:?}", header("user-agent")),
        );
    }
    if header("content-length").is_none() {
        broken.note("DLV-70", "there is no content length");
    }
}

pub(crate) fn compression_is_declared(
    request: &Received,
    text: Option<&[u8]>,
    known: &[&str],
    broken: &mut Broken,
) {
    let declared = match request.headers.get("content-encoding").map(String::as_str) {
        None => false,
        Some(encoding) if known.contains(&encoding) => true,
        Some(other) => return broken.note("DLV-81", format!("the content encoding is {other:?}")),
    };
    if !declared && text.is_some_and(|text| text.len() != request.body_bytes) {
        broken.note("DLV-80", "the body is compressed, and no header says so");
    }
}

fn envelope(body: &Value, broken: &mut Broken) {
    let Value::Object(fields) = body else {
        return broken.note("DLV-100", "the body is not an object");
    };
    keys_are(
        fields,
        &["api_key", "batch", "historical_migration", "sent_at"],
        &[],
        "DLV-100",
        broken,
    );
    if !fields
        .get("historical_migration")
        .is_none_or(Value::is_boolean)
    {
        broken.note(
            "DLV-100",
            format!("historical_migration is {}", fields["historical_migration"]),
        );
    }
    is_utc(fields, "sent_at", "DLV-100", broken);
}

fn event(event: &Value, broken: &mut Broken) {
    let Value::Object(fields) = event else {
        return broken.note("DLV-101", "it is not an object");
    };
    keys_are(
        fields,
        &["distinct_id", "event", "properties", "timestamp", "uuid"],
        &[],
        "DLV-101",
        broken,
    );
    identity_is_kept_whole(fields, broken);
    is_utc(fields, "timestamp", "CAP-105", broken);
}

/// What the service would cut, change or refuse in an event of either form.
pub(crate) fn identity_is_kept_whole(fields: &Map<String, Value>, broken: &mut Broken) {
    name_is_kept_whole(fields, broken);
    distinct_id_is_kept_whole(fields, broken);
    uuid_is_in_its_usual_form(fields, broken);
}

/// All of `keys`, and nothing beside them but `optional`.
pub(crate) fn keys_are(
    fields: &Map<String, Value>,
    keys: &[&str],
    optional: &[&str],
    requirement: &str,
    broken: &mut Broken,
) {
    for missing in keys.iter().filter(|key| !fields.contains_key(**key)) {
        broken.note(requirement, format!("{missing} is missing"));
    }
    let known = |key: &str| keys.contains(&key) || optional.contains(&key);
    for unknown in fields.keys().filter(|key| !known(key)) {
        broken.note(requirement, format!("{unknown} is too many"));
    }
}

fn name_is_kept_whole(fields: &Map<String, Value>, broken: &mut Broken) {
    match fields.get("event") {
        Some(Value::String(name)) if name.trim().is_empty() => {
            broken.note("CAP-30", "the event name is blank");
        }
        Some(Value::String(name)) if name.len() > 200 => {
            broken.note("CAP-32", format!("the event name has {} bytes", name.len()));
        }
        None | Some(Value::String(_)) => {}
        Some(other) => broken.note("DLV-101", format!("the event name is {other}")),
    }
}

fn distinct_id_is_kept_whole(fields: &Map<String, Value>, broken: &mut Broken) {
    let id = match fields.get("distinct_id") {
        None => return,
        Some(Value::String(id)) => id,
        Some(other) => {
            return broken.note("CAP-40", format!("distinct_id is {other}, not a string"));
        }
    };
    if id.trim().is_empty() {
        broken.note("CAP-41", "distinct_id is blank");
    } else if id.trim() != id {
        broken.note(
            "CAP-42",
            format!("distinct_id has white space around it: {id:?}"),
        );
    }
    if id.contains('\0') {
        broken.note("CAP-43", "distinct_id contains U+0000");
    }
    if id.chars().count() > 200 {
        broken.note(
            "CAP-44",
            format!("distinct_id has {} characters", id.chars().count()),
        );
    }
}

fn uuid_is_in_its_usual_form(fields: &Map<String, Value>, broken: &mut Broken) {
    let Some(uuid) = fields.get("uuid") else {
        return;
    };
    let usual = |text: &str| {
        Uuid::parse_str(text).is_ok_and(|parsed| parsed.hyphenated().to_string() == text)
    };
    if !uuid.as_str().is_some_and(usual) {
        broken.note(
            "CAP-110",
            format!("the uuid is {uuid}, not lowercase and hyphenated"),
        );
    }
}

pub(crate) fn is_utc(
    fields: &Map<String, Value>,
    key: &str,
    requirement: &str,
    broken: &mut Broken,
) {
    let Some(time) = fields.get(key) else { return };
    if !time.as_str().is_some_and(is_rfc_3339_utc) {
        broken.note(
            requirement,
            format!("{key} is {time}, not YYYY-MM-DDTHH:MM:SS[.fraction]Z"),
        );
    }
}

pub(crate) fn is_rfc_3339_utc(text: &str) -> bool {
    let Some((seconds, rest)) = text.split_at_checked("YYYY-MM-DDTHH:MM:SS".len()) else {
        return false;
    };
    let shape =
        seconds
            .bytes()
            .zip(*b"YYYY-MM-DDTHH:MM:SS")
            .all(|(byte, expected)| match expected {
                b'-' | b'T' | b':' => byte == expected,
                _ => byte.is_ascii_digit(),
            });
    let zone = match rest.strip_suffix('Z') {
        Some("") => true,
        Some(fraction) => fraction.strip_prefix('.').is_some_and(is_number),
        None => false,
    };
    shape && zone && text.parse::<Timestamp>().is_ok()
}

/// `posthog-rust/` and a version as semver.org has it.
fn names_a_version(user_agent: &str) -> bool {
    let Some(version) = user_agent.strip_prefix("posthog-rust/") else {
        return false;
    };
    let (version, build) = version
        .split_once('+')
        .map_or((version, None), |(version, build)| (version, Some(build)));
    let (version, pre) = version
        .split_once('-')
        .map_or((version, None), |(version, pre)| (version, Some(pre)));
    let numbers: Vec<&str> = version.split('.').collect();
    let tagged = |tag: Option<&str>| {
        tag.is_none_or(|tag| {
            tag.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        })
    };
    numbers.len() == 3 && numbers.into_iter().all(is_number) && tagged(pre) && tagged(build)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc_with_a_z() {
        for good in [
            "2031-05-07T02:00:03Z",
            "2031-05-07T02:00:03.1Z",
            "2031-05-07T02:00:03.100000Z",
        ] {
            assert!(is_rfc_3339_utc(good), "{good}");
        }
        for bad in [
            "",
            "2031-05-07",
            "2031-05-07T02:00:03",
            "2031-05-07 02:00:03Z",
            "2031-05-07t02:00:03z",
            "2031-05-07T02:00:03+00:00",
            "2031-05-07T02:00:03.Z",
            "2031-13-07T02:00:03Z",
            "2031-05-07T02:00:03ZZ",
            "2031-05-07T02:00:0\u{e9}Z",
        ] {
            assert!(!is_rfc_3339_utc(bad), "{bad}");
        }
    }

    #[test]
    fn a_user_agent_names_the_sdk_and_a_version() {
        for good in ["posthog-rust/0.1.0", "posthog-rust/1.20.3-rc.1+build.5"] {
            assert!(names_a_version(good), "{good}");
        }
        for bad in [
            "posthog-rust",
            "posthog-rust/",
            "posthog-rust/1.0",
            "posthog-rs/1.0.0",
            "posthog-rust/1.0.0-",
            "posthog-rust/a.b.c",
        ] {
            assert!(!names_a_version(bad), "{bad}");
        }
    }
}
