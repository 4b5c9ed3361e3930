//! What the test harness asks of V1 beside what it asks of [both protocols](compliance_adapter_capture.rs).

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{Adapter, Flushed, batch, event, events, paths};
use jiff::Timestamp;
use posthog_tests::{Fault, LocalPostHog};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};
use uuid::Uuid;

const V1: &[&str] = &["--capture-mode", "v1"];

/// Captures and flushes, where the server answers so first.
fn run(answers: &[Fault], options: Value, events: &[Value]) -> Flushed {
    let server = LocalPostHog::start();
    for answer in answers {
        server.next(answer.clone());
    }
    let flushed = Adapter::start(V1).flushed(&server, options, events);
    assert_eq!(server.violations(), Vec::<String>::new());
    flushed
}

fn one(answers: &[Fault]) -> Flushed {
    run(answers, json!({ "flush_at": 1 }), &[event("test_event")])
}

/// One event, and several at once.
fn single_and_batch(event: &Value) -> [Flushed; 2] {
    [1, 3].map(|n| {
        let flushed = run(&[], json!({ "flush_at": n }), &vec![event.clone(); n]);
        assert_eq!((flushed.count(), flushed.events().len()), (1, n));
        flushed
    })
}

fn unavailable() -> Fault {
    Fault::Status(503)
}

fn is_time(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.parse::<Timestamp>().is_ok())
}

#[test]
fn dlv_14_all_requests_go_to_the_endpoint_of_v1() {
    let flushed = one(&[unavailable()]);
    assert_eq!(paths(&flushed.requests), ["/i/v1/analytics/events"; 2]);
    assert!(
        flushed
            .requests
            .iter()
            .all(|request| request.method == "POST")
    );
}

/// Takes one request, and answers it; its head.
fn head_of_one_request(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().expect("a connection");
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).expect("a line of the head");
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    reader.read_exact(&mut body).expect("the body");
    reader
        .get_mut()
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"results\":{}}")
        .expect("a client that listens");
    head
}

#[test]
fn dlv_110_the_key_is_the_bearer_token() {
    // By hand: the local PostHog keeps no key that it was sent.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = format!("http://{}", listener.local_addr().expect("an address"));
    let adapter = Adapter::start(V1);
    let init = json!({ "api_key": "phc_test_key", "host": host, "flush_at": 1 });
    adapter.post("/init", &init);
    let head = thread::scope(|scope| {
        let server = scope.spawn(|| head_of_one_request(&listener));
        adapter.post("/capture", &event("test_event"));
        assert_eq!(adapter.flush()["success"], true);
        server.join().expect("no panic")
    });
    let authorization = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    assert_eq!(
        authorization.map(|(_, value)| value),
        Some("Bearer phc_test_key")
    );
}

#[test]
fn dlv_110_every_required_header_is_there_and_makes_sense() {
    let flushed = one(&[]);
    let header = |name| flushed.headers(name)[0];
    assert!(header("content-type").starts_with("application/json"));
    let info = header("posthog-sdk-info").split_once('/');
    assert!(info.is_some_and(|(name, version)| !name.is_empty() && !version.is_empty()));
    assert_eq!(header("posthog-attempt"), "1");
    assert!(Uuid::parse_str(header("posthog-request-id")).is_ok());
    assert!(is_time(&json!(header("posthog-request-timestamp"))));
    assert!(!header("user-agent").is_empty());
}

#[test]
fn dlv_112_the_body_has_its_time_and_its_batch_and_no_key() {
    let flushed = one(&[]);
    let body = flushed.requests[0].body.as_ref().expect("a body");
    assert!(
        body["batch"]
            .as_array()
            .is_some_and(|batch| !batch.is_empty())
    );
    let created: Timestamp = body["created_at"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a time");
    let age = Timestamp::now().duration_since(created).abs();
    assert!(age.as_secs() < 5, "{age:?}");
    for absent in ["api_key", "token", "sent_at", "historical_migration"] {
        assert_eq!(body.get(absent), None, "{absent}");
    }
}

#[test]
fn dlv_113_every_event_has_its_fields_at_its_root() {
    for flushed in single_and_batch(&event("test_event")) {
        let events = flushed.events();
        for (event, uuid) in events.iter().zip(&flushed.uuids) {
            assert_eq!(event["event"], "test_event");
            assert_eq!(event["uuid"], **uuid);
            assert!(uuid.len() == 36 && Uuid::parse_str(uuid).is_ok());
            assert_eq!(event["distinct_id"], "test_user");
            assert!(is_time(&event["timestamp"]));
            assert_eq!(event["properties"].get("distinct_id"), None);
        }
        assert!(!flushed.headers("authorization")[0].is_empty());
    }
}

#[test]
fn dlv_116_properties_arrive_as_they_were_given() {
    let given = json!({
        "custom_string": "hello",
        "custom_number": 42,
        "custom_bool": true,
        "$set": { "name": "Test User", "email": "test@example.com" },
        "$set_once": { "initial_referrer": "https://google.com" },
        "$groups": { "company": "posthog" },
    });
    let mut event = event("test_event");
    event["properties"] = given.clone();
    for flushed in single_and_batch(&event) {
        for event in flushed.events() {
            for (name, value) in given.as_object().expect("an object") {
                assert_eq!(event["properties"][name], *value, "{name}");
            }
        }
    }
}

#[test]
fn dlv_111_attempts_count_up_with_one_request_id_and_a_time_of_their_own() {
    // Where everything is to be sent again, and where some of it is.
    for answers in [
        vec![unavailable(), unavailable()],
        vec![Fault::results(&[(1, "retry", "not_persisted")])],
    ] {
        let flushed = run(&answers, json!({ "flush_at": 10 }), &events(2));
        let attempts = flushed.headers("posthog-attempt");
        let expected: Vec<_> = (1..=answers.len() + 1).map(|n| n.to_string()).collect();
        assert_eq!(attempts, expected);
        let ids = flushed.headers("posthog-request-id");
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let mut times = flushed.headers("posthog-request-timestamp");
        times.dedup();
        assert_eq!(times.len(), attempts.len());
    }
}

#[test]
fn dlv_111_each_batch_has_a_request_id_of_its_own() {
    let (server, adapter) = (LocalPostHog::start(), Adapter::start(V1));
    adapter.init(&server, json!({ "flush_at": 1 }));
    for name in ["test_event_1", "test_event_2"] {
        adapter.capture(name);
        adapter.flush();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let id = |n: usize| &requests[n].headers["posthog-request-id"];
    assert!(!id(0).is_empty() && id(0) != id(1));
}

#[test]
fn dlv_118_what_is_taken_or_thrown_away_is_not_sent_again() {
    for results in [
        &["ok"][..],
        &["ok", "ok", "ok"],
        &["ok", "drop"],
        &["drop", "drop"],
        &["ok", "limited"],
        // A result of the future.
        &["ok", "unknown_future_result"],
        &["ok", "drop", "limited", "ok"],
    ] {
        let planned: Vec<_> = (0..)
            .zip(results)
            .map(|(n, result)| (n, *result, "some_detail"))
            .collect();
        let n = results.len();
        let flushed = run(
            &[Fault::results(&planned)],
            json!({ "flush_at": n }),
            &events(n),
        );
        assert_eq!(flushed.statuses(), [200], "{results:?}");
        let dropped = results.iter().filter(|result| **result == "drop").count();
        assert_eq!(flushed.state["total_events_sent"], n - dropped);
        assert_eq!(flushed.state["last_error"].is_null(), dropped == 0);
    }
}

#[test]
fn dlv_118_only_what_the_service_wants_again_is_sent_again() {
    for results in [
        &["ok", "retry"][..],
        &["drop", "retry"],
        &["ok", "drop", "retry"],
    ] {
        let planned: Vec<_> = (0..)
            .zip(results)
            .map(|(n, result)| (n, *result, ""))
            .collect();
        let n = results.len();
        let flushed = run(
            &[Fault::results(&planned)],
            json!({ "flush_at": 10 }),
            &events(n),
        );
        assert_eq!(flushed.statuses(), [200, 200]);
        assert_eq!(flushed.requests[1].uuids, flushed.uuids[n - 1..]);
        // As it was, but for nothing.
        assert_eq!(batch(&flushed.requests[1])[0], flushed.events()[n - 1]);
    }
}

#[test]
fn dlv_92_a_service_that_wants_events_later_gets_them_later() {
    let (server, adapter) = (LocalPostHog::start(), Adapter::start(V1));
    adapter.init(&server, json!({ "flush_at": 10 }));
    let uuids: Vec<_> = ["a", "b"].map(|name| adapter.capture(name)).into();
    let results =
        json!({ "results": { &*uuids[0]: { "result": "ok" }, &*uuids[1]: { "result": "retry" } } });
    server.next(Fault::StatusWith {
        status: 200,
        retry_after: Some("3".to_owned()),
        body: results.to_string(),
    });
    adapter.flush();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].uuids, uuids[1..]);
    let wait = requests[1].at - requests[0].at;
    assert!(wait >= Duration::from_millis(2_500), "{wait:?}");
}

#[test]
fn dlv_81_each_encoding_is_declared_and_can_be_read() {
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let server = LocalPostHog::start();
        let arguments = [V1, &["--encoding", encoding]].concat();
        let adapter = Adapter::start(&arguments);
        let options = json!({ "enable_compression": true, "flush_at": 1 });
        let flushed = adapter.flushed(&server, options, &[event("test_event")]);
        assert_eq!(flushed.headers("content-encoding"), [encoding]);
        assert_eq!(flushed.events()[0]["event"], "test_event");
        let options = json!({ "enable_compression": false, "flush_at": 1 });
        server.clear();
        let flushed = adapter.flushed(&server, options, &[event("test_event")]);
        assert!(!flushed.requests[0].headers.contains_key("content-encoding"));
    }
}

#[test]
fn dlv_114_an_option_of_an_event_arrives_among_its_options() {
    for (option, value) in [
        ("cookieless_mode", json!(true)),
        ("disable_skew_correction", json!(true)),
        ("process_person_profile", json!(false)),
        ("product_tour_id", json!("tour_123")),
    ] {
        let mut event = event("test_event");
        event["options"] = json!({ option: value });
        for flushed in single_and_batch(&event) {
            for event in flushed.events() {
                assert_eq!(event["options"], json!({ option: value }));
            }
        }
    }
}

#[test]
fn dlv_115_an_option_that_is_not_set_is_left_out() {
    for flushed in single_and_batch(&event("test_event")) {
        for event in flushed.events() {
            assert_eq!(event["options"], json!({}));
        }
    }
}

#[test]
fn cap_73_where_an_event_comes_from_is_not_looked_up_if_init_says_so() {
    for (disable, sent) in [(true, Some(&json!(true))), (false, None)] {
        let options = json!({ "flush_at": 1, "disable_geoip": disable });
        let flushed = run(&[], options, &[event("test_event")]);
        assert_eq!(
            flushed.events()[0]["properties"].get("$geoip_disable"),
            sent
        );
    }
}

#[test]
fn dlv_148_an_import_says_so_in_its_body() {
    let options = json!({ "flush_at": 1, "historical_migration": true });
    let flushed = run(&[], options, &[event("test_event")]);
    let body = flushed.requests[0].body.as_ref().expect("a body");
    assert_eq!(body["historical_migration"], true);
}
