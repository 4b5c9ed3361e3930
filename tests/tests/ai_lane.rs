//! The lane for AI events: beside that for analytics, with limits of its own.

mod support;

use posthog::{
    CaptureMode, Client, Compression, Event, Options, Request, Response, Transport, TransportError,
    new_context, testing::Memory,
};
use posthog_tests::{Fault, LocalPostHog};
use serde_json::{Value, json};
use std::sync::Arc;
use support::{PATIENCE, Rig, body, header, log_lines};

const MIB: usize = 1 << 20;

fn ai(name: &str) -> Event {
    Event::new(name).distinct_id("u-77")
}

/// An event whose JSON has about so many bytes.
fn ai_of(bytes: usize) -> Event {
    ai("$ai_generation").property("$ai_input", "x".repeat(bytes))
}

fn client(server: &LocalPostHog, change: impl FnOnce(Options) -> Options) -> Client {
    let options = change(Options::new("phc_test").host(server.url()));
    Client::new(options).expect("options in order")
}

#[test]
fn cap_5_an_event_is_the_same_by_either_lane() {
    let rig = Rig::new();
    let event = ai("$ai_generation")
        .property("$ai_model", "some-model")
        .groups(json!({ "company": "acme" }))
        .uuid("0197b0b3-0a11-7b20-a1d4-91e2c3f40512")
        .process_person_profile(false);
    new_context().tag("a_tag", 1).session_id("s-1").run(|| {
        rig.client.capture(event.clone());
        rig.client.capture_ai(event);
    });
    let events = rig.events();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1]);
    assert_eq!(events[0]["properties"]["a_tag"], 1);
}

#[test]
fn cap_5_capture_reroutes_nothing() {
    for (mode, path) in [
        (CaptureMode::V0, "/batch/"),
        (CaptureMode::V1, "/i/v1/analytics/events"),
    ] {
        let server = LocalPostHog::start();
        let client = client(&server, |options| options.capture_mode(mode));
        client.capture(ai("$ai_generation"));
        client.capture(ai("$ai_span"));
        assert_eq!(client.flush(PATIENCE), Ok(()));
        let paths: Vec<String> = server
            .requests()
            .into_iter()
            .map(|request| request.path)
            .collect();
        assert_eq!(paths, [path]);
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[test]
fn dlv_130_ai_events_go_to_their_endpoint_in_the_form_of_v0_in_every_mode() {
    for mode in [CaptureMode::V0, CaptureMode::V1] {
        let server = LocalPostHog::start();
        let client = client(&server, |options| options.capture_mode(mode));
        let event = ai("$ai_generation").session_id("s-1").cookieless_mode(true);
        let uuid = client.capture_ai(event).expect("an accepted event");
        assert_eq!(client.flush(PATIENCE), Ok(()));
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].path, "/i/v0/ai/batch/");
        assert!(!requests[0].headers.contains_key("authorization"));
        assert_eq!(requests[0].uuids, [uuid.to_string()]);
        let body = requests[0].body.as_deref().expect("a body");
        assert_eq!(body["api_key"], "phc_test");
        let properties = &body["batch"][0]["properties"];
        assert_eq!(properties["$session_id"], "s-1");
        assert_eq!(properties["$cookieless_mode"], true);
        assert_eq!(properties["$lib"], "posthog-rust");
        assert_eq!(server.violations(), Vec::<String>::new());
        assert_eq!(client.stats().delivered, 1);
    }
}

#[test]
fn dlv_130_the_statuses_are_those_of_v0_in_every_mode() {
    // V1 would give up.
    for status in [429, 501] {
        let server = LocalPostHog::start();
        server.next(Fault::Status(status));
        let client = client(&server, |options| options.capture_mode(CaptureMode::V1));
        client.capture_ai(ai("$ai_generation"));
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!((server.requests().len(), client.stats().delivered), (2, 1));
    }
}

#[test]
fn dlv_130_no_lane_waits_for_the_other_or_shares_a_request_with_it() {
    /// A service that is down for analytics.
    struct AnalyticsIsDown(Memory);
    impl Transport for AnalyticsIsDown {
        fn send(&self, request: &Request) -> Result<Response, TransportError> {
            let answer = self.0.send(request);
            if request.url.ends_with("/batch/") && !request.url.contains("/ai/") {
                return Ok(Response::new(503).with_retry_after("30"));
            }
            answer
        }
    }
    let transport = Arc::new(AnalyticsIsDown(Memory::default()));
    let options = Options::new("phc_test").shutdown_timeout(std::time::Duration::ZERO);
    let client = Client::with_transport(options, Arc::clone(&transport) as _);
    let client = client.expect("options in order");
    client.capture("analytics");
    client.capture_ai(ai("$ai_generation"));
    assert!(client.flush(std::time::Duration::ZERO).is_err());
    support::eventually(|| client.stats().delivered == 1 && client.stats().retries == 1);
    for request in transport.0.requests() {
        let batch = body(&request)["batch"].clone();
        assert_eq!(batch.as_array().map(Vec::len), Some(1));
        let is_ai = batch[0]["event"] == "$ai_generation";
        assert_eq!(request.url.contains("/ai/"), is_ai);
    }
}

#[test]
fn dlv_130_its_worker_starts_with_its_first_event() {
    let rig = Rig::new();
    rig.client.capture("analytics");
    rig.events();
    assert_eq!(rig.wire.threads(), ["posthog-analytics"]);
    rig.client.capture_ai(ai("$ai_trace"));
    rig.events();
    assert_eq!(rig.wire.threads(), ["posthog-ai", "posthog-analytics"]);
}

#[test]
fn dlv_131_an_event_may_have_8_mib_and_the_service_takes_it() {
    let server = LocalPostHog::start();
    let client = client(&server, |options| options.compression(Compression::None));
    let room = 8 * MIB - 1000;
    assert!(client.capture_ai(ai_of(room)).is_some());
    assert!(client.capture_ai(ai_of(8 * MIB)).is_none());
    // `capture` has its own limit still.
    assert!(client.capture(ai_of(MIB)).is_none());
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let stats = client.stats();
    assert_eq!(
        (stats.delivered, stats.failed, stats.dropped_too_large),
        (1, 0, 2)
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn dlv_131_a_batch_has_5_mib_unless_one_event_has_more() {
    let rig = Rig::with(|options| options.compression(Compression::None));
    rig.wire.hold();
    for (name, mib) in [
        ("$ai_a", 2),
        ("$ai_b", 2),
        ("$ai_c", 2),
        ("$ai_d", 7),
        ("$ai_e", 0),
    ] {
        let event = ai(name).property("$ai_input", "x".repeat(mib * MIB));
        assert!(rig.client.capture_ai(event).is_some());
    }
    rig.wire.release();
    rig.events();
    let names = rig.wire.names();
    assert_eq!(
        names,
        [
            vec!["$ai_a", "$ai_b"],
            vec!["$ai_c"],
            vec!["$ai_d"],
            vec!["$ai_e"]
        ]
    );
    let largest = rig
        .wire
        .requests()
        .iter()
        .map(|request| request.body.len())
        .max();
    assert!(largest < Some(20 * MIB));
}

#[test]
fn dlv_131_its_queue_takes_as_many_events_and_four_times_the_bytes() {
    let by_bytes = Rig::with(|options| options.max_queue_bytes(100_000));
    let accepted = |n: usize| (0..n).filter_map(|_| by_bytes.client.capture_ai(ai_of(90_000)));
    assert_eq!(accepted(6).count(), 4);
    let analytics = Event::new("e").property("x", "x".repeat(90_000));
    assert!(by_bytes.client.capture(analytics.clone()).is_some());
    assert!(by_bytes.client.capture(analytics).is_none());
    let by_count = Rig::with(|options| options.max_queue_size(3));
    let accepted = (0..5).filter_map(|_| by_count.client.capture_ai(ai("$ai_trace")));
    assert_eq!(accepted.count(), 3);
    assert_eq!(by_count.client.stats().dropped_queue_full, 2);
}

#[test]
fn dlv_131_gzip_is_the_only_compression_of_the_lane() {
    let encoding = |mode, compression: Option<Compression>| {
        let rig = Rig::with(|options| {
            let options = options.capture_mode(mode);
            match compression {
                Some(compression) => options.compression(compression),
                None => options,
            }
        });
        rig.client.capture_ai(ai_of(10_000));
        assert_eq!(rig.client.flush(PATIENCE), Ok(()));
        header(&rig.wire.requests()[0], "Content-Encoding").map(str::to_owned)
    };
    let (v0, v1) = (CaptureMode::V0, CaptureMode::V1);
    assert_eq!(
        encoding(v0, Some(Compression::Gzip)).as_deref(),
        Some("gzip")
    );
    assert_eq!(
        encoding(v1, Some(Compression::Gzip)).as_deref(),
        Some("gzip")
    );
    assert_eq!(encoding(v0, None).as_deref(), Some("gzip"));
    for compression in [
        Compression::None,
        Compression::Deflate,
        Compression::Zstd,
        Compression::Brotli,
    ] {
        assert_eq!(encoding(v1, Some(compression)), None, "{compression:?}");
    }
}

#[test]
fn dlv_132_an_oversize_event_is_a_warning_with_its_name_and_size_and_no_content() {
    log_lines::collect();
    let rig = Rig::with(|options| options.debug(true));
    let secret = "what-somebody-asked ";
    let event = ai("$ai_oversize").property("$ai_input", secret.repeat(500_000));
    assert!(rig.client.capture_ai(event).is_none());
    let warnings = log_lines::with(&["`$ai_oversize`", "bytes"]);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].text.contains("100"), "{}", warnings[0].text);
    assert_eq!(rig.client.stats().dropped_too_large, 1);
    // Nor is there content of an event that is sent, and refused.
    rig.wire.answer(400);
    rig.client
        .capture_ai(ai("$ai_refused").property("$ai_input", secret));
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    assert!(log_lines::with(&["what-somebody-asked"]).is_empty());
}

#[test]
fn dlv_132_a_failure_tells_no_content() {
    let told = Arc::<std::sync::Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&told);
    let rig = Rig::with(|options| {
        options.on_error(move |failure| {
            let text = format!("{failure} {failure:?}");
            noted.lock().expect("no panic").push(text);
        })
    });
    rig.wire.answer(400);
    rig.client
        .capture_ai(ai("$ai_span").property("$ai_input", "what-somebody-asked"));
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    support::eventually(|| told.lock().is_ok_and(|told| told.len() == 1));
    let told = told.lock().expect("no panic");
    assert!(
        told[0].contains("$ai_span") && told[0].contains("`ai`"),
        "{}",
        told[0]
    );
    assert!(!told[0].contains("what-somebody-asked"), "{}", told[0]);
}

#[test]
fn dlv_133_an_event_that_is_none_of_ai_is_dropped_with_a_warning() {
    log_lines::collect();
    let rig = Rig::new();
    for name in ["no_ai_event", "ai_generation", "$AI_generation"] {
        assert_eq!(rig.client.capture_ai(ai(name)), None);
        assert_eq!(log_lines::warnings(&[&format!("`{name}`")]), 1);
    }
    assert!(rig.client.capture_ai(ai("$ai_mine")).is_some());
    assert_eq!(rig.names(), ["$ai_mine"]);
    assert_eq!(rig.client.stats().dropped_invalid, 3);
}

#[test]
fn dlv_133_a_hook_cannot_make_it_one_that_costs_the_request() {
    let server = LocalPostHog::start();
    let client = client(&server, |options| {
        options.before_send(|mut event| {
            if event.properties.contains_key("rename") {
                event.event = "renamed".into();
            }
            Some(event)
        })
    });
    client.capture_ai(ai("$ai_kept"));
    assert_eq!(
        client.capture_ai(ai("$ai_lost").property("rename", true)),
        None
    );
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!((client.stats().delivered, client.stats().failed), (1, 0));
}

#[test]
fn dlv_134_a_payload_is_sent_as_it_was_given() {
    let image = "iVBORw0KGgo".repeat(20_000);
    let input = json!([
        { "role": "user", "content": [
            { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{image}") } },
            { "type": "text", "text": "my key is sk-123 and my mail a@b.example" },
        ] },
    ]);
    let rig = Rig::new();
    let event = ai("$ai_generation").property("$ai_input", &input).property(
        "$ai_output_choices",
        json!([{ "content": "\u{0}\u{1F600}" }]),
    );
    let sent = {
        rig.client.capture_ai(event);
        rig.events().remove(0)
    };
    assert_eq!(sent["properties"]["$ai_input"], input);
    let output = &sent["properties"]["$ai_output_choices"][0]["content"];
    assert_eq!(output, &Value::from("\u{0}\u{1F600}"));
}

#[test]
fn dlv_135_404_is_final_and_said_once() {
    log_lines::collect();
    let server = LocalPostHog::start();
    server.always(Fault::Status(404));
    let client = client(&server, |options| options);
    for _ in 0..2 {
        client.capture_ai(ai("$ai_generation"));
        assert_eq!(client.flush(PATIENCE), Ok(()));
    }
    assert_eq!(server.requests().len(), 2);
    let stats = client.stats();
    assert_eq!((stats.failed_refused, stats.retries), (2, 0));
    // It is logged beside the flush that waits for the events.
    let said = || {
        let lines = log_lines::with(&["404", "AI events"]);
        let errors = lines.iter().filter(|line| line.level == log::Level::Error);
        errors.count()
    };
    support::eventually(|| said() == 1);
    std::thread::sleep(support::MOMENT);
    assert_eq!(said(), 1);
}
