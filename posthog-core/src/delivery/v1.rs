//! The V1 wire format: `POST /i/v1/analytics/events`.

use crate::{
    json::{read, write_text},
    limits, names, notice,
    object::Entries,
    switch::switch_of_json,
    timestamp::Timestamp,
    uuid_text,
};
use std::{collections::HashMap, time::SystemTime};
use uuid::Uuid;

/// An event in the form of V1, made of that of V0: what V1 has a place for leaves the properties (DLV-113 to DLV-116).
///
/// `None` for what is no event of V0.
pub(crate) fn event(v0: &[u8]) -> Option<Vec<u8>> {
    let fields = Entries::read(v0)?;
    let field = |name: &str| fields.get(name);
    let properties = Entries::read(field("properties")?.as_bytes())?;

    let mut out = Vec::with_capacity(v0.len() + 16);
    for (at, name) in ["event", "uuid", "distinct_id", "timestamp"]
        .into_iter()
        .enumerate()
    {
        out.push(if at == 0 { b'{' } else { b',' });
        write_text(&mut out, name);
        out.push(b':');
        out.extend_from_slice(field(name)?.as_bytes());
    }
    for (name, property) in [
        ("session_id", names::SESSION_ID),
        ("window_id", names::WINDOW_ID),
    ] {
        // Only text can be one; anything else is discarded.
        if let Some(text) = properties.get(property).filter(|value| is_text(value)) {
            write_member(&mut out, name, text);
        }
    }
    out.extend_from_slice(b",\"options\":{");
    let options = out.len();
    for (name, property) in OPTIONS {
        let Some(value) = properties.get(property) else {
            continue;
        };
        let text = match property {
            names::PRODUCT_TOUR_ID => is_text(value).then_some(value),
            _ => switch_of_json(value.as_bytes()).map(|on| if on { "true" } else { "false" }),
        };
        // What has the wrong type is left out: a mistyped option can cost the whole request (DLV-115).
        if let Some(text) = text {
            if out.len() > options {
                out.push(b',');
            }
            write_text(&mut out, name);
            out.push(b':');
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.extend_from_slice(b"},\"properties\":{");
    let start = out.len();
    for (key, value) in properties
        .iter()
        .filter(|(key, _)| !MOVED.contains(&key.as_ref()))
    {
        if out.len() > start {
            out.push(b',');
        }
        write_text(&mut out, key);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.extend_from_slice(b"}}");
    Some(out)
}

/// The options of an event, and the properties that set them (DLV-114).
const OPTIONS: [(&str, &str); 4] = [
    ("process_person_profile", names::PROCESS_PERSON_PROFILE),
    ("cookieless_mode", names::COOKIELESS_MODE),
    ("disable_skew_correction", names::IGNORE_SENT_AT),
    ("product_tour_id", names::PRODUCT_TOUR_ID),
];

/// What does not stay among the properties (DLV-114, DLV-116): the service has the library from a header.
const MOVED: [&str; 9] = [
    names::SESSION_ID,
    names::WINDOW_ID,
    names::PROCESS_PERSON_PROFILE,
    names::COOKIELESS_MODE,
    names::IGNORE_SENT_AT,
    names::PRODUCT_TOUR_ID,
    names::LIB,
    names::LIB_VERSION,
    "distinct_id",
];

fn is_text(value: &str) -> bool {
    value.starts_with('"')
}

fn write_member(out: &mut Vec<u8>, name: &str, value: &str) {
    out.push(b',');
    write_text(out, name);
    out.push(b':');
    out.extend_from_slice(value.as_bytes());
}

/// What the body of a batch begins with, up to its events (DLV-112). `created` is when the batch was cut, the same in all
/// attempts.
pub(super) fn head(created: SystemTime, historical_migration: bool) -> Vec<u8> {
    let mut head = Vec::with_capacity(96);
    head.extend_from_slice(b"{\"created_at\":\"");
    Timestamp::now(created).write(&mut head);
    head.push(b'"');
    if historical_migration {
        head.extend_from_slice(b",\"historical_migration\":true");
    }
    head.extend_from_slice(b",\"batch\":[");
    head
}

/// What the service says of an event that it does not have (DLV-117).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Undelivered {
    /// It has thrown it away, for the reason given.
    Dropped { details: String },
    /// It wants it again.
    Retry,
}

/// The events that the service does not have. The others it has, also those of which it says nothing, or something that is
/// not known: they are not to be sent again (DLV-118). `None` for a body that says nothing readable: it is not known what
/// became of the batch (DLV-121).
pub(super) fn undelivered(body: &[u8]) -> Option<HashMap<Uuid, Undelivered>> {
    let body = read(body)?;
    let results = match body.as_object()?.get("results") {
        None | Some(serde_json::Value::Null) => return Some(HashMap::new()),
        Some(results) => results.as_object()?,
    };
    let mut undelivered = HashMap::new();
    for (uuid, value) in results {
        let Some(uuid) = uuid_text::parse(uuid).map(Uuid::from_u128) else {
            continue;
        };
        let text = |name| {
            value
                .get(name)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        let result = match text("result") {
            "drop" => Some(Undelivered::Dropped {
                details: limits::cut(text("details"), LONGEST_DETAILS).to_owned(),
            }),
            "retry" => Some(Undelivered::Retry),
            "ok" | "warning" => None,
            _ => {
                notice::debug(format_args!(
                    "the service answered for the event {uuid} with a result that is not known"
                ));
                None
            }
        };
        // A UUID can be spelt in several ways: the last result counts.
        match result {
            Some(result) => undelivered.insert(uuid, result),
            None => undelivered.remove(&uuid),
        };
    }
    Some(undelivered)
}

/// The most bytes of a reason that are kept: it comes from outside.
const LONGEST_DETAILS: usize = 200;

#[cfg(test)]
mod tests {
    use super::{Undelivered, event, undelivered};
    use serde_json::{Value, json};
    use std::collections::HashMap;
    use uuid::Uuid;

    fn converted(properties: &Value) -> Value {
        let v0 = json!({ "event": "e", "distinct_id": "u", "uuid": "x", "timestamp": "t", "properties": properties });
        let v1 = event(v0.to_string().as_bytes()).unwrap_or_default();
        serde_json::from_slice(&v1).unwrap_or_default()
    }

    #[test]
    fn dlv_113_an_event_has_the_keys_of_v1() {
        let plain = converted(&json!({ "a": [1, { "b": null }] }));
        let expected = json!({ "event": "e", "uuid": "x", "distinct_id": "u", "timestamp": "t", "options": {}, "properties": { "a": [1, { "b": null }] } });
        assert_eq!(plain, expected);
        assert_eq!(event(b"[]"), None);
    }

    #[test]
    fn dlv_114_session_window_and_options_leave_the_properties() {
        let v1 = converted(&json!({
            "$session_id": "s", "$window_id": "w", "$process_person_profile": false, "$cookieless_mode": "TRUE",
            "$ignore_sent_at": 1, "$product_tour_id": "tour", "a": 1,
        }));
        assert_eq!(
            (&v1["session_id"], &v1["window_id"], &v1["properties"]),
            (&json!("s"), &json!("w"), &json!({ "a": 1 }))
        );
        let options = json!({ "process_person_profile": false, "cookieless_mode": true, "disable_skew_correction": true, "product_tour_id": "tour" });
        assert_eq!(v1["options"], options);
    }

    #[test]
    fn dlv_115_what_has_the_wrong_type_is_left_out() {
        let v1 = converted(&json!({
            "$session_id": 5, "$window_id": null, "$process_person_profile": "perhaps", "$cookieless_mode": null,
            "$ignore_sent_at": {}, "$product_tour_id": 7,
        }));
        assert_eq!((v1.get("session_id"), v1.get("window_id")), (None, None));
        assert_eq!(
            (&v1["options"], &v1["properties"]),
            (&json!({}), &json!({}))
        );
    }

    #[test]
    fn dlv_116_the_library_and_the_distinct_id_leave_and_the_rest_stays() {
        let kept = json!({ "$set": { "a": 1 }, "$set_once": {}, "$unset": ["b"], "$groups": { "company": "acme" }, "$group_type": "company",
            "$geoip_disable": true, "$is_server": true, "$context_tags": ["t"], "$custom": 1, "plain": 1 });
        let mut given = kept.clone();
        for (key, value) in [
            ("$lib", "posthog-rust"),
            ("$lib_version", "0.1.0"),
            ("distinct_id", "u"),
        ] {
            given[key] = json!(value);
        }
        assert_eq!(converted(&given)["properties"], kept);
    }

    #[test]
    fn dlv_117_results_are_read_by_uuid() {
        let [a, b, c, d] = [1, 2, 3, 4].map(Uuid::from_u128);
        let body = json!({ "results": {
            (a.to_string()): { "result": "ok" }, (b.to_string()): { "result": "drop", "details": "event_too_big" },
            (c.to_string()): { "result": "retry", "details": "not_persisted" }, (d.to_string()): { "result": "limited" }, "no uuid": { "result": "drop" },
        } });
        let expected = HashMap::from([
            (
                b,
                Undelivered::Dropped {
                    details: "event_too_big".into(),
                },
            ),
            (c, Undelivered::Retry),
        ]);
        assert_eq!(undelivered(body.to_string().as_bytes()), Some(expected));
    }

    #[test]
    fn dlv_118_of_several_spellings_of_a_uuid_the_last_result_counts() {
        let uuid = Uuid::from_u128(0xABCD << 112);
        let spellings = [uuid.to_string().to_uppercase(), uuid.to_string()];
        for (first, last, expected) in [
            ("retry", "ok", None),
            ("drop", "limited", None),
            ("ok", "retry", Some(Undelivered::Retry)),
        ] {
            let [before, after] = &spellings;
            let body =
                json!({ "results": { before: { "result": first }, after: { "result": last } } });
            let results = undelivered(body.to_string().as_bytes()).unwrap_or_default();
            assert_eq!(results.get(&uuid), expected.as_ref(), "{first}, {last}");
        }
    }

    #[test]
    fn dlv_121_a_body_that_cannot_be_read_gives_no_results() {
        for body in ["", "ok", "[]", "{\"results\":[]}", "{\"results\":{"] {
            assert_eq!(undelivered(body.as_bytes()), None, "{body}");
        }
        assert_eq!(undelivered(b"{}"), Some(HashMap::new()));
    }
}
