//! What the test harness asks of `capture_ai`.

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{Adapter, event, paths};
use posthog_tests::LocalPostHog;
use serde_json::json;

const GENERATION: &str = "$ai_generation";

#[test]
fn dlv_130_an_ai_event_goes_to_an_endpoint_of_its_own_and_carries_the_uuid_that_is_returned() {
    let (server, adapter) = (LocalPostHog::start(), Adapter::start(&[]));
    adapter.init(&server, json!({ "flush_at": 1 }));
    let answer = adapter.post("/capture_ai", &event(GENERATION));
    assert_eq!(answer["success"], true);
    assert_eq!(adapter.flush()["success"], true);
    assert_eq!(paths(&server.requests()), ["/i/v0/ai/batch/"]);
    let sent = &server.events()[0];
    assert_eq!(sent["event"], GENERATION);
    assert_eq!(sent["uuid"], answer["uuid"]);
    let uuid = sent["uuid"].as_str().expect("a UUID");
    assert!(uuid.len() == 36 && uuid::Uuid::parse_str(uuid).is_ok());
}

#[test]
fn dlv_130_a_captured_event_takes_the_usual_way_whatever_its_name() {
    for (arguments, path) in [
        (&[][..], "/batch/"),
        (&["--capture-mode", "v1"], "/i/v1/analytics/events"),
    ] {
        let (server, adapter) = (LocalPostHog::start(), Adapter::start(arguments));
        let flushed = adapter.flushed(&server, json!({ "flush_at": 1 }), &[event(GENERATION)]);
        assert_eq!(paths(&flushed.requests), [path]);
        assert_eq!(flushed.events()[0]["event"], GENERATION);
    }
}

#[test]
fn cap_110_the_uuid_of_an_ai_event_is_the_one_that_was_given() {
    const GIVEN: &str = "0198c0de-0000-7000-8000-000000000abc";
    let (server, adapter) = (LocalPostHog::start(), Adapter::start(&[]));
    adapter.init(&server, json!({ "flush_at": 1 }));
    let mut given = event(GENERATION);
    given["uuid"] = json!(GIVEN);
    let answer = adapter.post("/capture_ai", &given);
    assert_eq!(answer, json!({ "success": true, "uuid": GIVEN }));
    adapter.flush();
    assert_eq!(server.events()[0]["uuid"], GIVEN);
}

#[test]
fn cap_105_the_time_of_an_ai_event_is_sent_in_utc_and_a_property_like_it_as_it_is() {
    let offset = "2025-01-02T08:34:05+05:30";
    let (server, adapter) = (LocalPostHog::start(), Adapter::start(&[]));
    adapter.init(&server, json!({ "flush_at": 1 }));
    let mut given = event(GENERATION);
    given["timestamp"] = json!(offset);
    given["properties"] = json!({ "timestamp_like": offset });
    adapter.post("/capture_ai", &given);
    adapter.flush();
    let sent = &server.events()[0];
    assert_eq!(sent["timestamp"], "2025-01-02T03:04:05Z");
    assert_eq!(sent["properties"]["timestamp_like"], offset);
    assert_eq!(server.violations(), Vec::<String>::new());
}
