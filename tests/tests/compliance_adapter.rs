//! The compliance adapter as the test harness sees it: a process that speaks JSON over HTTP, and a `PostHog` behind it.

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{Adapter, paths};
use posthog_tests::{Fault, LocalPostHog};
use serde_json::{Value, json};
use std::{process::Command, thread, time::Duration};

/// Long enough for a request that must not come.
const MOMENT: Duration = Duration::from_millis(700);
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn health_says_what_can_be_tested() {
    for (arguments, capabilities) in [
        (
            &[][..],
            json!(["capture_v0", "capture_ai_v0", "encoding_gzip"]),
        ),
        (
            &["--encoding", "none"],
            json!(["capture_v0", "capture_ai_v0"]),
        ),
        (
            &["--capture-mode", "v1", "--encoding", "br"],
            json!(["capture_v1", "encoding_br"]),
        ),
    ] {
        let health = Adapter::start(arguments).call("GET", "/health", &json!(null));
        assert_eq!(health["capabilities"], capabilities);
        assert_eq!(health["supports_parallel"], true);
        assert_eq!(health["sdk_name"], "posthog-rust");
        assert_eq!(health["sdk_version"], env!("CARGO_PKG_VERSION"));
        assert!(health["adapter_version"].is_string());
    }
    let adapter = Adapter::start(&[]);
    let (status, _) = adapter.ask("POST", "/get_feature_flag", &json!({}));
    assert_eq!(status, 501);
}

#[test]
fn what_the_command_line_cannot_mean_ends_the_adapter() {
    for arguments in [
        &["--capture-mode", "v2"][..],
        &["--encoding", "zstd"],
        &["--encoding"],
        &["nonsense"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_compliance-adapter"))
            .args(arguments)
            .output()
            .expect("the adapter");
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn v0_events_are_captured_flushed_and_accounted_for() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&[]);
    adapter.init(&server, json!({ "flush_interval_ms": 60_000 }));
    let given = "0198c0de-0000-7000-8000-000000000abc";
    let answer = adapter.post(
        "/capture",
        &json!({
            "distinct_id": "test_user",
            "event": "first",
            "properties": { "n": 1, "$set": { "a": 1 } },
            "timestamp": "2025-01-02T08:34:05+05:30",
            "uuid": given,
            "options": { "cookieless_mode": true, "product_tour_id": "tour", "process_person_profile": false },
        }),
    );
    assert_eq!(answer, json!({ "success": true, "uuid": given }));
    let second = adapter.capture("second");
    let pending = adapter.state();
    assert_eq!(pending["pending_events"], 2);
    assert_eq!(pending["total_events_captured"], 2);
    assert_eq!(pending["requests_made"], json!([]));
    assert_eq!(
        adapter.flush(),
        json!({ "success": true, "events_flushed": 2 })
    );
    let state = adapter.state();
    for (field, value) in [
        ("pending_events", json!(0)),
        ("total_events_captured", json!(2)),
        ("total_events_sent", json!(2)),
        ("total_retries", json!(0)),
        ("last_error", json!(null)),
    ] {
        assert_eq!(state[field], value, "{field}");
    }
    let request = &state["requests_made"][0];
    assert!(request["timestamp_ms"].is_u64());
    for (field, value) in [
        ("status_code", json!(200)),
        ("retry_attempt", json!(0)),
        ("event_count", json!(2)),
        ("uuid_list", json!([given, second])),
    ] {
        assert_eq!(request[field], value, "{field}");
    }
    let event = &server.events()[0];
    assert_eq!(event["timestamp"], "2025-01-02T03:04:05Z");
    assert_eq!(event["properties"]["n"], 1);
    assert_eq!(event["properties"]["$cookieless_mode"], true);
    assert_eq!(event["properties"]["$product_tour_id"], "tour");
    assert_eq!(event["properties"]["$process_person_profile"], false);
    assert_eq!(paths(&server.requests()), ["/batch/"]);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn a_full_batch_and_the_interval_send_without_a_flush() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&[]);
    adapter.init(
        &server,
        json!({ "flush_at": 2, "flush_interval_ms": 60_000 }),
    );
    adapter.capture("a");
    adapter.capture("b");
    assert_eq!(server.wait_for_events(2, PATIENCE).len(), 2);
    // Without one the interval is that of the SDK.
    adapter.init(&server, json!({ "flush_interval_ms": 100 }));
    adapter.capture("c");
    assert_eq!(server.wait_for_events(3, PATIENCE).len(), 3);
}

#[test]
fn retries_and_failures_are_counted() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&[]);
    server.next(Fault::Status(503));
    server.next(Fault::ResetAfterRead);
    adapter.init(&server, json!({ "flush_interval_ms": 60_000 }));
    adapter.capture("e");
    assert_eq!(adapter.flush()["events_flushed"], 1);
    let state = adapter.state();
    assert_eq!(
        (&state["total_retries"], &state["last_error"]),
        (&json!(2), &json!(null))
    );
    let of = |field: &str| -> Vec<Value> {
        let requests = state["requests_made"].as_array().expect("an array");
        requests
            .iter()
            .map(|request| request[field].clone())
            .collect()
    };
    assert_eq!(of("status_code"), [503, 0, 200]);
    assert_eq!(of("retry_attempt"), [0, 1, 2]);
    // Refused for good, and given up.
    server.next(Fault::Status(400));
    adapter.capture("f");
    assert_eq!(
        adapter.flush(),
        json!({ "success": true, "events_flushed": 0 })
    );
    adapter.init(&server, json!({ "max_retries": 1 }));
    server.always(Fault::Status(503));
    adapter.capture("g");
    assert_eq!(adapter.flush()["events_flushed"], 0);
    let state = adapter.state();
    assert_eq!(state["requests_made"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&state["pending_events"], &state["total_retries"]),
        (&json!(0), &json!(1))
    );
    let error = state["last_error"].as_str().unwrap_or_default();
    assert!(error.contains("503"), "{state}");
}

#[test]
fn v1_sends_again_only_what_is_asked_for() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&["--capture-mode", "v1"]);
    adapter.init(
        &server,
        json!({ "flush_interval_ms": 60_000, "historical_migration": true }),
    );
    server.next(Fault::results(&[(1, "retry", "not_persisted")]));
    let uuids = ["a", "b", "c"].map(|event| adapter.capture(event));
    assert_eq!(
        adapter.flush(),
        json!({ "success": true, "events_flushed": 3 })
    );
    let requests = server.requests();
    assert_eq!(paths(&requests), ["/i/v1/analytics/events"; 2]);
    assert_eq!(requests[1].uuids, [uuids[1].clone()]);
    assert_eq!(
        requests[0].body.as_ref().expect("a body")["historical_migration"],
        true
    );
    assert!(!requests[0].headers.contains_key("content-encoding"));
    let state = adapter.state();
    let made = &state["requests_made"];
    assert_eq!(
        (&made[0]["retry_attempt"], &made[1]["retry_attempt"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(made[0]["uuid_list"], json!(uuids));
    assert_eq!(made[1]["uuid_list"], json!([uuids[1]]));
    assert_eq!(
        (&state["total_events_sent"], &state["total_retries"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn ai_events_have_their_own_way() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&[]);
    adapter.init(&server, json!({ "flush_at": 1 }));
    let body = json!({ "distinct_id": "test_user", "event": "$ai_generation" });
    let answer = adapter.post("/capture_ai", &body);
    assert_eq!(answer["success"], true);
    assert_eq!(adapter.flush()["success"], true);
    assert_eq!(paths(&server.requests()), ["/i/v0/ai/batch/"]);
    assert_eq!(server.events()[0]["uuid"], answer["uuid"]);
    assert_eq!(
        adapter.state()["requests_made"][0]["uuid_list"],
        json!([answer["uuid"]])
    );
    adapter.post("/capture", &body);
    adapter.flush();
    assert_eq!(paths(&server.requests()), ["/i/v0/ai/batch/", "/batch/"]);
    // What is no AI event is not accepted, and says so.
    let refused = adapter.post("/capture_ai", &json!({ "distinct_id": "u", "event": "e" }));
    assert_eq!(refused, json!({ "success": false, "uuid": null }));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn bodies_are_compressed_where_init_asks_for_it() {
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let server = LocalPostHog::start();
        let adapter = Adapter::start(&["--capture-mode", "v1", "--encoding", encoding]);
        for (enable, expected) in [(true, Some(encoding)), (false, None)] {
            server.clear();
            adapter.init(&server, json!({ "enable_compression": enable }));
            let uuid = adapter.capture("e");
            assert_eq!(adapter.flush()["events_flushed"], 1);
            let requests = server.requests();
            let sent = requests[0].headers.get("content-encoding");
            assert_eq!(sent.map(String::as_str), expected);
            let state = adapter.state();
            assert_eq!(state["requests_made"][0]["uuid_list"], json!([uuid]));
        }
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[test]
fn tests_do_not_know_of_each_other() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&[]);
    let tests = ["one", "two", "three", "four"];
    thread::scope(|scope| {
        for (n, test) in tests.iter().enumerate() {
            let (adapter, server) = (&adapter, &server);
            scope.spawn(move || {
                let at = |path: &str| format!("{path}?test_id={test}");
                let options = json!({ "api_key": "phc_test_key", "host": server.url() });
                adapter.post(&at("/init"), &options);
                for _ in 0..=n {
                    let event = json!({ "distinct_id": test, "event": "e" });
                    adapter.post(&at("/capture"), &event);
                }
                adapter.post(&at("/flush"), &json!(null));
                let state = adapter.call("GET", &at("/state"), &json!(null));
                assert_eq!(state["total_events_sent"], n + 1);
            });
        }
    });
    assert_eq!(server.events().len(), 10);
    for request in server.requests() {
        let body = request.body.expect("a body");
        for event in body["batch"].as_array().expect("a batch") {
            assert_eq!(event["distinct_id"], *request.headers["x-test-id"]);
        }
    }
    // Nor does the one without a name.
    assert_eq!(adapter.state()["total_events_captured"], 0);
    adapter.init(&server, json!({}));
    server.clear();
    adapter.capture("e");
    adapter.flush();
    assert!(!server.requests()[0].headers.contains_key("x-test-id"));
}

#[test]
fn a_reset_drops_what_is_queued_and_what_waits_for_a_retry() {
    let server = LocalPostHog::start();
    let adapter = Adapter::start(&[]);
    let nothing_comes = |n: usize| {
        thread::sleep(MOMENT);
        assert_eq!(server.requests().len(), n);
    };
    adapter.init(&server, json!({ "flush_interval_ms": 200 }));
    adapter.capture("queued");
    assert_eq!(
        adapter.post("/reset", &json!(null)),
        json!({ "success": true })
    );
    nothing_comes(0);
    // A new client takes the place of the old one, with what that had queued.
    adapter.init(&server, json!({ "flush_interval_ms": 200 }));
    adapter.capture("replaced");
    adapter.init(&server, json!({ "flush_at": 1 }));
    nothing_comes(0);
    server.next(Fault::StatusWith {
        status: 503,
        retry_after: Some("1".into()),
        body: String::new(),
    });
    adapter.capture("waits");
    assert_eq!(server.wait_for_requests(1, PATIENCE).len(), 1);
    adapter.post("/reset", &json!(null));
    thread::sleep(MOMENT);
    nothing_comes(1);
    assert!(server.events().is_empty());
    let state = adapter.state();
    assert_eq!(state["total_events_captured"], 0);
    assert_eq!(state["requests_made"], json!([]));
    let (status, _) = adapter.ask(
        "POST",
        "/capture",
        &json!({ "distinct_id": "u", "event": "e" }),
    );
    assert_eq!(status, 400, "there is no client any more");
    // A reset without a client is one as well.
    adapter.post("/reset", &json!(null));
    assert_eq!(
        adapter.flush(),
        json!({ "success": true, "events_flushed": 0 })
    );
}

#[test]
fn an_init_that_cannot_be_is_answered_400_without_the_key() {
    let adapter = Adapter::start(&[]);
    let (status, answer) = adapter.ask(
        "POST",
        "/init",
        &json!({ "api_key": " ", "host": "http://x" }),
    );
    assert_eq!((status, &answer["success"]), (400, &json!(false)));
    let body = json!({ "api_key": "phc_secret_key", "host": "ftp://x" });
    let (status, answer) = adapter.ask("POST", "/init", &body);
    assert_eq!(status, 400);
    assert!(!answer.to_string().contains("secret"), "{answer}");
}
