//! The V1 wire format: headers, envelope and events.

mod support;

use posthog::{
    CaptureMode, Client, Compression, Event, InitError, Options, Request, Response, capture,
    new_context, testing::Memory,
};
use posthog_tests::LocalPostHog;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::{
    env,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{PATIENCE, Rig, body, header, log_lines, text};

const SECOND: Duration = Duration::from_secs(1);

fn rig() -> Rig {
    rig_with(|options| options)
}

fn rig_with(change: impl FnOnce(Options) -> Options) -> Rig {
    Rig::with(|options| change(options.capture_mode(CaptureMode::V1)))
}

/// One event, as a client in V1 sends it.
fn sent(event: Event) -> Value {
    rig().sent(event)
}

/// The requests of one event that the server wants again, once.
fn sent_twice(rig: &Rig) -> [Request; 2] {
    rig.wire.answer(503);
    rig.client.capture(Event::new("e").distinct_id("u"));
    assert!(rig.client.flush(Duration::ZERO).is_err());
    rig.settled(1);
    rig.clock.advance(SECOND);
    assert!(rig.wire.wait_for(2));
    let requests = rig.wire.requests();
    <[Request; 2]>::try_from(requests).expect("two requests")
}

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().expect("an object");
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn dlv_3_v0_with_another_compression_than_gzip_is_an_error() {
    for compression in [Compression::Deflate, Compression::Zstd, Compression::Brotli] {
        let made = |mode| {
            let options = Options::new("phc_test").compression(compression);
            let options = options.capture_mode(mode);
            Client::with_transport(options, Arc::new(Memory::default()) as _)
        };
        let error = made(CaptureMode::V0).expect_err("V0 has gzip only");
        assert_eq!(error, InitError::Compression);
        assert!(error.to_string().contains("`compression`"), "{error}");
        assert!(made(CaptureMode::V1).is_ok(), "{compression:?}");
    }
}

#[test]
fn dlv_3_a_misfit_of_the_environment_is_a_warning_and_nothing_is_compressed() {
    // Variables are those of a whole process, so it takes another one.
    let child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "in_an_environment_that_asks_for_zstd"])
        .args(["--include-ignored", "--nocapture"])
        .env("POSTHOG_API_KEY", "phc_test")
        .env("POSTHOG_CAPTURE_MODE", "v0")
        .env("POSTHOG_CAPTURE_COMPRESSION", "zstd")
        .output()
        .expect("a process");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

#[test]
#[ignore = "it is run by the test above, in an environment of its own"]
fn in_an_environment_that_asks_for_zstd() {
    log_lines::collect();
    let memory = Arc::new(Memory::default());
    let client = Client::with_transport(Options::from_env(), Arc::clone(&memory) as _);
    let client = client.expect("no error");
    assert_eq!(log_lines::warnings(&["POSTHOG_CAPTURE_COMPRESSION"]), 1);
    client.capture(Event::new("e").property("x", "x".repeat(10_000)));
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let requests = memory.requests();
    assert_eq!(header(&requests[0], "Content-Encoding"), None);
    assert!(requests[0].body.len() > 10_000);
}

#[test]
fn dlv_21_a_value_is_serialised_once_and_its_bytes_are_those_of_every_attempt() {
    struct Counts<'a>(&'a AtomicUsize);
    impl Serialize for Counts<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u64(self.0.fetch_add(1, Ordering::Relaxed) as u64)
        }
    }
    for mode in [CaptureMode::V0, CaptureMode::V1] {
        let times = AtomicUsize::new(0);
        let rig = Rig::with(|options| options.capture_mode(mode));
        rig.wire.answer(503);
        rig.wire.answer(503);
        rig.client
            .capture(Event::new("e").property("n", Counts(&times)));
        assert_eq!(times.load(Ordering::Relaxed), 1);
        assert!(rig.client.flush(Duration::ZERO).is_err());
        for attempt in 1..=2 {
            rig.settled(attempt);
            rig.clock.advance(SECOND);
        }
        assert!(rig.wire.wait_for(3));
        let of_event = |request: &Request| {
            let text = text(request);
            let start = text.find("\"batch\":").expect("a batch");
            text[start..].to_owned()
        };
        let bytes: Vec<String> = rig.wire.requests().iter().map(of_event).collect();
        assert_eq!((&bytes[0], &bytes[0]), (&bytes[1], &bytes[2]), "{mode:?}");
        assert_eq!(times.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn dlv_35_a_uuid_that_is_in_the_batch_already_goes_into_the_next_one() {
    let rig = rig();
    let uuid = "0197b0aa-51c0-7c44-8f11-a7d0c1b2e3f4";
    rig.wire.hold();
    for (name, uuid) in [("a", Some(uuid)), ("b", None), ("c", Some(uuid))] {
        let event = Event::new(name);
        rig.client.capture(match uuid {
            Some(uuid) => event.uuid(uuid),
            None => event,
        });
    }
    rig.wire.release();
    assert_eq!(rig.names(), ["a", "b", "c"]);
    assert_eq!(rig.wire.names(), [vec!["a", "b"], vec!["c"]]);
    // V0 does not mind.
    let v0 = Rig::new();
    v0.client.capture(Event::new("a").uuid(uuid));
    v0.client.capture(Event::new("b").uuid(uuid));
    v0.events();
    assert_eq!(v0.wire.names(), [["a", "b"]]);
}

#[test]
fn dlv_110_a_request_has_all_headers_of_v1() {
    let rig = rig();
    rig.sent(Event::new("e"));
    let requests = rig.wire.requests();
    let request = &requests[0];
    assert!(request.url.ends_with("/i/v1/analytics/events"));
    let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
    let expected = [
        "Content-Type",
        "User-Agent",
        "Authorization",
        "PostHog-Sdk-Info",
        "PostHog-Attempt",
        "PostHog-Request-Id",
        "PostHog-Request-Timestamp",
    ];
    assert_eq!(names, expected);
    let agent = concat!("posthog-rust/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [
        ("Content-Type", "application/json"),
        ("User-Agent", agent),
        ("Authorization", "Bearer phc_test"),
        ("PostHog-Sdk-Info", agent),
        ("PostHog-Attempt", "1"),
        ("PostHog-Request-Timestamp", "2030-03-17T17:46:40.250000Z"),
    ] {
        assert_eq!(header(request, name), Some(value));
    }
    let id = header(request, "PostHog-Request-Id").unwrap_or_default();
    assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
}

#[test]
fn dlv_110_the_service_takes_what_is_sent() {
    let server = LocalPostHog::start();
    let options = Options::new("phc_test").host(server.url());
    let client = Client::new(options.capture_mode(CaptureMode::V1)).expect("options in order");
    client.capture(Event::new("plain"));
    new_context()
        .tag("a_tag", 1)
        .session_id("s-1")
        .run(|| client.capture(Event::new("$ai_generation").process_person_profile(false)));
    let plan = json!({ "plan": "team" });
    client.capture(Event::identify("u-1").set(&plan));
    client.capture(Event::person().distinct_id("u-1").set_once(&plan));
    client.capture(Event::alias("anonymous-7", "u-1"));
    client.capture(Event::group_identify("company", "acme", &plan));
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.violations(), Vec::<String>::new());
    assert_eq!(server.events().len(), 6);
    let stats = client.stats();
    assert_eq!((stats.delivered, stats.failed), (6, 0));
    for request in server.requests() {
        assert_eq!(request.path, "/i/v1/analytics/events");
        assert_eq!(request.headers["authorization"], "Bearer [redacted]");
    }
}

#[test]
fn dlv_111_a_retry_has_the_same_id_and_body_and_another_attempt_and_time() {
    let rig = rig();
    let [first, second] = sent_twice(&rig);
    assert_eq!(first.body, second.body);
    let both = |name| [&first, &second].map(|request| header(request, name).unwrap_or_default());
    let [first_id, second_id] = both("PostHog-Request-Id");
    assert_eq!(first_id, second_id);
    assert_eq!(both("PostHog-Attempt"), ["1", "2"]);
    assert_eq!(
        both("PostHog-Request-Timestamp"),
        ["2030-03-17T17:46:40.250000Z", "2030-03-17T17:46:41.250000Z"]
    );
    assert_eq!(body(&second)["created_at"], "2030-03-17T17:46:40.250000Z");
    // Another batch is another request.
    rig.sent(Event::new("f"));
    let requests = rig.wire.requests();
    let third = &requests[2];
    assert_ne!(header(third, "PostHog-Request-Id"), Some(first_id));
    assert_eq!(header(third, "PostHog-Attempt"), Some("1"));
    assert_eq!(body(third)["created_at"], "2030-03-17T17:46:41.250000Z");
}

#[test]
fn dlv_112_the_envelope_names_no_key_and_says_when_it_was_made() {
    let rig = rig();
    rig.sent(Event::new("e"));
    assert_eq!(keys(&rig.wire.bodies()[0]), ["batch", "created_at"]);
    assert!(!text(&rig.wire.requests()[0]).contains("phc_test"));
    let import = rig_with(|options| options.historical_migration(true));
    import.sent(Event::new("e"));
    let body = &import.wire.bodies()[0];
    assert_eq!(keys(body), ["batch", "created_at", "historical_migration"]);
    assert_eq!(body["historical_migration"], true);
}

#[test]
fn dlv_112_the_bytes_of_a_request_are_these() {
    let rig = rig_with(|options| options.is_server(false).disable_geoip(false));
    let event = Event::new("plan upgraded")
        .distinct_id("u-77")
        .uuid("0197b0aa-51c0-7c44-8f11-a7d0c1b2e3f4")
        .timestamp("2031-05-07T02:00:00.25Z")
        .session_id("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11")
        .process_person_profile(true)
        .property("seats", 12);
    rig.client.capture(event);
    rig.events();
    let expected = concat!(
        r#"{"created_at":"2030-03-17T17:46:40.250000Z","batch":[{"event":"plan upgraded","#,
        r#""uuid":"0197b0aa-51c0-7c44-8f11-a7d0c1b2e3f4","distinct_id":"u-77","#,
        r#""timestamp":"2031-05-07T02:00:00.25Z","session_id":"0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11","#,
        r#""options":{"process_person_profile":true},"properties":{"seats":12,"#,
    );
    let text = text(&rig.wire.requests()[0]);
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with("}}]}"), "{text}");
}

#[test]
fn dlv_113_an_event_has_its_keys_and_an_empty_object_where_nothing_is_said() {
    let plain = sent(Event::new("e").distinct_id("u").property("a", 1));
    let always = [
        "distinct_id",
        "event",
        "options",
        "properties",
        "timestamp",
        "uuid",
    ];
    assert_eq!(keys(&plain), always);
    assert_eq!(plain["options"], json!({}));
    assert_eq!(plain["properties"]["a"], 1);
    let known = sent(
        Event::new("e")
            .distinct_id("u")
            .session_id("s")
            .property("$window_id", "w"),
    );
    assert_eq!(
        (&known["session_id"], &known["window_id"]),
        (&json!("s"), &json!("w"))
    );
}

#[test]
fn dlv_113_events_of_one_thread_have_each_the_form_of_their_client() {
    let (v0, v1) = (
        Rig::with(|options| options.capture_mode(CaptureMode::V0)),
        rig(),
    );
    let hooked = rig_with(|options| options.before_send(Some));
    for _ in 0..2 {
        // Some are written in the form of V1 at once, others are brought into it: none is taken for one of the others.
        capture!("plain", client = &v1.client, total = 1);
        capture!("special", client = &v1.client, product_tour_id = "tour");
        capture!("plain", client = &v0.client, total = 1);
        capture!("plain", client = &v1.client, total = 1);
        capture!("plain", client = &hooked.client, total = 1);
        // One that is refused leaves nothing behind either.
        capture!("$identify".to_owned(), client = &v1.client, total = 1);
        capture!("special", client = &v1.client, product_tour_id = "tour");
        capture!("plain", client = &v1.client, total = 1);
        capture!("special", client = &v0.client, product_tour_id = "tour");
    }
    for (rig, count) in [(&v1, 10), (&hooked, 2)] {
        let events = rig.events();
        assert_eq!(events.len(), count);
        for event in events {
            let options = event["options"].as_object().expect("options");
            assert_eq!(event["properties"].get("$lib"), None, "{event}");
            assert_eq!(
                options.contains_key("product_tour_id"),
                event["event"] == "special"
            );
        }
    }
    let events = v0.events();
    assert_eq!(events.len(), 4);
    for event in events {
        assert_eq!(event.get("options"), None, "{event}");
        assert_eq!(event["properties"]["$lib"], "posthog-rust");
    }
}

#[test]
fn dlv_114_what_v1_has_a_place_for_leaves_the_properties() {
    let event = Event::new("e")
        .distinct_id("u")
        .session_id("s")
        .process_person_profile(true)
        .cookieless_mode(true)
        .disable_skew_correction(false)
        .product_tour_id("tour")
        .property("kept", 1);
    let event = sent(event);
    let options = json!({
        "process_person_profile": true,
        "cookieless_mode": true,
        "disable_skew_correction": false,
        "product_tour_id": "tour",
    });
    assert_eq!(event["options"], options);
    assert_eq!(event["session_id"], "s");
    for moved in [
        "$session_id",
        "$process_person_profile",
        "$cookieless_mode",
        "$ignore_sent_at",
        "$product_tour_id",
    ] {
        assert_eq!(event["properties"].get(moved), None, "{moved}");
    }
    assert_eq!(event["properties"]["kept"], 1);
    // A personless event says so as an option.
    let nobody = sent(Event::new("e"));
    assert_eq!(
        nobody["options"],
        json!({ "process_person_profile": false })
    );
}

#[test]
fn dlv_115_an_option_that_makes_no_sense_is_left_out() {
    let server = LocalPostHog::start();
    let options = Options::new("phc_test").host(server.url());
    let options = options
        .capture_mode(CaptureMode::V1)
        .before_send(|mut event| {
            for (key, value) in [
                ("$cookieless_mode", json!(null)),
                ("$ignore_sent_at", json!({ "a": 1 })),
                ("$process_person_profile", json!("perhaps")),
                ("$product_tour_id", json!(7)),
                ("$session_id", json!(5)),
                ("$window_id", json!([])),
            ] {
                event.properties.insert(key.to_owned(), value);
            }
            Some(event)
        });
    let client = Client::new(options).expect("options in order");
    client.capture(Event::new("e").distinct_id("u"));
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let event = &server.events()[0];
    assert_eq!(event["options"], json!({}));
    assert_eq!(
        (event.get("session_id"), event.get("window_id")),
        (None, None)
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn dlv_116_the_library_is_in_a_header_only_and_everything_else_stays() {
    let event = Event::new("e")
        .distinct_id("u")
        .property("custom", json!({ "a": [1, null] }))
        .property("$unset", json!(["b"]))
        .set(json!({ "plan": "team" }))
        .set_once(json!({ "since": 1 }))
        .groups(json!({ "company": "acme" }));
    let v1 = sent(event.clone());
    let v0 = support::sent(event);
    let mut expected = v0["properties"].clone();
    let properties = expected.as_object_mut().expect("an object");
    assert!(properties.remove("$lib").is_some());
    assert!(properties.remove("$lib_version").is_some());
    assert_eq!(v1["properties"], expected);
    for kept in [
        "$set",
        "$set_once",
        "$unset",
        "$groups",
        "$is_server",
        "$geoip_disable",
    ] {
        assert!(v1["properties"].get(kept).is_some(), "{kept}");
    }
    assert_eq!(
        (&v1["event"], &v1["distinct_id"], &v1["timestamp"]),
        (&v0["event"], &v0["distinct_id"], &v0["timestamp"])
    );
}

#[test]
fn cap_44_in_v1_a_distinct_id_has_at_most_200_bytes() {
    let accepted = |rig: &Rig, id: &str| {
        let event = Event::new("e").distinct_id(id);
        rig.client.capture(event).is_some()
    };
    let v1 = rig();
    let v0 = Rig::new();
    for (id, by_v0, by_v1) in [
        ("é".repeat(100), true, true),
        ("é".repeat(101), true, false),
        ("é".repeat(200), true, false),
        ("é".repeat(201), false, false),
        ("x".repeat(200), true, true),
        ("x".repeat(201), false, false),
    ] {
        assert_eq!(
            (accepted(&v0, &id), accepted(&v1, &id)),
            (by_v0, by_v1),
            "{} bytes",
            id.len()
        );
    }
    // AI events are sent in V0's form, whatever the mode.
    let ai = |id: String| {
        v1.client
            .capture_ai(Event::new("$ai_trace").distinct_id(id))
    };
    assert!(ai("é".repeat(200)).is_some());
    assert!(ai("é".repeat(201)).is_none());
}

#[test]
fn cap_96_in_v1_the_id_of_a_group_has_at_most_200_bytes() {
    let group = || Event::group_identify("company", "é".repeat(150), json!({}));
    let id = |event: Value| event["distinct_id"].as_str().unwrap_or_default().to_owned();
    let by_v0 = id(support::sent(group()));
    assert_eq!(by_v0, format!("$company_{}", "é".repeat(150)));
    let by_v1 = id(sent(group()));
    assert!(by_v1.parse::<uuid::Uuid>().is_ok(), "{by_v1}");
    assert_eq!(by_v1, id(sent(group())), "it is always the same");
}

#[test]
fn cap_131_typed_options_and_properties_mean_the_same_in_both_forms() {
    let typed = Event::new("e")
        .distinct_id("u")
        .cookieless_mode(true)
        .disable_skew_correction(true)
        .process_person_profile(false)
        .product_tour_id("tour");
    let loose = Event::new("e")
        .distinct_id("u")
        .property("$cookieless_mode", "TRUE")
        .property("$ignore_sent_at", 1)
        .property("$process_person_profile", "0")
        .property("$product_tour_id", "tour");
    for event in [typed, loose] {
        let v0 = &support::sent(event.clone())["properties"];
        assert_eq!(
            (&v0["$cookieless_mode"], &v0["$ignore_sent_at"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(
            (&v0["$process_person_profile"], &v0["$product_tour_id"]),
            (&json!(false), &json!("tour"))
        );
        let options = json!({
            "process_person_profile": false,
            "cookieless_mode": true,
            "disable_skew_correction": true,
            "product_tour_id": "tour",
        });
        assert_eq!(sent(event)["options"], options);
    }
}

#[test]
fn dlv_95_in_v1_the_halves_of_a_batch_are_requests_of_their_own() {
    let rig = rig();
    rig.wire.answer_with(Ok(Response::new(413)));
    rig.wire.hold();
    for name in ["a", "b", "c"] {
        rig.client.capture(name);
    }
    rig.wire.release();
    assert_eq!(rig.names().len(), 6);
    assert_eq!(
        rig.wire.names(),
        [vec!["a", "b", "c"], vec!["a"], vec!["b", "c"]]
    );
    let requests = rig.wire.requests();
    let of = |name| {
        let values = requests.iter().map(|request| header(request, name));
        values.flatten().collect::<Vec<_>>()
    };
    assert_eq!(of("PostHog-Attempt"), ["1", "1", "1"]);
    let ids = of("PostHog-Request-Id");
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}
