//! How request bodies are compressed, and that the service reads them.

mod support;

use flate2::read::{GzDecoder, ZlibDecoder};
use posthog::{CaptureMode, Client, Compression, Event, Options, Request, Response};
use posthog_tests::{Fault, LocalPostHog};
use serde_json::{Value, json};
use std::{io::Read, time::Duration};
use support::{PATIENCE, Rig, header};

/// Every compression that is a name in `Content-Encoding`.
const NAMED: [(Compression, &str); 4] = [
    (Compression::Gzip, "gzip"),
    (Compression::Deflate, "deflate"),
    (Compression::Zstd, "zstd"),
    (Compression::Brotli, "br"),
];

fn v1(compression: Compression) -> impl FnOnce(Options) -> Options {
    move |options| {
        let options = options.capture_mode(CaptureMode::V1);
        options.compression(compression)
    }
}

/// A request's body, decompressed by its `Content-Encoding`.
fn decoded(request: &Request) -> Value {
    let sent = &request.body[..];
    let mut text = Vec::new();
    let read = match header(request, "Content-Encoding") {
        None => (&mut &*sent).read_to_end(&mut text),
        Some("gzip") => GzDecoder::new(sent).read_to_end(&mut text),
        Some("deflate") => ZlibDecoder::new(sent).read_to_end(&mut text),
        Some("br") => brotli::Decompressor::new(sent, 4096).read_to_end(&mut text),
        Some("zstd") => {
            let mut decoder = zstd::stream::read::Decoder::new(sent).expect("a frame");
            decoder.read_to_end(&mut text)
        }
        Some(other) => panic!("{other} is no encoding"),
    };
    read.expect("a body that reads back");
    serde_json::from_slice(&text).expect("a body of JSON")
}

/// What a lane sends of one event of so many bytes.
fn sent(change: impl FnOnce(Options) -> Options, bytes: usize) -> Request {
    let rig = Rig::with(change);
    let event = Event::new("$ai_trace").property("x", "x".repeat(bytes));
    rig.client.capture(event);
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    rig.wire.requests().remove(0)
}

#[test]
fn dlv_81_every_encoding_is_declared_and_read_by_the_service() {
    for (compression, name) in NAMED {
        let server = LocalPostHog::start();
        let options = v1(compression)(Options::new("phc_test").host(server.url()));
        let client = Client::new(options).expect("options in order");
        for size in [0, 10, 100_000] {
            let event = Event::new("e").property("é", "\u{1F600}x".repeat(size));
            client.capture(event);
            assert_eq!(client.flush(PATIENCE), Ok(()));
        }
        let stats = client.stats();
        assert_eq!((stats.delivered, stats.failed), (3, 0), "{name}");
        for request in server.requests() {
            assert_eq!(request.headers["content-encoding"], name);
            assert!(request.body_bytes < 20_000, "{name}");
        }
        assert_eq!(server.events().len(), 3);
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[test]
fn dlv_81_deflate_is_wrapped_and_zstd_has_its_frame() {
    for (compression, start) in [
        (Compression::Gzip, &[0x1f, 0x8b][..]),
        (Compression::Deflate, &[0x78]),
        (Compression::Zstd, &[0x28, 0xb5, 0x2f, 0xfd]),
    ] {
        let request = sent(v1(compression), 1000);
        assert!(request.body.starts_with(start), "{compression:?}");
    }
}

#[test]
fn dlv_81_without_compression_there_is_no_header() {
    for mode in [CaptureMode::V0, CaptureMode::V1] {
        let change = |options: Options| {
            let options = options.capture_mode(mode);
            options.compression(Compression::None)
        };
        let request = sent(change, 10_000);
        assert_eq!(header(&request, "Content-Encoding"), None);
        assert!(request.body.starts_with(b"{"));
    }
}

#[test]
fn dlv_82_whatever_was_asked_for_applies_to_the_smallest_body_too() {
    for (compression, name) in NAMED {
        let request = sent(v1(compression), 0);
        assert_eq!(header(&request, "Content-Encoding"), Some(name));
        assert_eq!(decoded(&request)["batch"][0]["event"], "$ai_trace");
    }
    let automatic = |bytes| sent(|options| options.capture_mode(CaptureMode::V1), bytes);
    assert_eq!(header(&automatic(0), "Content-Encoding"), None);
    assert_eq!(header(&automatic(2000), "Content-Encoding"), Some("gzip"));
}

#[test]
fn dlv_83_a_retry_of_the_same_body_sends_the_same_bytes() {
    for (compression, name) in NAMED {
        let rig = Rig::with(v1(compression));
        rig.wire.answer(503);
        rig.client.capture("e");
        assert!(rig.client.flush(Duration::ZERO).is_err());
        rig.settled(1);
        rig.clock.advance(Duration::from_secs(1));
        assert!(rig.wire.wait_for(2));
        let requests = rig.wire.requests();
        assert_eq!(requests[0].body, requests[1].body, "{name}");
        assert_eq!(header(&requests[1], "Content-Encoding"), Some(name));
    }
}

#[test]
fn dlv_83_a_body_that_changes_is_compressed_anew() {
    for (compression, name) in NAMED {
        let rig = Rig::with(v1(compression));
        rig.wire.hold();
        let uuids = ["a", "b"].map(|name| rig.client.capture(name).expect("accepted"));
        let results = json!({ "results": { (uuids[1].to_string()): { "result": "retry" } } });
        let answer = Response::new(200).with_body(results.to_string());
        rig.wire.answer_with(Ok(answer));
        assert!(rig.client.flush(Duration::ZERO).is_err());
        rig.wire.release();
        rig.settled(1);
        rig.clock.advance(Duration::from_secs(1));
        assert!(rig.wire.wait_for(2));
        let requests = rig.wire.requests();
        assert_eq!(header(&requests[1], "Content-Encoding"), Some(name));
        let [first, second] = [&requests[0], &requests[1]].map(decoded);
        assert_eq!(first["batch"].as_array().map(Vec::len), Some(2));
        assert_eq!(second["batch"], json!([first["batch"][1]]));
        assert_eq!(first["created_at"], second["created_at"]);
    }
    // In V0 the time of the request stands in the body.
    let rig = Rig::with(|options| options.compression(Compression::Gzip));
    rig.wire.answer(503);
    rig.client.capture("e");
    assert!(rig.client.flush(Duration::ZERO).is_err());
    rig.settled(1);
    rig.clock.advance(Duration::from_secs(1));
    assert!(rig.wire.wait_for(2));
    let bodies: Vec<Value> = rig.wire.requests().iter().map(decoded).collect();
    assert_eq!(bodies[0]["batch"], bodies[1]["batch"]);
    assert_ne!(bodies[0]["sent_at"], bodies[1]["sent_at"]);
}

#[test]
fn dlv_81_the_service_refuses_what_it_cannot_read_and_the_sdk_does_not_insist() {
    let server = LocalPostHog::start();
    server.next(Fault::StatusWith {
        status: 415,
        retry_after: None,
        body: r#"{"error":"unsupported_encoding"}"#.into(),
    });
    let options = v1(Compression::Zstd)(Options::new("phc_test").host(server.url()));
    let client = Client::new(options).expect("options in order");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    assert_eq!(server.requests().len(), 1);
    assert_eq!(client.stats().failed_refused, 1);
}
