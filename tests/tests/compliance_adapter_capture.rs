//! What the test harness asks of capture, in both protocols: the adapter is driven as the harness drives it, and what
//! arrives is looked at as the harness does.

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{Adapter, Flushed, batch, event, events};
use posthog_tests::{Fault, LocalPostHog};
use serde_json::{Value, json};
use std::{collections::BTreeSet, thread, time::Duration};
use uuid::Uuid;

const V0: &[&str] = &[];
const V1: &[&str] = &["--capture-mode", "v1"];
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer with this status, in the words of the service.
fn fails(status: u16) -> Fault {
    Fault::StatusWith {
        status,
        retry_after: None,
        body: json!({ "error": "a_reason", "error_description": "Why" }).to_string(),
    }
}

fn asks_to_wait(status: u16, seconds: u32) -> Fault {
    Fault::StatusWith {
        status,
        retry_after: Some(seconds.to_string()),
        body: String::new(),
    }
}

/// Captures and flushes, where the server answers so first.
fn run(arguments: &[&str], answers: &[Fault], options: Value, events: &[Value]) -> Flushed {
    let server = LocalPostHog::start();
    for answer in answers {
        server.next(answer.clone());
    }
    let flushed = Adapter::start(arguments).flushed(&server, options, events);
    assert_eq!(server.violations(), Vec::<String>::new());
    flushed
}

/// One event, with the options of a client that has none.
fn one(arguments: &[&str], answers: &[Fault]) -> Flushed {
    run(arguments, answers, json!({}), &[event("test_event")])
}

/// Whether all events of all requests have UUIDs of their own, and the ones that the adapter gave.
fn has_unique_uuids(flushed: &Flushed) {
    let all: Vec<String> = flushed
        .requests
        .iter()
        .flat_map(|request| request.uuids.clone())
        .collect();
    let unique: BTreeSet<_> = all.iter().collect();
    assert_eq!((unique.len(), &all), (all.len(), &flushed.uuids));
    for uuid in &all {
        assert!(uuid.len() == 36 && Uuid::parse_str(uuid).is_ok(), "{uuid}");
    }
}

#[test]
fn dlv_101_an_event_arrives_with_its_name_person_uuid_time_and_properties() {
    let given = json!({
        "distinct_id": "test_user_123",
        "event": "test_event",
        "properties": { "custom_string": "hello", "custom_number": 42, "custom_bool": true },
        // As the harness writes what it leaves open.
        "timestamp": null,
    });
    let flushed = run(V0, &[], json!({ "flush_at": 1 }), &[given]);
    assert_eq!(flushed.count(), 1);
    let event = &flushed.events()[0];
    assert_eq!(event["event"], "test_event");
    assert_eq!(event["distinct_id"], "test_user_123");
    assert_eq!(event["uuid"], *flushed.uuids[0]);
    assert!(event["timestamp"].is_string());
    let properties = &event["properties"];
    assert_eq!(properties["custom_string"], "hello");
    assert_eq!(properties["custom_number"], 42);
    assert_eq!(properties["custom_bool"], true);
    assert_eq!(properties["$lib"], "posthog-rust");
    assert_eq!(properties["$lib_version"], env!("CARGO_PKG_VERSION"));
    has_unique_uuids(&flushed);
}

#[test]
fn dlv_100_the_key_and_the_batch_stand_in_the_body() {
    let flushed = one(V0, &[]);
    let body = flushed.requests[0].body.as_ref().expect("a body");
    assert_eq!(body["api_key"], "phc_test_key");
    assert_eq!(body["batch"].as_array().map(Vec::len), Some(1));
}

#[test]
fn cap_105_a_time_with_an_offset_is_sent_in_utc_and_a_property_like_it_as_it_is() {
    let offset = "2025-01-02T08:34:05+05:30";
    for arguments in [V0, V1] {
        let given = json!({
            "distinct_id": "test_user",
            "event": "test_event",
            "timestamp": offset,
            "properties": { "timestamp_like": offset },
        });
        let event = &run(arguments, &[], json!({ "flush_at": 1 }), &[given]).events()[0];
        assert_eq!(event["timestamp"], "2025-01-02T03:04:05Z");
        assert_eq!(event["properties"]["timestamp_like"], offset);
    }
}

#[test]
fn dlv_96_what_may_pass_is_tried_again_until_it_has_passed() {
    for (arguments, failures) in [
        (V0, &[503, 503][..]),
        (V0, &[500]),
        (V0, &[502]),
        (V0, &[504]),
        (V0, &[408]),
        (V1, &[503, 503]),
        (V1, &[408]),
        (V1, &[500]),
        (V1, &[504]),
    ] {
        let answers: Vec<_> = failures.iter().copied().map(fails).collect();
        let flushed = one(arguments, &answers);
        assert_eq!(flushed.statuses(), [failures, &[200]].concat());
        assert_eq!(flushed.state["total_events_sent"], 1);
        assert_eq!(flushed.state["total_retries"], failures.len());
        assert_eq!(flushed.state["last_error"], Value::Null);
    }
}

#[test]
fn dlv_96_what_is_refused_is_sent_once() {
    for (arguments, status) in [
        (V0, 400),
        (V0, 401),
        (V0, 403),
        (V0, 413),
        (V1, 400),
        (V1, 401),
        (V1, 402),
        (V1, 403),
        (V1, 413),
        (V1, 415),
    ] {
        let flushed = one(arguments, &[fails(status)]);
        assert_eq!(flushed.statuses(), [status]);
        assert_eq!(flushed.state["total_events_sent"], 0);
        let error = flushed.state["last_error"].as_str().unwrap_or_default();
        assert!(error.contains(&status.to_string()), "{error}");
    }
}

#[test]
fn dlv_92_a_server_that_asks_for_time_gets_it() {
    let asked = Duration::from_millis(2_500);
    thread::scope(|scope| {
        for (arguments, status) in [(V0, 429), (V1, 503)] {
            scope.spawn(move || {
                let flushed = one(arguments, &[asks_to_wait(status, 3)]);
                assert_eq!(flushed.statuses(), [status, 200]);
                assert!(flushed.waits()[0] >= asked, "{:?}", flushed.waits());
            });
        }
    });
}

#[test]
fn dlv_91_the_waits_between_attempts_grow_from_at_least_100_milliseconds() {
    for arguments in [V0, V1] {
        let flushed = one(arguments, &[503, 503, 503].map(fails));
        assert_eq!(flushed.statuses(), [503, 503, 503, 200]);
        let waits = flushed.waits();
        assert!(waits[0] >= Duration::from_millis(100), "{waits:?}");
        // 200, 400 and 800 ms at least, seen by a server that may be late itself.
        assert!(waits[2] > waits[0], "{waits:?}");
    }
}

#[test]
fn dlv_90_three_retries_make_four_requests() {
    for arguments in [V0, V1] {
        let options = json!({ "max_retries": 3 });
        let flushed = run(arguments, &[503; 5].map(fails), options, &[event("e")]);
        assert_eq!(flushed.statuses(), [503; 4]);
        assert_eq!(flushed.state["total_retries"], 3);
    }
}

#[test]
fn dlv_93_uuids_and_times_are_the_same_in_each_attempt() {
    for (arguments, failures, n) in [(V0, 1, 1), (V0, 2, 1), (V0, 1, 3), (V1, 1, 1), (V1, 1, 3)] {
        let answers = vec![fails(503); failures];
        let flushed = run(arguments, &answers, json!({ "flush_at": 10 }), &events(n));
        assert_eq!(flushed.count(), failures + 1);
        let first = flushed.events();
        let uuids: Vec<_> = first.iter().map(|event| event["uuid"].clone()).collect();
        assert_eq!(json!(uuids), json!(flushed.uuids));
        assert_eq!(uuids.len(), n);
        for request in &flushed.requests[1..] {
            for (again, first) in batch(request).iter().zip(&first) {
                assert_eq!(again["uuid"], first["uuid"]);
                assert_eq!(again["timestamp"], first["timestamp"]);
            }
            assert_eq!(request.events, n);
        }
    }
}

#[test]
fn cap_110_every_event_has_a_uuid_of_its_own_whatever_is_in_it() {
    let alike = json!({ "distinct_id": "u", "event": "e", "properties": { "key": "value" } });
    for arguments in [V0, V1] {
        for given in [events(5), vec![alike.clone(), alike.clone()]] {
            let flushed = run(arguments, &[], json!({ "flush_at": 10 }), &given);
            assert_eq!(flushed.uuids.len(), given.len());
            has_unique_uuids(&flushed);
        }
    }
}

#[test]
fn dlv_51_a_flush_of_nothing_sends_nothing() {
    for arguments in [V0, V1] {
        assert_eq!(run(arguments, &[], json!({}), &[]).count(), 0);
    }
}

#[test]
fn dlv_31_what_is_captured_before_a_flush_goes_in_one_request_in_order() {
    for arguments in [V0, V1] {
        let flushed = run(arguments, &[], json!({ "flush_at": 10 }), &events(5));
        assert_eq!(flushed.count(), 1);
        assert_eq!(flushed.requests[0].uuids, flushed.uuids);
        assert_eq!(flushed.events().len(), 5);
    }
}

#[test]
fn dlv_34_a_full_batch_is_sent_without_a_flush() {
    for arguments in [V0, V1] {
        let (server, adapter) = (LocalPostHog::start(), Adapter::start(arguments));
        adapter.init(&server, json!({ "flush_at": 3 }));
        for event in events(3) {
            adapter.post("/capture", &event);
        }
        assert_eq!(server.wait_for_events(3, PATIENCE).len(), 3);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn dlv_80_gzip_is_declared_where_init_asks_for_it_and_only_there() {
    for arguments in [V0, V1] {
        for (options, encoding) in [
            (json!({ "enable_compression": true }), Some("gzip")),
            (json!({ "enable_compression": false }), None),
            (json!({}), None),
        ] {
            let flushed = run(arguments, &[], options, &[event("test_event")]);
            let sent = flushed.requests[0].headers.get("content-encoding");
            assert_eq!(sent.map(String::as_str), encoding);
            assert_eq!(flushed.events()[0]["event"], "test_event");
        }
    }
}
