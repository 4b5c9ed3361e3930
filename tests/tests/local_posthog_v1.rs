//! The endpoints of the local `PostHog` for V1 and for AI events, seen by a client that speaks HTTP by hand.

#[path = "support/raw_http.rs"]
mod raw_http;

use flate2::{Compression, write::DeflateEncoder, write::ZlibEncoder};
use posthog_tests::{Fault, LocalPostHog};
use raw_http::Answer;
use serde_json::{Value, json};
use std::io::Write;

const V1: &str = "/i/v1/analytics/events";
const AI: &str = "/i/v0/ai/batch/";
const HEADERS: [(&str, &str); 7] = [
    ("Content-Type", "application/json"),
    ("User-Agent", "posthog-rust/0.1.0"),
    ("Authorization", "Bearer phc_key"),
    ("PostHog-Sdk-Info", "posthog-rust/0.1.0"),
    ("PostHog-Attempt", "1"),
    ("PostHog-Request-Id", "0197b0aa-6a00-7e01-bb32-2f6f1c0d9a10"),
    ("PostHog-Request-Timestamp", "2031-05-07T02:00:03.100000Z"),
];

/// What makes something good bad.
type Spoil = fn(&mut Value);

fn post(posthog: &LocalPostHog, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let url = posthog.url();
    let address = url.trim_start_matches("http://");
    raw_http::request(address, "POST", path, headers, body)
}

fn post_v1(posthog: &LocalPostHog, body: &Value) -> Answer {
    post(posthog, V1, &HEADERS, body.to_string().as_bytes())
}

fn uuid(n: u32) -> String {
    format!("0197b0aa-51c0-7c44-8f11-{n:012x}")
}

fn event(n: u32) -> Value {
    json!({
        "event": "order placed",
        "uuid": uuid(n),
        "distinct_id": "u-77",
        "timestamp": "2031-05-07T02:00:00.250000Z",
        "options": {},
        "properties": { "total": 9.5 },
    })
}

fn batch(events: &[Value]) -> Value {
    json!({ "created_at": "2031-05-07T02:00:03Z", "batch": events })
}

/// A good event, changed.
fn with(n: u32, change: impl FnOnce(&mut Value)) -> Value {
    let mut event = event(n);
    change(&mut event);
    event
}

#[test]
fn a_good_batch_is_accepted_and_answered_for_each_event() {
    let posthog = LocalPostHog::start();
    let answer = post_v1(&posthog, &batch(&[event(1), event(2)]));
    assert_eq!(answer.status, 200);
    let ok = json!({ "result": "ok" });
    let results = json!({ "results": { (uuid(1)): ok, (uuid(2)): ok } });
    assert_eq!(answer.json, results);
    assert_eq!(posthog.events(), [event(1), event(2)]);
    assert_eq!(posthog.violations(), Vec::<String>::new());
    let kept = format!("{:?}", posthog.requests());
    assert!(kept.contains("Bearer [redacted]") && !kept.contains("phc_key"));
}

#[test]
fn a_header_that_is_missing_or_makes_no_sense_is_refused() {
    let posthog = LocalPostHog::start();
    let body = batch(&[event(1)]).to_string();
    for (name, status, code) in [
        ("Authorization", 401, "missing_authorization"),
        ("Content-Type", 400, "missing_required_headers"),
        ("User-Agent", 400, "missing_required_headers"),
        ("PostHog-Sdk-Info", 400, "missing_required_headers"),
        ("PostHog-Attempt", 400, "missing_required_headers"),
        ("PostHog-Request-Id", 400, "missing_required_headers"),
        ("PostHog-Request-Timestamp", 400, "missing_required_headers"),
    ] {
        let mut headers = HEADERS.to_vec();
        headers.retain(|(given, _)| *given != name);
        let answer = post(&posthog, V1, &headers, body.as_bytes());
        assert_eq!(
            (answer.status, &answer.json["error"]),
            (status, &json!(code))
        );
        assert!(answer.json["error_description"].is_string());
    }
    for (name, value, status) in [
        ("Authorization", "Basic abc", 401),
        ("Authorization", "Bearer phx_personal", 401),
        ("Content-Type", "text/plain", 400),
        ("PostHog-Sdk-Info", "posthog-rust", 400),
        ("PostHog-Attempt", "0", 400),
        ("PostHog-Request-Id", "7", 400),
        ("PostHog-Request-Timestamp", "now", 400),
    ] {
        let mut headers = HEADERS.to_vec();
        headers.retain(|(given, _)| *given != name);
        headers.push((name, value));
        let answer = post(&posthog, V1, &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{name}");
        if status == 400 {
            assert_eq!(answer.json["error"], "invalid_header_value", "{name}");
        }
    }
    assert!(posthog.events().is_empty());
}

#[test]
fn what_is_no_batch_is_refused_as_a_whole() {
    let posthog = LocalPostHog::start();
    let no_uuid = with(1, |event| event["uuid"] = json!(null));
    let odd_uuid = with(1, |event| event["uuid"] = json!("7"));
    for (body, code) in [
        (json!([]), "invalid_batch"),
        (json!({ "batch": [event(1)] }), "invalid_batch"),
        (batch(&[]), "empty_batch"),
        (batch(&[json!(7)]), "invalid_batch"),
        (batch(&[event(2), no_uuid]), "invalid_event_uuid"),
        (batch(&[event(2), odd_uuid]), "invalid_event_uuid"),
        (batch(&[event(1), event(1)]), "duplicate_event_uuid"),
    ] {
        let answer = post_v1(&posthog, &body);
        assert_eq!((answer.status, &answer.json["error"]), (400, &json!(code)));
    }
    assert!(posthog.events().is_empty());
}

#[test]
fn a_bad_event_costs_only_itself() {
    let posthog = LocalPostHog::start();
    let cases: [(Spoil, &str); 13] = [
        (|event| event["event"] = json!(""), "missing_event_name"),
        (
            |event| event["event"] = json!("x".repeat(201)),
            "event_name_too_long",
        ),
        (
            |event| event["event"] = json!("$performance_event"),
            "dropped_performance_event",
        ),
        (
            |event| event["distinct_id"] = json!(" "),
            "missing_distinct_id",
        ),
        (
            |event| event["distinct_id"] = json!(7),
            "missing_distinct_id",
        ),
        (
            |event| event["distinct_id"] = json!("é".repeat(101)),
            "distinct_id_too_large",
        ),
        (
            |event| event["timestamp"] = json!("yesterday"),
            "invalid_event_timestamp",
        ),
        (
            |event| event["timestamp"] = json!(null),
            "invalid_event_timestamp",
        ),
        (
            |event| event["options"] = json!({ "cookieless_mode": null }),
            "invalid_options",
        ),
        (
            |event| event["options"] = json!({ "product_tour_id": 7 }),
            "invalid_options",
        ),
        (|event| event["options"] = json!([]), "invalid_options"),
        (
            |event| event["properties"] = json!([]),
            "malformed_event_properties",
        ),
        (
            |event| event["properties"] = json!({ "x": "\"".repeat(400_000) }),
            "event_too_big",
        ),
    ];
    for (spoil, details) in cases {
        posthog.clear();
        let answer = post_v1(&posthog, &batch(&[event(1), with(2, spoil), event(3)]));
        assert_eq!(answer.status, 200, "{details}");
        let verdict = json!({ "result": "drop", "details": details });
        assert_eq!(answer.json["results"][uuid(2)], verdict);
        assert_eq!(posthog.events(), [event(1), event(3)], "{details}");
    }
}

#[test]
fn an_id_that_stands_for_nobody_is_accepted_with_a_warning() {
    let posthog = LocalPostHog::start();
    for id in ["anonymous", " 'NULL' ", "[object Object]"] {
        let answer = post_v1(
            &posthog,
            &batch(&[with(1, |event| event["distinct_id"] = json!(id))]),
        );
        let verdict = json!({ "result": "warning", "details": "person_processing_disabled" });
        assert_eq!(answer.json["results"][uuid(1)], verdict, "{id}");
    }
    assert_eq!(posthog.events().len(), 3);
}

#[test]
fn every_encoding_is_read_and_raw_deflate_is_not() {
    let posthog = LocalPostHog::start();
    let body = batch(&[event(1)]).to_string().into_bytes();
    let post = |encoding, sent: &[u8]| {
        let mut headers = HEADERS.to_vec();
        headers.push(("Content-Encoding", encoding));
        post(&posthog, V1, &headers, sent)
    };
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&body).expect("memory");
    assert_eq!(post("deflate", &zlib.finish().expect("memory")).status, 200);
    let zstd = zstd::encode_all(&body[..], 3).expect("memory");
    assert_eq!(post("zstd", &zstd).status, 200);
    let mut br = Vec::new();
    brotli::BrotliCompress(
        &mut &body[..],
        &mut br,
        &brotli::enc::BrotliEncoderParams::default(),
    )
    .expect("memory");
    assert_eq!(post("br", &br).status, 200);
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
    raw.write_all(&body).expect("memory");
    assert_eq!(post("deflate", &raw.finish().expect("memory")).status, 400);
    let unknown = post("lzma", &body);
    assert_eq!(
        (unknown.status, &unknown.json["error"]),
        (415, &json!("unsupported_encoding"))
    );
    assert_eq!(posthog.events().len(), 3);
}

#[test]
fn results_are_as_they_were_planned() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::results(&[
        (0, "retry", "not_persisted"),
        (2, "drop", "event_too_big"),
        (3, "", ""),
        (9, "drop", "there is no such event"),
    ]));
    let events = [event(1), event(2), event(3), event(4)];
    let answer = post_v1(&posthog, &batch(&events));
    let results = json!({ "results": {
        (uuid(1)): { "result": "retry", "details": "not_persisted" },
        (uuid(2)): { "result": "ok" },
        (uuid(3)): { "result": "drop", "details": "event_too_big" },
    } });
    assert_eq!(answer.json, results);
    assert_eq!(posthog.events(), [event(2), event(4)]);
}

#[test]
fn broken_promises_are_noted_and_not_refused() {
    let posthog = LocalPostHog::start();
    let cases: [(Spoil, &str); 9] = [
        (|body| body["api_key"] = json!("phc_key"), "(DLV-112)"),
        (|body| body["token"] = json!("phc_key"), "(DLV-112)"),
        (
            |body| body["sent_at"] = json!("2031-05-07T02:00:03Z"),
            "(DLV-112)",
        ),
        (
            |body| body["historical_migration"] = json!(false),
            "(DLV-112)",
        ),
        (
            |body| body["batch"][0]["properties"]["$lib"] = json!("x"),
            "(DLV-116)",
        ),
        (
            |body| body["batch"][0]["properties"]["$session_id"] = json!("x"),
            "(DLV-114)",
        ),
        (
            |body| body["batch"][0]["options"]["unheard_of"] = json!(true),
            "(DLV-114)",
        ),
        (
            |body| body["batch"][0]["session_id"] = json!(7),
            "(DLV-114)",
        ),
        (|body| body["batch"][0]["extra"] = json!(7), "(DLV-113)"),
    ];
    for (spoil, requirement) in cases {
        posthog.clear();
        let mut body = batch(&[event(1)]);
        spoil(&mut body);
        assert_eq!(post_v1(&posthog, &body).status, 200);
        let violations = posthog.violations();
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert!(violations[0].contains(requirement), "{violations:?}");
    }
    posthog.clear();
    let null = with(1, |event| event["options"]["cookieless_mode"] = json!(null));
    let _ = post_v1(&posthog, &batch(&[null]));
    assert!(posthog.violations()[0].contains("(DLV-115)"));
}

#[test]
fn a_body_over_10_mib_is_refused_by_v1() {
    let posthog = LocalPostHog::start();
    let answer = post(&posthog, V1, &HEADERS, &vec![b' '; 10 * 1024 * 1024 + 1]);
    assert_eq!(
        (answer.status, &answer.json["error"]),
        (413, &json!("payload_too_large"))
    );
}

#[test]
fn ai_events_are_accepted_together_or_not_at_all() {
    let posthog = LocalPostHog::start();
    let ai = |n: u32, name: &str| json!({ "event": name, "uuid": uuid(n), "distinct_id": "u", "timestamp": "2031-05-07T02:00:00Z", "properties": {} });
    let send = |events: Value| {
        let body = json!({ "api_key": "phc_key", "historical_migration": false, "sent_at": "2031-05-07T02:00:03Z", "batch": events });
        post(&posthog, AI, &HEADERS[..2], body.to_string().as_bytes())
    };
    let good = send(json!([ai(1, "$ai_generation"), ai(2, "$ai_trace")]));
    assert_eq!((good.status, good.json), (200, json!({ "status": 1 })));
    assert_eq!(posthog.violations(), Vec::<String>::new());
    assert_eq!(send(json!([ai(3, "$ai_span"), ai(4, "other")])).status, 400);
    assert_eq!(send(json!([])).status, 400);
    assert_eq!(posthog.events().len(), 2);
    let mut large = ai(5, "$ai_span");
    large["properties"]["x"] = json!("x".repeat(7 * 1024 * 1024));
    assert_eq!(send(json!([large])).status, 200);
    large["properties"]["x"] = json!("x".repeat(9 * 1024 * 1024));
    assert_eq!(send(json!([large])).status, 413);
    let over = post(
        &posthog,
        AI,
        &HEADERS[..2],
        &vec![b' '; 20 * 1024 * 1024 + 1],
    );
    assert_eq!(over.status, 413);
}
