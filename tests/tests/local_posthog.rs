//! The local `PostHog`, seen by a client that speaks HTTP by hand.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use posthog_tests::{Fault, LocalPostHog};
use serde_json::{Value, json};

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough to see that nothing happens.
const MOMENT: Duration = Duration::from_millis(150);

/// One connection.
struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Client {
    fn of(posthog: &LocalPostHog) -> Self {
        let stream = TcpStream::connect(address(posthog)).expect("a listening server");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout that is not zero");
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    fn send(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let headers: String = headers
            .iter()
            .flat_map(|(name, value)| [*name, ": ", *value, "\r\n"])
            .collect();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes)
    }

    fn post(&mut self, body: &Value) -> io::Result<Answer> {
        self.send("/batch/", HEADERS, body.to_string().as_bytes())?;
        self.answer()
    }

    /// Reads one answer by its `Content-Length`, and keeps what follows.
    fn answer(&mut self) -> io::Result<Answer> {
        let end_of_head = loop {
            if let Some(at) = self
                .unread
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n")
            {
                break at + 4;
            }
            self.read_more()?;
        };
        let head = String::from_utf8_lossy(&self.unread[..end_of_head]).to_ascii_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, head.clone()))?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let end = end_of_head + length.unwrap_or(0);
        while self.unread.len() < end {
            self.read_more()?;
        }
        let body = self.unread[end_of_head..end].to_vec();
        self.unread.drain(..end);
        Ok(Answer { status, head, body })
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        let read = self.stream.read(&mut bytes)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.unread.extend_from_slice(&bytes[..read]);
        Ok(())
    }

    fn is_open(&mut self) -> bool {
        self.stream
            .set_read_timeout(Some(MOMENT))
            .expect("a timeout that is not zero");
        let still = self.stream.peek(&mut [0]);
        self.stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout that is not zero");
        still
            .is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("User-Agent", "posthog-rust/0.1.0"),
];

fn address(posthog: &LocalPostHog) -> SocketAddr {
    posthog
        .url()
        .trim_start_matches("http://")
        .parse()
        .expect("an address")
}

fn event(n: u32) -> Value {
    json!({
        "event": "order placed",
        "distinct_id": "u-77",
        "uuid": format!("0197b0aa-51c0-7c44-8f11-{n:012x}"),
        "timestamp": "2031-05-07T02:00:00.250000Z",
        "properties": { "total": 9.5, "count": u64::MAX, "$lib": "posthog-rust" },
    })
}

fn batch(events: &[Value]) -> Value {
    json!({ "api_key": "phc_key", "historical_migration": false, "sent_at": "2031-05-07T02:00:03Z", "batch": events })
}

/// A good batch of one event, changed.
fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = batch(&[event(1)]);
    change(&mut body);
    body
}

/// What makes a good event a bad one.
type Spoil = fn(&mut Value);

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn is_reset(result: io::Result<Answer>) -> bool {
    result.is_err_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        )
    })
}

fn is_cut(result: io::Result<Answer>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::UnexpectedEof)
}

fn is_timeout(result: io::Result<Answer>) -> bool {
    result.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

// What is accepted.

#[test]
fn a_good_batch_is_accepted_and_kept_as_it_was() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let answer = client.post(&batch(&[event(1), event(2)])).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, br#"{"status":1}"#.as_slice())
    );
    assert_eq!(client.post(&batch(&[event(3)])).unwrap().status, 200);

    assert_eq!(posthog.events(), [event(1), event(2), event(3)]);
    assert_eq!(posthog.violations(), [""; 0]);
    let requests = posthog.requests();
    let [first, second] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(
        (
            first.method.as_str(),
            first.path.as_str(),
            first.query.as_deref()
        ),
        ("POST", "/batch/", None)
    );
    assert_eq!(
        (first.number, first.status, first.events),
        (1, Some(200), 2)
    );
    assert_eq!(
        first.uuids,
        [
            "0197b0aa-51c0-7c44-8f11-000000000001",
            "0197b0aa-51c0-7c44-8f11-000000000002"
        ]
    );
    assert_eq!(first.headers["user-agent"], "posthog-rust/0.1.0");
    assert_eq!(first.body.as_deref(), Some(&batch(&[event(1), event(2)])));
    assert_eq!(
        first.body_bytes,
        batch(&[event(1), event(2)]).to_string().len()
    );
    assert_eq!(first.peer, second.peer, "one connection is kept for both");
    assert_eq!(second.number, 2);

    posthog.clear();
    assert!(posthog.events().is_empty() && posthog.requests().is_empty());
}

#[test]
fn gzip_is_known_by_its_header_or_by_its_first_bytes() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let body = gzip(batch(&[event(1)]).to_string().as_bytes());
    let encoded = [HEADERS, &[("Content-Encoding", "gzip")]].concat();

    client.send("/batch/", &encoded, &body).unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    assert_eq!(posthog.violations(), [""; 0]);
    assert_eq!(posthog.requests()[0].body_bytes, body.len());

    client.send("/batch/", HEADERS, &body).unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    assert_eq!(
        posthog.violations(),
        ["request 2: the body is compressed, and no header says so (DLV-80)"]
    );
    assert_eq!(posthog.events(), [event(1), event(1)]);

    client.send("/batch/", &encoded, b"{}").unwrap();
    assert_eq!(client.answer().unwrap().status, 400);
    client
        .send("/batch/", &encoded, &body[..body.len() / 2])
        .unwrap();
    assert_eq!(client.answer().unwrap().status, 400);
}

#[test]
fn unknown_paths_and_methods_are_refused() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    for path in ["/", "/batch", "/i/v1/analytics/events/", "/i/v0/ai/batch"] {
        client
            .send(path, HEADERS, batch(&[event(1)]).to_string().as_bytes())
            .unwrap();
        assert_eq!(client.answer().unwrap().status, 404, "{path}");
    }
    client
        .stream
        .write_all(b"GET /batch/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    assert_eq!(client.answer().unwrap().status, 405);
    assert!(posthog.events().is_empty());
}

// What is refused, and with it everything in the same request.

#[test]
fn a_key_that_cannot_be_one_is_answered_401() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let keys = [
        json!(""),
        json!("  "),
        json!(null),
        json!(7),
        json!("k".repeat(65)),
        json!("phc_\u{e9}"),
        json!("phx_personal"),
        json!("phc_\0"),
    ];
    for key in keys {
        let answer = client
            .post(&with(|body| body["api_key"] = key.clone()))
            .unwrap();
        assert_eq!(answer.status, 401, "{key}");
    }
    assert_eq!(
        client
            .post(&with(|body| body["api_key"] = json!(" phc_key ")))
            .unwrap()
            .status,
        200
    );
    assert_eq!(
        client
            .post(&with(|body| body["api_key"] = json!("k".repeat(64))))
            .unwrap()
            .status,
        200
    );
    assert_eq!(posthog.events().len(), 2);
}

#[test]
fn one_bad_event_is_answered_400_for_the_whole_batch() {
    let bad: [(&str, Spoil); 14] = [
        ("empty name", |event| event["event"] = json!("")),
        ("no name", |event| event["event"] = json!(null)),
        ("blank id", |event| event["distinct_id"] = json!(" \t")),
        ("empty id", |event| event["distinct_id"] = json!("")),
        ("null id", |event| event["distinct_id"] = json!(null)),
        ("no id", |event| {
            drop(event.as_object_mut().unwrap().remove("distinct_id"));
        }),
        ("empty uuid", |event| event["uuid"] = json!("")),
        ("bad uuid", |event| event["uuid"] = json!("0197b0aa")),
        ("numeric uuid", |event| event["uuid"] = json!(1)),
        ("properties in an array", |event| {
            event["properties"] = json!([]);
        }),
        ("properties in a string", |event| {
            event["properties"] = json!("{}");
        }),
        ("cookieless mode in a string", |event| {
            event["properties"]["$cookieless_mode"] = json!("true");
        }),
        ("cookieless mode null", |event| {
            event["properties"]["$cookieless_mode"] = json!(null);
        }),
        ("no object", |event| *event = json!("event")),
    ];
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    for (what, spoil) in bad {
        let mut spoiled = event(2);
        spoil(&mut spoiled);
        assert_eq!(
            client.post(&batch(&[event(1), spoiled])).unwrap().status,
            400,
            "{what}"
        );
    }
    assert!(posthog.events().is_empty());
    assert_eq!(posthog.requests().len(), bad.len());
}

#[test]
fn what_is_no_batch_is_answered_400() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let nested = format!(
        r#"{{"api_key":"phc_key","batch":{}1{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"api_key":"phc_key"}"#,
        r#"{"api_key":"phc_key","batch":[]}"#,
        &nested,
    ] {
        client.send("/batch/", HEADERS, body.as_bytes()).unwrap();
        assert_eq!(client.answer().unwrap().status, 400, "{body:.60}");
    }
    assert!(posthog.events().is_empty());
}

#[test]
fn a_body_over_20_mib_is_answered_413_compressed_or_not() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let large = with(|body| body["padding"] = json!("x".repeat(20 * 1024 * 1024))).to_string();
    client.send("/batch/", HEADERS, large.as_bytes()).unwrap();
    assert_eq!(client.answer().unwrap().status, 413);
    client
        .send("/batch/", HEADERS, &gzip(large.as_bytes()))
        .unwrap();
    assert_eq!(client.answer().unwrap().status, 413);
    assert!(posthog.events().is_empty());
}

#[test]
fn an_event_too_large_for_a_message_is_answered_413() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    for (text, status) in [
        ("x".repeat(900_000), 200),
        ("x".repeat(1_000_000), 413),
        ("\"".repeat(300_000), 413),
    ] {
        let answer = client
            .post(&with(|body| {
                body["batch"][0]["properties"]["text"] = json!(text);
            }))
            .unwrap();
        assert_eq!(answer.status, status);
    }
    assert_eq!(posthog.events().len(), 1);
}

// What is accepted but should not have been sent.

#[test]
fn broken_promises_are_noted_and_not_refused() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let cases: [(Value, &[&str]); 9] = [
        (
            with(|body| drop(body.as_object_mut().unwrap().remove("sent_at"))),
            &["sent_at is missing (DLV-100)"],
        ),
        (
            with(|body| body["historical_migration"] = json!("no")),
            &["historical_migration is \"no\" (DLV-100)"],
        ),
        (
            with(|body| body["token"] = json!("phc_key")),
            &["token is too many (DLV-100)"],
        ),
        (
            with(|body| body["sent_at"] = json!("2031-05-07T02:00:03+00:00")),
            &[
                "sent_at is \"2031-05-07T02:00:03+00:00\", not YYYY-MM-DDTHH:MM:SS[.fraction]Z (DLV-100)",
            ],
        ),
        (
            with(|body| body["batch"][0]["uuid"] = json!("0197B0AA51C07C448F11A7D0C1B2E3F4")),
            &[
                "event 0: the uuid is \"0197B0AA51C07C448F11A7D0C1B2E3F4\", not lowercase and hyphenated (CAP-110)",
            ],
        ),
        (
            with(|body| body["batch"][0]["timestamp"] = json!("yesterday")),
            &["event 0: timestamp is \"yesterday\", not YYYY-MM-DDTHH:MM:SS[.fraction]Z (CAP-105)"],
        ),
        (
            with(|body| body["batch"][0]["$set"] = json!({})),
            &["event 0: $set is too many (DLV-101)"],
        ),
        (
            with(|body| body["batch"][0]["distinct_id"] = json!(7)),
            &["event 0: distinct_id is 7, not a string (CAP-40)"],
        ),
        (
            with(|body| body["batch"][0]["distinct_id"] = json!("a\0 ")),
            &[
                "event 0: distinct_id has white space around it: \"a\\0 \" (CAP-42)",
                "event 0: distinct_id contains U+0000 (CAP-43)",
            ],
        ),
    ];
    for (body, expected) in cases {
        posthog.clear();
        assert_eq!(client.post(&body).unwrap().status, 200, "{body}");
        let violations = posthog.violations();
        let violations: Vec<&str> = violations
            .iter()
            .map(|text| text.split_once(": ").unwrap().1)
            .collect();
        assert_eq!(violations, expected);
    }
}

#[test]
fn broken_promises_about_headers_and_keys_are_noted() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    let body = batch(&[event(1)])
        .to_string()
        .replace("\"total\":9.5", "\"total\":9.5,\"total\":10");
    let headers = [
        ("Content-Type", "text/plain"),
        ("User-Agent", "curl/8"),
        ("Authorization", "Bearer phc_key"),
    ];
    client
        .send("/batch/?compression=gzip", &headers, body.as_bytes())
        .unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    assert_eq!(
        posthog.violations(),
        [
            "request 1: there is a query: \"compression=gzip\" (DLV-80)",
            "request 1: the content type is Some(\"text/plain\") (DLV-70)",
            "request 1: the user agent is Some(\"curl/8\") (DLV-70)",
            "request 1: there is an authorization header (DLV-100)",
            "request 1: the key \"total\" stands twice in one object (design 3)",
        ]
    );
}

#[test]
fn broken_promises_are_noted_even_if_the_request_meets_a_fault() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Status(503));
    Client::of(&posthog)
        .post(&with(|body| body["token"] = json!(1)))
        .unwrap();
    assert_eq!(
        posthog.violations(),
        ["request 1: token is too many (DLV-100)"]
    );
}

// Faults.

#[test]
fn faults_come_in_order_and_then_it_is_as_before() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    posthog.next(Fault::Status(503));
    posthog.next(Fault::Status(429));
    let statuses: Vec<u16> = (1..=3)
        .map(|n| client.post(&batch(&[event(n)])).unwrap().status)
        .collect();
    assert_eq!(statuses, [503, 429, 200]);
    assert_eq!(posthog.events(), [event(3)]);
    assert_eq!(
        posthog
            .requests()
            .iter()
            .map(|request| request.status)
            .collect::<Vec<_>>(),
        [Some(503), Some(429), Some(200)]
    );
}

#[test]
fn a_fault_that_is_there_always_ends_with_recovery() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    posthog.always(Fault::Status(500));
    posthog.next(Fault::Status(502));
    let statuses: Vec<u16> = (1..=3)
        .map(|n| client.post(&batch(&[event(n)])).unwrap().status)
        .collect();
    assert_eq!(statuses, [502, 500, 500]);
    posthog.recover();
    assert_eq!(client.post(&batch(&[event(4)])).unwrap().status, 200);
}

#[test]
fn a_status_comes_with_its_header_and_body() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    posthog.next(Fault::StatusWith {
        status: 429,
        retry_after: Some("soon".to_owned()),
        body: "slow down".to_owned(),
    });
    let answer = client.post(&batch(&[event(1)])).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (429, b"slow down".as_slice())
    );
    assert!(answer.head.contains("retry-after: soon\r\n"));
    posthog.next(Fault::StatusWith {
        status: 204,
        retry_after: None,
        body: String::new(),
    });
    assert_eq!(client.post(&batch(&[event(2)])).unwrap().status, 204);
    assert_eq!(posthog.events(), [event(2)], "2xx means accepted");
}

#[test]
#[should_panic(expected = "99 is no status of an answer")]
fn a_status_that_is_none_is_refused_where_it_is_planned() {
    LocalPostHog::start().next(Fault::Status(99));
}

#[test]
fn a_delayed_answer_is_a_normal_one() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Delay(MOMENT));
    let begin = Instant::now();
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(1)]))
            .unwrap()
            .status,
        200
    );
    assert!(begin.elapsed() >= MOMENT);
    assert_eq!(posthog.events(), [event(1)]);
}

#[test]
fn a_client_that_gives_up_during_a_delay_was_not_accepted() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Delay(MOMENT));
    let mut client = Client::of(&posthog);
    client
        .send(
            "/batch/",
            HEADERS,
            batch(&[event(1)]).to_string().as_bytes(),
        )
        .unwrap();
    assert_eq!(posthog.wait_for_requests(1, PATIENCE).len(), 1);
    drop(client);
    assert!(posthog.wait_for_events(1, 2 * MOMENT).is_empty());
}

#[test]
fn a_hanging_request_is_read_and_not_answered_until_recovery() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::HangBeforeHeaders);
    let mut client = Client::of(&posthog);
    client
        .send(
            "/batch/",
            HEADERS,
            batch(&[event(1)]).to_string().as_bytes(),
        )
        .unwrap();
    assert_eq!(posthog.wait_for_requests(1, PATIENCE)[0].status, None);
    assert!(client.is_open());
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(2)]))
            .unwrap()
            .status,
        200,
        "others are served meanwhile"
    );
    posthog.recover();
    assert!(is_reset(client.answer()));
    assert_eq!(posthog.events(), [event(2)]);
}

#[test]
fn a_hanging_body_begins_and_does_not_end() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::HangInBody);
    let mut client = Client::of(&posthog);
    client.stream.set_read_timeout(Some(MOMENT)).unwrap();
    assert!(is_timeout(client.post(&batch(&[event(1)]))));
    assert!(String::from_utf8_lossy(&client.unread).ends_with("{\"status\":1}"));
    assert_eq!(posthog.events(), [event(1)]);
    assert_eq!(posthog.requests()[0].status, Some(200));
    posthog.recover();
    assert!(is_reset(client.answer()));
}

#[test]
fn a_truncated_body_is_shorter_than_its_content_length() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::TruncateBody);
    let mut client = Client::of(&posthog);
    assert!(is_cut(client.post(&batch(&[event(1)]))));
    assert!(
        String::from_utf8_lossy(&client.unread)
            .contains("Content-Length: 1012\r\n\r\n{\"status\":1}")
    );
    assert_eq!(posthog.events(), [event(1)]);
}

#[test]
fn a_wrong_content_length_leaves_the_rest_of_the_body_in_the_connection() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::WrongContentLength);
    let mut client = Client::of(&posthog);
    let answer = client.post(&batch(&[event(1)])).unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"{\"".as_slice())
    );
    assert_eq!(client.unread, b"status\":1}");
    assert!(client.is_open());

    client.unread.clear();
    assert_eq!(
        client.post(&batch(&[event(2)])).unwrap().status,
        200,
        "the connection is still of use"
    );
    assert_eq!(posthog.events(), [event(1), event(2)]);
}

#[test]
fn a_new_connection_is_reset_before_it_is_read() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::ResetBeforeRead);
    let mut client = Client::of(&posthog);
    assert!(
        client.is_open(),
        "it is accepted, and reset only when the request begins"
    );
    assert!(is_reset(client.post(&batch(&[event(1)]))));
    let requests = posthog.wait_for_requests(1, PATIENCE);
    assert_eq!(
        (
            requests[0].path.as_str(),
            requests[0].status,
            requests[0].body_bytes
        ),
        ("", None, 0)
    );
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(2)]))
            .unwrap()
            .status,
        200
    );
    assert_eq!(posthog.events(), [event(2)]);
}

#[test]
fn a_kept_connection_is_reset_before_its_next_request_is_read() {
    let posthog = LocalPostHog::start();
    let mut client = Client::of(&posthog);
    assert_eq!(client.post(&batch(&[event(1)])).unwrap().status, 200);
    posthog.next(Fault::ResetBeforeRead);
    assert!(is_reset(client.post(&batch(&[event(2)]))));
    assert_eq!(posthog.events(), [event(1)]);
    assert_eq!(posthog.requests().len(), 2);
}

#[test]
fn a_client_that_only_leaves_takes_no_fault_with_it() {
    let posthog = LocalPostHog::start();
    let mut leaving = Client::of(&posthog);
    assert_eq!(leaving.post(&batch(&[event(1)])).unwrap().status, 200);
    posthog.next(Fault::ResetBeforeRead);
    drop(leaving);
    assert!(is_reset(Client::of(&posthog).post(&batch(&[event(2)]))));
}

#[test]
fn a_connection_is_reset_after_its_request_was_read() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::ResetAfterRead);
    assert!(is_reset(Client::of(&posthog).post(&batch(&[event(1)]))));
    assert_eq!(posthog.requests()[0].uuids.len(), 1);
    assert!(posthog.events().is_empty());
}

#[test]
fn garbage_is_no_http() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Garbage);
    let mut client = Client::of(&posthog);
    assert_eq!(
        client
            .post(&batch(&[event(1)]))
            .err()
            .map(|error| error.kind()),
        Some(ErrorKind::InvalidData)
    );
    assert_eq!(posthog.requests()[0].status, None);
    assert!(posthog.events().is_empty());
}

#[test]
fn nonsense_is_no_json() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Nonsense);
    let answer = Client::of(&posthog).post(&batch(&[event(1)])).unwrap();
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
    assert_eq!(posthog.events(), [event(1)]);
}

#[test]
fn an_endless_body_goes_on_and_on() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Endless);
    let mut client = Client::of(&posthog);
    let answer = client.post(&batch(&[event(1)])).unwrap();
    assert!(answer.status == 200 && answer.head.contains("transfer-encoding: chunked"));
    while client.unread.len() < 20 * 1024 * 1024 {
        client.read_more().unwrap();
    }
    thread::spawn(
        move || while client.read_more().is_ok() && client.unread.drain(..).count() > 0 {},
    );
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(2)]))
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_redirect_names_its_location() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::Redirect(
        "http://elsewhere.example/batch/".to_owned(),
    ));
    let answer = Client::of(&posthog).post(&batch(&[event(1)])).unwrap();
    assert_eq!(answer.status, 307);
    assert!(
        answer
            .head
            .contains("location: http://elsewhere.example/batch/\r\n")
    );
    assert!(posthog.events().is_empty());
}

#[test]
fn events_accepted_before_a_reset_are_there_twice_when_sent_again() {
    let posthog = LocalPostHog::start();
    posthog.next(Fault::AcceptThenReset);
    assert!(is_reset(Client::of(&posthog).post(&batch(&[event(1)]))));
    assert_eq!(posthog.events(), [event(1)]);
    assert_eq!(posthog.requests()[0].status, None);
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(1)]))
            .unwrap()
            .status,
        200
    );
    assert_eq!(posthog.events(), [event(1), event(1)]);
}

#[test]
fn a_request_that_is_refused_is_refused_in_place_of_an_answer_200() {
    let posthog = LocalPostHog::start();
    for fault in [
        Fault::Nonsense,
        Fault::TruncateBody,
        Fault::AcceptThenReset,
        Fault::Status(200),
    ] {
        posthog.next(fault);
        assert_eq!(Client::of(&posthog).post(&batch(&[])).unwrap().status, 400);
    }
}

// Gates, the port, the end.

#[test]
fn a_gate_holds_requests_until_it_is_opened() {
    let posthog = LocalPostHog::start();
    let gate = posthog.hold();
    let mut clients = [Client::of(&posthog), Client::of(&posthog)];
    for (n, client) in (1..).zip(&mut clients) {
        client
            .send(
                "/batch/",
                HEADERS,
                batch(&[event(n)]).to_string().as_bytes(),
            )
            .unwrap();
        assert!(gate.wait_until_held(n as usize, PATIENCE));
    }
    assert!(!gate.wait_until_held(3, MOMENT));
    assert_eq!(posthog.requests().len(), 2);
    assert!(posthog.events().is_empty());

    posthog.next(Fault::Status(503));
    gate.open();
    let mut statuses = clients
        .each_mut()
        .map(|client| client.answer().unwrap().status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503], "the fault is taken behind the gate");
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(3)]))
            .unwrap()
            .status,
        200,
        "an open gate lets all pass"
    );
}

#[test]
fn a_dropped_gate_is_open_and_a_client_that_leaves_is_not_held() {
    let posthog = LocalPostHog::start();
    let gate = posthog.hold();
    let mut client = Client::of(&posthog);
    client
        .send(
            "/batch/",
            HEADERS,
            batch(&[event(1)]).to_string().as_bytes(),
        )
        .unwrap();
    assert!(gate.wait_until_held(1, PATIENCE));
    drop(client);
    let deadline = Instant::now() + PATIENCE;
    while gate.wait_until_held(1, Duration::ZERO) {
        assert!(Instant::now() < deadline, "still held");
        thread::yield_now();
    }
    drop(gate);
    assert_eq!(
        Client::of(&posthog)
            .post(&batch(&[event(2)]))
            .unwrap()
            .status,
        200
    );
    assert_eq!(posthog.events(), [event(2)]);
}

#[test]
fn a_closed_port_refuses_and_the_same_port_opens_again() {
    let posthog = LocalPostHog::start();
    let mut kept = Client::of(&posthog);
    assert_eq!(kept.post(&batch(&[event(1)])).unwrap().status, 200);
    let url = posthog.url();
    for round in 0..3 {
        posthog.stop_listening();
        posthog.stop_listening();
        let refused = TcpStream::connect(address(&posthog)).map_err(|error| error.kind());
        assert_eq!(
            refused.err(),
            Some(ErrorKind::ConnectionRefused),
            "round {round}"
        );
        assert!(
            kept.post(&batch(&[event(2)])).is_err(),
            "kept connections are gone as well"
        );
        posthog.listen_again();
        posthog.listen_again();
        kept = Client::of(&posthog);
        assert_eq!(kept.post(&batch(&[event(3)])).unwrap().status, 200);
    }
    assert_eq!(posthog.url(), url);
    assert_eq!(posthog.events().len(), 4, "what was accepted is kept");
}

#[test]
fn waiting_ends_with_the_event_and_not_with_the_timeout() {
    let posthog = LocalPostHog::start();
    let begin = Instant::now();
    thread::scope(|scope| {
        let (ready, started) = mpsc::channel();
        let posthog = &posthog;
        let waiting = scope.spawn(move || {
            ready.send(()).unwrap();
            (
                posthog.wait_for_requests(1, PATIENCE).len(),
                posthog.wait_for_events(2, PATIENCE).len(),
            )
        });
        started.recv().unwrap();
        Client::of(posthog)
            .post(&batch(&[event(1), event(2)]))
            .unwrap();
        assert_eq!(waiting.join().unwrap(), (1, 2));
    });
    assert!(begin.elapsed() < PATIENCE);
    assert_eq!(
        posthog.wait_for_events(3, MOMENT).len(),
        2,
        "after the timeout, what there is"
    );
}

#[test]
fn dropping_the_server_ends_every_connection_at_once() {
    let posthog = LocalPostHog::start();
    let address = address(&posthog);
    for fault in [
        Fault::HangBeforeHeaders,
        Fault::HangInBody,
        Fault::Delay(PATIENCE),
        Fault::Endless,
    ] {
        posthog.next(fault);
    }
    let mut clients: Vec<Client> = (0..5).map(|_| Client::of(&posthog)).collect();
    for (n, client) in (1..).zip(&mut clients) {
        client
            .send(
                "/batch/",
                HEADERS,
                batch(&[event(n)]).to_string().as_bytes(),
            )
            .unwrap();
        let _ = posthog.wait_for_requests(n as usize, PATIENCE);
    }
    let begin = Instant::now();
    drop(posthog);
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert!(TcpStream::connect(address).is_err());
    for mut client in clients {
        while client.read_more().is_ok() {}
        assert!(begin.elapsed() < PATIENCE, "the connection has ended");
    }
}

#[test]
fn servers_do_not_know_of_each_other() {
    let (one, other) = (LocalPostHog::start(), LocalPostHog::start());
    assert_ne!(one.url(), other.url());
    one.always(Fault::Status(500));
    assert_eq!(
        Client::of(&other).post(&batch(&[event(1)])).unwrap().status,
        200
    );
    assert!(one.requests().is_empty());
}
