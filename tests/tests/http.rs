//! The event path over real connections, which fail in all the ways connections fail.

mod support;

use posthog::{Client, Compression, Event, Options};
use posthog_tests::{Fault, LocalPostHog, Received};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::PATIENCE;

fn options(server: &LocalPostHog) -> Options {
    Options::new("phc_test")
        .host(server.url())
        .request_timeout(Duration::from_millis(500))
}

fn client(server: &LocalPostHog) -> Client {
    Client::new(options(server)).expect("options in order")
}

/// Sends one event to a server whose first answer is a fault; what became of it.
fn after(fault: Fault) -> (LocalPostHog, Client) {
    let server = LocalPostHog::start();
    server.next(fault);
    let client = client(&server);
    client.capture(Event::new("e").distinct_id("u-1"));
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.violations(), Vec::<String>::new());
    (server, client)
}

fn header<'a>(request: &'a Received, name: &str) -> Option<&'a str> {
    request.headers.get(name).map(String::as_str)
}

#[test]
fn dlv_70_a_request_is_a_post_of_json_over_a_connection_that_is_kept() {
    let server = LocalPostHog::start();
    let client = client(&server);
    for _ in 0..3 {
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(
            (
                request.method.as_str(),
                request.path.as_str(),
                &request.query
            ),
            ("POST", "/batch/", &None)
        );
        assert_eq!(header(request, "content-type"), Some("application/json"));
        assert_eq!(
            header(request, "user-agent"),
            Some(concat!("posthog-rust/", env!("CARGO_PKG_VERSION")))
        );
        assert_eq!(
            header(request, "content-length"),
            Some(&*request.body_bytes.to_string())
        );
        assert_eq!(header(request, "content-encoding"), None, "it is small");
        assert_eq!(request.peer, requests[0].peer);
    }
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn dlv_71_nothing_below_the_sdk_tries_again() {
    for fault in [
        Fault::ResetBeforeRead,
        Fault::ResetAfterRead,
        Fault::Garbage,
        Fault::Status(503),
        Fault::TruncateBody,
    ] {
        let server = LocalPostHog::start();
        server.always(fault.clone());
        let client = Client::new(options(&server).max_retries(1)).expect("options in order");
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()), "{fault:?}");
        assert_eq!(server.requests().len(), 2, "{fault:?}");
        assert_eq!(client.stats().failed, 1, "{fault:?}");
    }
}

#[test]
fn dlv_71_a_redirect_is_not_followed_and_final() {
    let elsewhere = LocalPostHog::start();
    let (server, client) = after(Fault::Redirect(format!("{}/batch/", elsewhere.url())));
    assert_eq!(server.requests().len(), 1);
    assert!(elsewhere.requests().is_empty());
    assert_eq!((client.stats().failed, client.stats().retries), (1, 0));
}

#[test]
fn dlv_72_a_success_is_one_whatever_its_body_says() {
    for fault in [
        Fault::Nonsense,
        Fault::Status(204),
        Fault::StatusWith {
            status: 200,
            retry_after: Some("1000".into()),
            body: "{\"quota_limited\":[\"events\"]}".into(),
        },
    ] {
        let (server, client) = after(fault);
        assert_eq!((server.requests().len(), client.stats().delivered), (1, 1));
    }
}

#[test]
fn dlv_73_an_answer_without_end_is_read_up_to_its_limit_and_holds_nobody_up() {
    let start = Instant::now();
    let (server, client) = after(Fault::Endless);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!((server.requests().len(), client.stats().delivered), (1, 1));
    // And the connection is not used again, in the middle of that answer.
    client.capture("next");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.events().len(), 2);
}

#[test]
fn dlv_74_what_breaks_the_connection_is_tried_again() {
    for (fault, accepted) in [
        (Fault::ResetBeforeRead, 1),
        (Fault::ResetAfterRead, 1),
        (Fault::Garbage, 1),
        (Fault::HangBeforeHeaders, 1),
        // The service had the events, and nobody could know: it tells them by their UUID.
        (Fault::AcceptThenReset, 2),
        (Fault::TruncateBody, 2),
        (Fault::HangInBody, 2),
    ] {
        let (server, client) = after(fault.clone());
        let events = server.events();
        assert_eq!(events.len(), accepted, "{fault:?}");
        assert!(events.iter().all(|event| *event == events[0]), "{fault:?}");
        assert_eq!(server.requests().len(), 2, "{fault:?}");
        let stats = client.stats();
        assert_eq!(
            (stats.delivered, stats.retries, stats.failed),
            (1, 1, 0),
            "{fault:?}"
        );
    }
}

#[test]
fn dlv_74_an_answer_longer_than_it_says_costs_no_later_event() {
    let (server, client) = after(Fault::WrongContentLength);
    for n in 0..3 {
        client.capture(format!("{n}"));
        assert_eq!(client.flush(PATIENCE), Ok(()));
    }
    let mut uuids: Vec<_> = server
        .events()
        .iter()
        .map(|event| event["uuid"].to_string())
        .collect();
    uuids.sort();
    uuids.dedup();
    assert_eq!(uuids.len(), 4);
    assert_eq!((client.stats().delivered, client.stats().failed), (4, 0));
}

#[test]
fn dlv_74_a_server_that_is_away_for_a_while_gets_everything_later() {
    let server = LocalPostHog::start();
    let client = client(&server);
    client.capture("before");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    server.stop_listening();
    client.capture("meanwhile");
    assert!(client.flush(Duration::from_millis(50)).is_err());
    server.listen_again();
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.events().len(), 2);
}

#[test]
fn dlv_60_a_shutdown_ends_in_time_although_the_server_hangs() {
    for fault in [Fault::HangBeforeHeaders, Fault::HangInBody] {
        let server = LocalPostHog::start();
        server.always(fault);
        let client = Client::new(options(&server).request_timeout(Duration::from_secs(60)))
            .expect("options in order");
        client.capture("e");
        assert!(client.flush(Duration::ZERO).is_err());
        assert_eq!(server.wait_for_requests(1, PATIENCE).len(), 1);
        let start = Instant::now();
        let result = client.shutdown(Duration::from_millis(300));
        assert_eq!(result.map_err(|error| error.pending), Err(1));
        assert!(
            (300..2000).contains(&start.elapsed().as_millis()),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn dlv_65_a_dropped_client_ends_in_time_although_the_server_hangs() {
    let server = LocalPostHog::start();
    server.always(Fault::HangBeforeHeaders);
    let options = options(&server).shutdown_timeout(Duration::from_millis(200));
    let client = Client::new(options).expect("options in order");
    client.capture("e");
    let start = Instant::now();
    drop(client);
    assert!(
        (200..2000).contains(&start.elapsed().as_millis()),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn dlv_14_the_endpoint_is_below_the_path_of_the_host() {
    let server = LocalPostHog::start();
    let client = Client::new(options(&server).host(format!("  {}/ph// ", server.url())))
        .expect("options in order");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.requests()[0].path, "/ph/batch/");
    assert_eq!(
        client.stats().failed,
        1,
        "this server has no such path, and 404 is final"
    );
}

#[test]
fn dlv_80_gzip_is_declared_and_reads_back() {
    let server = LocalPostHog::start();
    let client =
        Client::new(options(&server).compression(Compression::Gzip)).expect("options in order");
    client.capture(Event::new("e").property("x", "x".repeat(10_000)));
    client.capture(Event::new("f").property("é", "\u{1F600}".repeat(100)));
    assert_eq!(client.flush(PATIENCE), Ok(()));
    for request in server.requests() {
        assert_eq!(header(&request, "content-encoding"), Some("gzip"));
        assert!(request.body_bytes < 2000);
        assert_eq!(request.query, None);
    }
    let names: Vec<Value> = server
        .events()
        .iter()
        .map(|event| event["event"].clone())
        .collect();
    assert_eq!(names, ["e", "f"]);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn dlv_82_what_is_small_is_compressed_too_where_it_was_asked_for() {
    let encoding = |compression: Option<Compression>, bytes: usize| {
        let server = LocalPostHog::start();
        let options = options(&server);
        let options = match compression {
            Some(compression) => options.compression(compression),
            None => options,
        };
        let client = Client::new(options).expect("options in order");
        client.capture(Event::new("e").property("x", "x".repeat(bytes)));
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!(server.events().len(), 1);
        header(&server.requests()[0], "content-encoding").map(str::to_owned)
    };
    assert_eq!(
        encoding(Some(Compression::Gzip), 1).as_deref(),
        Some("gzip")
    );
    assert_eq!(encoding(Some(Compression::None), 10_000), None);
    assert_eq!(encoding(None, 1), None);
    assert_eq!(encoding(None, 10_000).as_deref(), Some("gzip"));
}

#[test]
fn dlv_92_retry_after_is_read_from_the_answer() {
    let server = LocalPostHog::start();
    server.next(Fault::StatusWith {
        status: 429,
        retry_after: Some("1".into()),
        body: String::new(),
    });
    let client = client(&server);
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].at - requests[0].at >= Duration::from_millis(990));
}

#[test]
fn dlv_96_what_the_service_refuses_is_final() {
    for status in [400, 401, 402, 403, 404, 413, 415] {
        let (server, client) = after(Fault::Status(status));
        assert_eq!(server.requests().len(), 1, "{status}");
        assert_eq!(client.stats().failed, 1, "{status}");
        client.capture("next");
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!(server.events().len(), 1, "{status}");
    }
}

#[test]
fn dlv_100_the_envelope_has_exactly_its_four_keys() {
    let server = LocalPostHog::start();
    let live = client(&server);
    let import =
        Client::new(options(&server).historical_migration(true)).expect("options in order");
    for client in [&live, &import] {
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
    }
    let bodies: Vec<_> = server
        .requests()
        .iter()
        .filter_map(|request| request.body.clone())
        .collect();
    for (body, historical) in bodies.iter().zip([false, true]) {
        let body = body.as_object().expect("an object");
        let mut keys: Vec<_> = body.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            ["api_key", "batch", "historical_migration", "sent_at"]
        );
        assert_eq!(
            (&body["api_key"], &body["historical_migration"]),
            (&json!("phc_test"), &json!(historical))
        );
    }
    assert_eq!(
        server
            .requests()
            .iter()
            .filter(|request| request.headers.contains_key("authorization"))
            .count(),
        0
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn dlv_101_an_event_has_exactly_its_five_keys() {
    let (server, _client) = after(Fault::Status(200));
    let event = &server.events()[0];
    let mut keys: Vec<_> = event
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        ["distinct_id", "event", "properties", "timestamp", "uuid"]
    );
}

#[test]
fn dlv_102_nothing_that_costs_a_batch_is_ever_sent() {
    let server = LocalPostHog::start();
    let client = Client::new(options(&server).before_send(|mut event| {
        event
            .properties
            .insert("$cookieless_mode".into(), json!("from a hook"));
        Some(event)
    }))
    .expect("options in order");
    let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
    let ugly = [
        Event::new(""),
        Event::new("\u{a0}"),
        Event::new("x".repeat(5000)),
        Event::new("e").distinct_id("  "),
        Event::new("e").distinct_id("\0"),
        Event::new("e").distinct_id("x".repeat(500)),
        Event::new("e").uuid("").timestamp("").session_id("\u{1}"),
        Event::new("e").property("$cookieless_mode", "perhaps"),
        Event::new("e")
            .property("nan", f64::NAN)
            .property("", "")
            .property("\"", "\"\\\u{0}\u{7}"),
        Event::new("e").property("deep", &deep),
        Event::new("e").property("large", "\"".repeat(400_000)),
        Event::new("e")
            .property("distinct_id", "")
            .property("uuid", 1)
            .property("event", json!({})),
        Event::new("e")
            .groups(json!(7))
            .set(json!([]))
            .set_once(json!(null)),
    ];
    let mut accepted = 0;
    for event in ugly {
        accepted += usize::from(client.capture(event).is_some());
    }
    client.capture("good");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.events().len(), accepted + 1);
    assert_eq!(client.stats().failed, 0);
    assert_eq!(server.violations(), Vec::<String>::new());
}
