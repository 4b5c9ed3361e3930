//! Random events, limits and answers, through the public API: what goes out never exceeds a limit, keeps its order and
//! loses nothing; and what comes back is taken at its word.

use posthog::{
    CaptureMode, Client, Clock, Compression, DeliveryFailure, DeliveryFailureKind, Event, Options,
    Request, Response, Transport,
    testing::{Memory, TestClock},
};
use proptest::{
    collection::vec,
    prelude::{Just, prop_oneof},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime},
};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);

type Failures = Arc<Mutex<Vec<DeliveryFailure>>>;

/// A client over a transport in memory, and what it was told to do and said.
struct Run {
    client: Client,
    memory: Arc<Memory>,
    clock: Arc<TestClock>,
    failures: Failures,
}

impl Run {
    fn new(options: Options) -> Self {
        let memory = Arc::new(Memory::default());
        let clock = Arc::new(TestClock::starting_at(SystemTime::UNIX_EPOCH));
        let failures = Failures::default();
        let told = Arc::clone(&failures);
        let options = options
            .compression(Compression::None)
            .flush_interval(Duration::from_secs(3600))
            .shutdown_timeout(Duration::ZERO)
            .on_error(move |failure| told.lock().expect("no panic").push(failure.clone()));
        let client = Client::with_clock(
            options,
            Arc::clone(&memory) as Arc<dyn Transport>,
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self {
            client: client.expect("options in order"),
            memory,
            clock,
            failures,
        }
    }

    /// Lets time pass until everything is final and told.
    fn settle(&self) {
        let start = Instant::now();
        loop {
            let _ = self.client.flush(Duration::ZERO);
            let stats = self.client.stats();
            let told: usize = self.failures().iter().map(|it| it.events.len()).sum();
            if stats.pending() == 0 && told as u64 == stats.failed {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "it never settles: {stats:?}");
            self.clock.advance(Duration::from_secs(40));
            thread::yield_now();
        }
    }

    fn failures(&self) -> Vec<DeliveryFailure> {
        self.failures.lock().expect("no panic").clone()
    }
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).expect("JSON")
}

fn uuids(request: &Request) -> Vec<Uuid> {
    let body = body(request);
    let batch = body["batch"].as_array().expect("events");
    let uuid = |event: &Value| event["uuid"].as_str().expect("a UUID").parse();
    batch
        .iter()
        .map(|event| uuid(event).expect("one that is valid"))
        .collect()
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut headers = request.headers.iter();
    let found = headers.find(|(key, _)| *key == name);
    found.map(|(_, value)| value.as_str()).expect("the header")
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lane {
    V0,
    V1,
}

/// The bytes of the events of a request, as they stand in it.
fn bytes_of_events(request: &Request) -> usize {
    let text = std::str::from_utf8(&request.body).expect("text");
    let from = text.find("\"batch\":[").expect("a batch") + "\"batch\":[".len();
    let to = text.rfind(']').expect("its end");
    let commas = uuids(request).len() - 1;
    to - from - commas
}

#[test]
fn dlv_31_no_batch_is_over_a_limit_and_order_is_kept_and_nothing_is_lost() {
    // From small ones to one that is larger than the limit by itself.
    let size =
        prop_oneof![8 => 0..3000_usize, 2 => 10_000..40_000_usize, 1 => 60_000..120_000_usize];
    let lane = prop_oneof![Just(Lane::V0), Just(Lane::V1)];
    let strategy = (vec(size, 1..60), 1..20_usize, 0..3_usize, 1..30_usize, lane);
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let limit = |wide: usize| (64 << 10) + wide * 50_000;
    TestRunner::new(config)
        .run(&strategy, |(sizes, most, wide, flush_at, lane)| {
            let mode = if lane == Lane::V1 {
                CaptureMode::V1
            } else {
                CaptureMode::V0
            };
            let run = Run::new(
                Options::new("phc_test")
                    .capture_mode(mode)
                    .max_batch_size(most)
                    .max_batch_bytes(limit(wide))
                    .flush_at(flush_at),
            );
            for _ in &sizes {
                let answer = Response::new(200).with_body("{}");
                run.memory.answer(Ok(answer));
            }
            let captured: Vec<Uuid> = sizes
                .iter()
                .map(|size| Event::new("e").property("x", "x".repeat(*size)))
                .map(|event| run.client.capture(event).expect("room"))
                .collect();
            run.settle();
            let requests = run.memory.requests();
            let arrived: Vec<Uuid> = requests.iter().flat_map(uuids).collect();
            assert_eq!(arrived, captured);
            assert_eq!(run.client.stats().delivered, captured.len() as u64);
            for request in &requests {
                let (events, bytes) = (uuids(request).len(), bytes_of_events(request));
                assert!((1..=most).contains(&events), "{events} of {most}");
                assert!(
                    events == 1 || bytes <= limit(wide),
                    "{events}, {bytes} bytes"
                );
            }
            Ok(())
        })
        .expect("it holds");
}

/// What the service says of an event in one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Says {
    Ok,
    Warning,
    Drop,
    Retry,
    Unknown,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Delivered,
    Dropped,
    Exhausted,
}

/// The attempts that an event is part of, and its end.
fn end(says: &[Says]) -> (usize, End) {
    for (attempt, says) in says.iter().enumerate() {
        let end = match says {
            Says::Retry => continue,
            Says::Drop => End::Dropped,
            Says::Ok | Says::Warning | Says::Unknown | Says::Nothing => End::Delivered,
        };
        return (attempt + 1, end);
    }
    (says.len(), End::Exhausted)
}

fn answer(attempt: usize, plan: &[(Uuid, Vec<Says>)]) -> Response {
    // It may well name events that it was not sent this time: that changes nothing.
    let results: Map<String, Value> = plan
        .iter()
        .filter_map(|(uuid, says)| {
            let result = match says[attempt] {
                Says::Ok => "ok",
                Says::Warning => "warning",
                Says::Drop => "drop",
                Says::Retry => "retry",
                Says::Unknown => "limited",
                Says::Nothing => return None,
            };
            let details = format!("attempt {attempt}");
            Some((
                uuid.to_string(),
                json!({ "result": result, "details": details }),
            ))
        })
        .collect();
    Response::new(200).with_body(json!({ "results": results }).to_string())
}

#[test]
fn dlv_118_every_event_ends_once_and_only_what_was_asked_for_is_sent_again() {
    const RETRIES: u32 = 3;
    let says = prop_oneof![
        2 => Just(Says::Ok), 1 => Just(Says::Warning), 2 => Just(Says::Drop), 5 => Just(Says::Retry),
        1 => Just(Says::Unknown), 1 => Just(Says::Nothing),
    ];
    let attempts = RETRIES as usize + 1;
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(vec(says, attempts), 1..40), |plan| {
            let options = Options::new("phc_test").max_retries(RETRIES);
            let run = Run::new(options.capture_mode(CaptureMode::V1));
            let plan: Vec<(Uuid, Vec<Says>)> = (1..).map(Uuid::from_u128).zip(plan).collect();
            for attempt in 0..attempts {
                run.memory.answer(Ok(answer(attempt, &plan)));
            }
            for (uuid, _) in &plan {
                assert!(run.client.capture(Event::new("e").uuid(*uuid)).is_some());
            }
            run.settle();

            let requests = run.memory.requests();
            for (attempt, request) in requests.iter().enumerate() {
                let wanted = plan.iter().filter(|(_, says)| end(says).0 > attempt);
                let wanted: Vec<Uuid> = wanted.map(|(uuid, _)| *uuid).collect();
                assert_eq!(uuids(request), wanted, "in order, and no others");
                assert_eq!(
                    header(request, "PostHog-Attempt"),
                    (attempt + 1).to_string()
                );
                let [first, this] = [&requests[0], request];
                let id = "PostHog-Request-Id";
                assert_eq!(header(this, id), header(first, id));
                assert_eq!(body(this)["created_at"], body(first)["created_at"]);
            }
            let times: BTreeSet<&str> = requests
                .iter()
                .map(|request| header(request, "PostHog-Request-Timestamp"))
                .collect();
            assert_eq!(times.len(), requests.len(), "each attempt has its own");
            let last = plan.iter().map(|(_, says)| end(says).0).max();
            assert_eq!(Some(requests.len()), last);

            let count = |wanted: End| {
                let of = plan.iter().filter(|(_, says)| end(says).1 == wanted);
                of.count() as u64
            };
            let stats = run.client.stats();
            assert_eq!(stats.delivered, count(End::Delivered));
            assert_eq!(stats.failed_dropped_by_service, count(End::Dropped));
            assert_eq!(stats.failed_exhausted, count(End::Exhausted));
            assert_eq!(stats.admitted, stats.delivered + stats.failed);

            let failures = run.failures();
            assert!(failures.len() <= 1, "once, when the batch is final");
            let reported: BTreeMap<Uuid, Option<String>> = failures
                .iter()
                .flat_map(|failure| &failure.events)
                .map(|event| (event.uuid, event.details.clone()))
                .collect();
            let expected: BTreeMap<Uuid, Option<String>> = plan
                .iter()
                .filter_map(|(uuid, says)| match end(says) {
                    (_, End::Delivered) => None,
                    (attempts, End::Dropped) => {
                        Some((*uuid, Some(format!("attempt {}", attempts - 1))))
                    }
                    (_, End::Exhausted) => Some((*uuid, None)),
                })
                .collect();
            assert_eq!(reported, expected);
            for failure in &failures {
                let exhausted = count(End::Exhausted) > 0;
                let kind = if exhausted {
                    DeliveryFailureKind::Exhausted
                } else {
                    DeliveryFailureKind::Dropped
                };
                assert_eq!(failure.kind, kind);
                assert_eq!(failure.attempts as usize, requests.len());
            }
            Ok(())
        })
        .expect("it holds");
}
