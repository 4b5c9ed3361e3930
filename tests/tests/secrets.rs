//! Options that are in error, and what is never printed.

mod support;

use posthog::{
    CaptureMode, Client, Clock, Event, HttpTransport, InitError, Options, Transport,
    testing::{Memory, TestClock},
};
use posthog_tests::{Fault, LocalPostHog, Received};
use serde::{Serialize, Serializer, ser::Error};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{PATIENCE, Rig, log_lines};

fn refused(options: Options) -> InitError {
    Client::new(options)
        .map(|_| ())
        .expect_err("options in error")
}

#[test]
fn cap_10_a_blank_or_malformed_key_is_an_error_that_names_the_option_and_never_shows_the_key() {
    log_lines::collect();
    let long = "phc_tattle".repeat(7);
    for key in [
        "",
        " ",
        "\t\r\n",
        "\u{a0}",
        "phc_tattle key",
        "phc_tattle\nkey",
        "phc_tattle\0",
        "phc_tättle_tattle",
        "phc_tattle\u{1b}[0m",
        &long,
    ] {
        let error = refused(Options::new(key));
        assert!(matches!(error, InitError::ApiKey { .. }), "{key:?}");
        assert!(error.to_string().contains("`api_key`"), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("tattle"),
            "{error:?}"
        );
    }
    assert!(log_lines::with(&["tattle"]).is_empty());
    let error = refused(Options::new("phc_ok").host("ftp://h"));
    assert!(matches!(error, InitError::Host { .. }));
}

#[test]
fn dlv_1_a_key_is_trimmed_and_may_have_64_bytes() {
    let key = "k".repeat(64);
    let server = LocalPostHog::start();
    let client = Client::new(Options::new(format!(" {key}\n")).host(server.url())).expect("a key");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(
        server.requests()[0].body.as_ref().expect("a body")["api_key"],
        key
    );
    assert!(matches!(
        refused(Options::new("k".repeat(65))),
        InitError::ApiKey { .. }
    ));
}

#[test]
fn cap_130_a_personal_key_is_an_error_in_the_log_and_the_client_stays() {
    log_lines::collect();
    for key in ["phx_whispered", "phs_whispered"] {
        let client = Client::new(Options::new(key).send(false)).expect("a client");
        assert!(client.capture("e").is_some());
    }
    let lines = log_lines::with(&["`api_key`", "personal or secret key"]);
    assert!(lines.len() == 2 && lines.iter().all(|line| line.level == log::Level::Error));
    assert!(log_lines::with(&["whispered"]).is_empty());
}

#[test]
fn dlv_10_a_blank_host_is_an_error_that_names_the_option() {
    for host in ["", " ", "/", "//", "https://", "http:///"] {
        let error = refused(Options::new("phc_ok").host(host));
        assert!(matches!(error, InitError::Host { .. }), "{host:?}");
        assert!(error.to_string().contains("`host`"), "{error}");
    }
}

#[test]
fn dlv_11_the_address_of_the_web_interface_is_mapped_and_a_path_kept() {
    for (given, url) in [
        ("https://app.posthog.com", "https://us.i.posthog.com/batch/"),
        (
            " https://US.posthog.com// ",
            "https://us.i.posthog.com/batch/",
        ),
        ("HTTPS://eu.posthog.com/", "https://eu.i.posthog.com/batch/"),
        ("eu.posthog.com", "https://eu.i.posthog.com/batch/"),
        (
            "https://us.posthog.com.proxy.example",
            "https://us.posthog.com.proxy.example/batch/",
        ),
        (
            "https://us.posthog.com:443",
            "https://us.posthog.com:443/batch/",
        ),
        ("https://e.example/ph/", "https://e.example/ph/batch/"),
        ("http://localhost:8010", "http://localhost:8010/batch/"),
        ("http://[::1]:8010", "http://[::1]:8010/batch/"),
    ] {
        let rig = Rig::with(|options| options.host(given));
        rig.sent(Event::new("e"));
        assert_eq!(rig.wire.requests()[0].url, url);
    }
}

#[test]
fn dlv_12_a_host_without_a_scheme_is_https_with_a_warning_and_a_malformed_one_an_error() {
    log_lines::collect();
    let rig = Rig::with(|options| options.host("ph.example"));
    rig.sent(Event::new("e"));
    assert_eq!(rig.wire.requests()[0].url, "https://ph.example/batch/");
    assert!(log_lines::warnings(&["`host`", "no scheme"]) > 0);
    for host in [
        "ftp://h",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://a b",
        "http://h?x=1",
        "http://h#f",
        "http://h:99999",
        "http://h:x",
        "http://h:1:2",
        "http://[::1",
        "http://[x]",
        "http://::1",
        "http://a\nb",
        "http://h/a b",
        "http://u:blabbed@",
        "://h",
        "http://\u{e9}.example",
    ] {
        let error = refused(Options::new("phc_ok").host(host));
        assert!(matches!(error, InitError::Host { .. }), "{host:?}");
        assert!(
            !format!("{error} {error:?}").contains("blabbed"),
            "{error:?}"
        );
    }
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no"))
    }
}

#[test]
fn dlv_144_the_key_appears_in_no_log_line_at_any_level_and_in_no_debug_output() {
    const KEY: &str = "phc_Unutterable42";
    const PASSWORD: &str = "unspeakable42";
    log_lines::collect();
    let server = LocalPostHog::start();
    let host = server
        .url()
        .replace("http://", &format!("http://someone:{PASSWORD}@"));
    let options = Options::new(KEY)
        .host(host)
        .debug(true)
        .max_retries(1)
        .request_timeout(Duration::from_millis(200));
    let mut printed = vec![format!("{options:?}")];
    let client = Client::new(options).expect("options in order");
    for fault in [
        None,
        Some(Fault::Status(401)),
        Some(Fault::Status(413)),
        Some(Fault::Status(503)),
        Some(Fault::StatusWith {
            status: 400,
            retry_after: None,
            body: format!("bad key {KEY}"),
        }),
        Some(Fault::HangBeforeHeaders),
        Some(Fault::ResetBeforeRead),
        Some(Fault::ResetAfterRead),
        Some(Fault::Garbage),
        Some(Fault::TruncateBody),
        Some(Fault::Redirect("/elsewhere".into())),
    ] {
        if let Some(fault) = fault {
            server.next(fault);
        }
        client.capture(
            Event::new("e")
                .property("a", 1)
                .property("b", Fails)
                .distinct_id("null"),
        );
        let result = client.flush(PATIENCE);
        printed.push(format!("{result:?}"));
    }
    server.stop_listening();
    client.capture("e");
    let result = client.shutdown(Duration::from_millis(100));
    printed.push(format!(
        "{client:?} {result:?} {}",
        result.expect_err("nobody listens")
    ));
    let rig = Rig::new();
    rig.sent(Event::new("e"));
    printed.push(format!(
        "{:?} {:?}",
        rig.wire.requests()[0],
        Options::new(KEY)
    ));
    let lines = log_lines::all();
    assert!(
        lines.iter().any(|line| line.target.starts_with("ureq")),
        "the HTTP library's lines are looked at too"
    );
    assert!(lines.iter().any(|line| line.level == log::Level::Trace));
    for secret in [KEY, PASSWORD, "Unutterable", "unspeakable"] {
        assert!(!printed.concat().contains(secret), "{printed:?}");
        let told = log_lines::with(&[secret]);
        assert!(told.is_empty(), "{told:?}");
    }
}

#[test]
fn dlv_144_no_request_of_v1_or_the_ai_lane_gives_the_key_away() {
    const KEY: &str = "phc_Undisclosed43";
    log_lines::collect();
    let server = LocalPostHog::start();
    let printed = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&printed);
    let clock = Arc::new(TestClock::starting_at(support::start()));
    let client = Client::with_clock(
        Options::new(KEY)
            .host(server.url())
            .capture_mode(CaptureMode::V1)
            .debug(true)
            .max_retries(0)
            .request_timeout(Duration::from_millis(200))
            .on_error(move |failure| {
                let text = format!("{failure} {failure:?}");
                told.lock().expect("no panic").push(text);
            }),
        Arc::new(HttpTransport::default()),
        Arc::clone(&clock) as Arc<dyn Clock>,
    )
    .expect("options in order");
    let settle = || {
        support::eventually(|| {
            clock.advance(Duration::from_secs(10));
            client.flush(Duration::ZERO).is_ok()
        });
    };
    let print = |text: String| printed.lock().expect("no panic").push(text);
    // Servers that fail, and servers that say the key back in all that they say.
    let echo = |status| Fault::StatusWith {
        status,
        retry_after: Some(KEY.to_owned()),
        body: format!(r#"{{"error":"{KEY}","authorization":"Bearer {KEY}"}}"#),
    };
    for fault in [
        Fault::Delay(Duration::ZERO),
        echo(200),
        echo(400),
        echo(401),
        echo(402),
        echo(404),
        echo(413),
        echo(503),
        Fault::HangBeforeHeaders,
        Fault::ResetBeforeRead,
        Fault::ResetAfterRead,
        Fault::Garbage,
        Fault::TruncateBody,
        Fault::Redirect(format!("/elsewhere/{KEY}")),
    ] {
        for ai in [false, true] {
            server.next(fault.clone());
            if ai {
                client.capture_ai("$ai_generation");
            } else {
                client.capture(Event::new("e").property("b", Fails));
            }
            print(format!("{:?}", client.flush(Duration::ZERO)));
            settle();
        }
        server.next(fault);
        print(format!("{:?}", client.capture_immediate("at once")));
    }
    let arrived = server.requests();
    let authorized = |request: &Received| request.headers.contains_key("authorization");
    assert!(arrived.iter().any(authorized), "it is sent");
    server.stop_listening();
    client.capture("e");
    client.capture_ai("$ai_generation");
    settle();
    let result = client.shutdown(Duration::ZERO);
    print(format!("{client:?} {:?} {result:?}", client.stats()));

    let rig = Rig::with(|options| options.capture_mode(CaptureMode::V1));
    let keyed = Client::with_transport(
        Options::new(KEY).capture_mode(CaptureMode::V1),
        Arc::clone(&rig.wire) as Arc<dyn Transport>,
    )
    .expect("options in order");
    keyed.capture("e");
    keyed.capture_ai("$ai_generation");
    assert_eq!(keyed.flush(PATIENCE), Ok(()));
    let memory = Memory::default();
    for request in rig.wire.requests() {
        print(format!("{request:?} {request:#?}"));
        let _ = memory.send(&request);
    }
    print(format!("{memory:?} {:?}", HttpTransport::default()));
    let guard = posthog::init(Options::new(KEY).send(false)).expect("no other");
    print(format!("{guard:?} {:?}", guard.client()));
    print(format!(
        "{:?}",
        posthog::init(Options::new(KEY)).map(|_| ())
    ));

    let printed = printed.lock().expect("no panic").concat();
    for secret in [KEY, "Undisclosed", "Bearer"] {
        assert!(!printed.contains(secret), "{printed}");
        let mut told = log_lines::with(&[secret]);
        // What goes over the wire, byte by byte: see the next test.
        told.retain(|line| !line.target.starts_with("ureq_proto"));
        assert!(told.is_empty(), "{told:?}");
    }
}

/// What was dumped of the wire's bytes, put together again.
///
/// A line is `6772 616e 7400                           grant.`: the text begins behind two spaces.
fn dump() -> String {
    let text = |line: &log_lines::Line| {
        let (_, text) = line.text.split_once("  ").unwrap_or_default();
        text.trim_start().to_owned()
    };
    let lines = log_lines::all();
    let dumped = lines
        .iter()
        .filter(|line| line.target == "ureq_proto::util");
    dumped.map(text).collect()
}

#[test]
fn dlv_144_no_dump_of_what_goes_over_the_wire_gives_the_key_away() {
    const KEY: &str = "phc_Piecemeal44";
    log_lines::collect();
    let server = LocalPostHog::start();
    let options = Options::new(KEY).host(server.url());
    let client = Client::new(options.capture_mode(CaptureMode::V1)).expect("options in order");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let dump = dump();
    assert!(
        dump.contains("Bearer.*****") && !dump.contains(KEY),
        "{dump}"
    );
    // The server had the real one: it refuses any other.
    assert_eq!(
        (client.stats().delivered, server.violations()),
        (1, Vec::new())
    );
}

#[test]
fn dlv_144_no_dump_of_what_goes_over_the_wire_gives_the_password_of_a_host_away() {
    log_lines::collect();
    let server = LocalPostHog::start();
    let host = server.url().replace("http://", "http://martin:secret@");
    let client = Client::new(Options::new("phc_test").host(host)).expect("options in order");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let dump = dump();
    assert!(
        dump.contains("Basic.*****") && !dump.contains("bWFydGluOnNlY3JldA"),
        "{dump}"
    );
}

#[test]
fn dlv_144_a_server_that_says_the_key_back_gets_it_into_no_log_line_at_any_level() {
    const KEY: &str = "phc_Parroted45";
    log_lines::collect();
    let chunk = |text: &str| format!("{:x};said={KEY}\r\n{text}\r\n", text.len());
    let chunks = [chunk("{\"a\":"), chunk(&format!("\"{KEY}\"}}")), chunk("")].concat();
    // Longer than what the library reads at once, so that the key lies across the end of one reading.
    let long = |fill: usize| format!("{}{KEY}{}", " ".repeat(fill), " ".repeat(64));
    let mut answers = vec![
        format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{KEY}.example/{KEY}?token={KEY}\r\n\r\n"
        ),
        format!("HTTP/1.1 400 {KEY}\r\nContent-Length: 0\r\n\r\n"),
        format!(
            "HTTP/1.1 200 OK\r\nServer: {KEY}\r\nContent-Type: {KEY}\r\nDate: {KEY}\r\nContent-Length: 2\r\n\r\n{{}}"
        ),
        format!(
            "HTTP/1.1 503 OK\r\nRetry-After: {KEY}\r\n{KEY}: {KEY}\r\nSet-Cookie: a={KEY}\r\nContent-Length: 0\r\n\r\n"
        ),
        format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {KEY}\r\nContent-Length: {}\r\n\r\n{KEY}",
            KEY.len()
        ),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}\r\nTrailer: {KEY}\r\n\r\n"
        ),
        format!("HTTP/1.1 200 OK\r\n\r\n{KEY}"),
        format!("HTTP/1.1 {KEY}\r\n\r\n"),
        format!("{KEY} {KEY}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}{KEY}"),
        format!("HTTP/1.1 100 {KEY}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {KEY}\r\n\r\n"),
    ];
    for fill in (0..KEY.len()).map(|back| (128 << 10) - back) {
        let text = long(fill);
        let length = text.len();
        answers.push(format!(
            "HTTP/1.1 400 No\r\nContent-Length: {length}\r\n\r\n{text}"
        ));
    }
    let server = LocalPostHog::start();
    for mode in [CaptureMode::V0, CaptureMode::V1] {
        for answer in &answers {
            // A client for each: after a failure the lane would wait before its next batch.
            let options = Options::new(KEY).host(server.url()).capture_mode(mode);
            let client = Client::new(options.max_retries(0).debug(true)).expect("options in order");
            server.next(Fault::Raw(answer.clone()));
            let outcome = client.capture_immediate("e");
            server.next(Fault::Raw(answer.clone()));
            client.capture_ai("$ai_generation");
            let told = format!("{outcome:?} {:?}", client.flush(PATIENCE));
            assert!(!told.contains("arroted45"), "{told}");
        }
    }
    assert!(
        log_lines::all()
            .iter()
            .any(|line| line.target == "ureq::run")
    );
    let secret = "arroted45";
    assert!(
        log_lines::with(&[secret]).is_empty(),
        "{:?}",
        log_lines::with(&[secret])
    );
    let dump = dump();
    assert!(
        dump.contains("phc_") || dump.contains("****"),
        "it was said"
    );
    assert!(!dump.contains(secret));
}

#[test]
fn dlv_145_every_line_of_the_sdk_begins_with_its_name() {
    log_lines::collect();
    let rig = Rig::with(|options| options.debug(true).flush_at(0));
    rig.client.capture(Event::new("").uuid("no"));
    rig.client
        .capture(Event::new("e").uuid("no").property("b", Fails));
    rig.events();
    let lines = log_lines::all();
    let mut own = lines
        .iter()
        .filter(|line| line.target.starts_with("posthog"))
        .peekable();
    assert!(own.peek().is_some());
    for line in own {
        assert!(line.text.starts_with("[PostHog] "), "{line:?}");
    }
}

#[test]
fn dlv_143_failures_are_logged_as_warnings() {
    log_lines::collect();
    let rig = Rig::new();
    rig.wire.answer(451);
    rig.client.capture("e");
    rig.events();
    support::eventually(|| log_lines::warnings(&["given up", "451"]) == 1);
}
