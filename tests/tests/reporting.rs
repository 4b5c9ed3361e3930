//! What is told about events that are lost: to `on_error`, and in the stats.

mod support;

use posthog::{
    CaptureMode, DeliveryFailure, DeliveryFailureKind, Event, Options, Request, Response, Stats,
    TransportError,
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use support::{MOMENT, PATIENCE, Rig, eventually, log_lines};
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

/// A client whose failures are kept.
struct Told {
    rig: Rig,
    failures: Arc<Mutex<Vec<DeliveryFailure>>>,
}

impl Told {
    fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let failures = Arc::<Mutex<Vec<DeliveryFailure>>>::default();
        let kept = Arc::clone(&failures);
        let rig = Rig::with(|options| {
            change(options).on_error(move |failure| {
                kept.lock().expect("no panic").push(failure.clone());
            })
        });
        Self { rig, failures }
    }

    /// With V1, where each event has a result of its own.
    fn v1(change: impl FnOnce(Options) -> Options) -> Self {
        Self::with(|options| change(options.capture_mode(CaptureMode::V1)))
    }

    /// Answers a request with results of these events.
    fn results(&self, results: &[(u128, &str, &str)]) {
        let of = |&(uuid, result, details): &(u128, &str, &str)| {
            let result = json!({ "result": result, "details": details });
            (Uuid::from_u128(uuid).to_string(), result)
        };
        let results: serde_json::Map<String, Value> = results.iter().map(of).collect();
        let body = json!({ "results": results }).to_string();
        let answer = Response::new(200).with_body(body);
        self.rig.wire.answer_with(Ok(answer));
    }

    /// Captures events with these UUIDs in one batch.
    fn capture(&self, uuids: &[u128]) {
        for &uuid in uuids {
            let event = Event::new(format!("event {uuid}"))
                .uuid(Uuid::from_u128(uuid))
                .distinct_id(format!("user {uuid}"));
            assert_eq!(self.rig.client.capture(event), Some(Uuid::from_u128(uuid)));
        }
    }

    /// Lets time pass until all is final and told: every failure.
    fn settle(&self) -> Vec<DeliveryFailure> {
        eventually(|| {
            let _ = self.rig.client.flush(Duration::ZERO);
            self.rig.clock.advance(SECOND);
            thread::yield_now();
            let stats = self.rig.client.stats();
            let told: usize = self.failures().iter().map(|told| told.events.len()).sum();
            stats.pending() == 0 && told as u64 >= stats.failed - stats.failed_at_shutdown
        });
        self.failures()
    }

    /// As [`Self::settle`], where there is exactly one.
    #[track_caller]
    fn failure(&self) -> DeliveryFailure {
        let mut failures = self.settle();
        assert_eq!(failures.len(), 1, "{failures:?}");
        failures.remove(0)
    }

    fn failures(&self) -> Vec<DeliveryFailure> {
        self.failures.lock().expect("no panic").clone()
    }
}

fn uuids(failure: &DeliveryFailure) -> Vec<u128> {
    let of = failure.events.iter().map(|event| event.uuid.as_u128());
    of.collect()
}

fn details(failure: &DeliveryFailure) -> Vec<Option<&str>> {
    let of = failure.events.iter().map(|event| event.details.as_deref());
    of.collect()
}

fn request_id(request: &Request) -> Option<Uuid> {
    let mut headers = request.headers.iter();
    let (_, id) = headers.find(|(name, _)| *name == "PostHog-Request-Id")?;
    id.parse().ok()
}

/// The sum of failures by reason is the number of failures, and nothing is forgotten.
#[track_caller]
fn adds_up(stats: &Stats) {
    let failed = stats.failed_refused
        + stats.failed_exhausted
        + stats.failed_dropped_by_service
        + stats.failed_unreadable
        + stats.failed_at_shutdown;
    assert_eq!(stats.failed, failed, "{stats:?}");
    let known = stats.delivered + stats.failed + stats.pending();
    assert_eq!(stats.admitted, known, "{stats:?}");
}

#[test]
fn dlv_140_a_refused_batch_is_reported_with_its_status_and_its_events() {
    let told = Told::with(|options| options);
    told.rig.wire.answer(400);
    told.capture(&[1, 2]);
    let failure = told.failure();
    assert_eq!(failure.kind, DeliveryFailureKind::Refused);
    assert_eq!((failure.lane, failure.status), ("analytics", Some(400)));
    assert_eq!((failure.attempts, failure.retry_after), (1, None));
    assert_eq!(failure.request_id, None, "V0 has none");
    assert!(!failure.is_exhausted());
    assert_eq!(uuids(&failure), [1, 2]);
    assert_eq!(details(&failure), [None, None]);
    let event = &failure.events[1];
    assert_eq!((&*event.event, &*event.distinct_id), ("event 2", "user 2"));
    let message = failure.to_string();
    assert!(
        message.contains("2 events") && message.contains("400"),
        "{message}"
    );
    adds_up(&told.rig.client.stats());
}

#[test]
fn dlv_140_exhausted_retries_are_reported_with_what_the_server_asked_for() {
    let told = Told::with(|options| options.max_retries(2));
    for wait in ["1", "2", "7"] {
        let answer = Response::new(503).with_retry_after(wait);
        told.rig.wire.answer_with(Ok(answer));
    }
    told.capture(&[1]);
    let failure = told.failure();
    assert_eq!(failure.kind, DeliveryFailureKind::Exhausted);
    assert!(failure.is_exhausted());
    assert_eq!((failure.status, failure.attempts), (Some(503), 3));
    assert_eq!(failure.retry_after, Some(7 * SECOND));
}

#[test]
fn dlv_140_a_server_that_is_never_reached_has_no_status() {
    let told = Told::with(|options| options.max_retries(0));
    let reason = "refused".to_owned();
    let error = TransportError::Connection { reason };
    told.rig.wire.answer_with(Err(error));
    told.capture(&[1]);
    let failure = told.failure();
    assert_eq!((failure.status, failure.attempts), (None, 1));
    assert!(failure.is_exhausted());
    assert!(failure.to_string().contains("not reached"), "{failure}");
}

#[test]
fn dlv_140_with_v1_the_request_id_and_the_wait_asked_for_are_told() {
    let told = Told::v1(|options| options);
    let answer = Response::new(429).with_retry_after("9");
    told.rig.wire.answer_with(Ok(answer));
    told.capture(&[1]);
    let failure = told.failure();
    assert_eq!(failure.kind, DeliveryFailureKind::Refused);
    assert_eq!(failure.retry_after, Some(9 * SECOND));
    let sent = request_id(&told.rig.wire.requests()[0]);
    assert!(sent.is_some());
    assert_eq!(failure.request_id, sent);
}

#[test]
fn dlv_140_the_ai_lane_is_named() {
    let told = Told::with(|options| options);
    told.rig.wire.answer(403);
    told.rig.client.capture_ai("$ai_generation");
    assert_eq!(told.failure().lane, "ai");
}

#[test]
fn dlv_140_the_callback_runs_on_the_worker() {
    let threads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&threads);
    let rig = Rig::with(|options| {
        options.on_error(move |_| {
            let name = thread::current().name().map(str::to_owned);
            seen.lock().expect("no panic").extend(name);
        })
    });
    rig.wire.answer(400);
    rig.client.capture("e");
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    let threads = threads.lock().expect("no panic").clone();
    assert_eq!(
        threads,
        ["posthog-analytics"],
        "before the shutdown is over"
    );
}

#[test]
fn dlv_140_what_the_service_drops_is_reported_with_its_details() {
    let told = Told::v1(|options| options);
    told.results(&[
        (1, "drop", "event_too_big"),
        (2, "ok", ""),
        (3, "drop", "a word of its own"),
        (4, "warning", "person_processing_disabled"),
        (5, "limited", "not a known result"),
    ]);
    told.capture(&[1, 2, 3, 4, 5, 6]);
    let failure = told.failure();
    assert_eq!(failure.kind, DeliveryFailureKind::Dropped);
    assert_eq!((failure.status, failure.attempts), (Some(200), 1));
    assert_eq!(uuids(&failure), [1, 3]);
    let expected = [Some("event_too_big"), Some("a word of its own")];
    assert_eq!(details(&failure), expected);
    let stats = told.rig.client.stats();
    assert_eq!((stats.delivered, stats.failed_dropped_by_service), (4, 2));
    adds_up(&stats);
}

#[test]
fn dlv_120_drops_of_all_attempts_are_reported_once_when_the_batch_is_final() {
    let told = Told::v1(|options| options);
    told.results(&[
        (1, "drop", "first"),
        (2, "retry", "not_persisted"),
        (3, "retry", ""),
    ]);
    told.results(&[(2, "drop", "second"), (3, "ok", "")]);
    told.capture(&[1, 2, 3]);
    let _ = told.rig.client.flush(Duration::ZERO);
    told.rig.settled(1);
    thread::sleep(MOMENT);
    assert!(told.failures().is_empty(), "the batch is not final");
    let failure = told.failure();
    assert_eq!(failure.kind, DeliveryFailureKind::Dropped);
    assert_eq!((uuids(&failure), failure.attempts), (vec![1, 2], 2));
    assert_eq!(details(&failure), [Some("first"), Some("second")]);
    adds_up(&told.rig.client.stats());
}

#[test]
fn dlv_120_events_that_are_to_be_sent_again_after_the_last_attempt_are_exhausted() {
    let told = Told::v1(|options| options.max_retries(1));
    told.results(&[(1, "drop", "early"), (2, "retry", ""), (3, "ok", "")]);
    told.results(&[(2, "retry", "not_persisted")]);
    told.capture(&[1, 2, 3]);
    let failure = told.failure();
    assert!(failure.is_exhausted());
    assert_eq!((uuids(&failure), failure.status), (vec![1, 2], Some(200)));
    assert_eq!(details(&failure), [Some("early"), None]);
    let stats = told.rig.client.stats();
    assert_eq!(
        (stats.failed_dropped_by_service, stats.failed_exhausted),
        (1, 1)
    );
    assert_eq!(stats.delivered, 1);
    // The service answered, so nothing waits for it (DLV-98).
    told.results(&[]);
    told.capture(&[4]);
    assert_eq!(told.rig.client.flush(PATIENCE), Ok(()));
    adds_up(&told.rig.client.stats());
}

#[test]
fn dlv_121_a_success_that_cannot_be_read_is_reported_and_not_sent_again() {
    let told = Told::v1(|options| options);
    let answer = Response::new(202).with_body("<html>");
    told.rig.wire.answer_with(Ok(answer));
    told.capture(&[1, 2]);
    let failure = told.failure();
    assert_eq!(failure.kind, DeliveryFailureKind::Unreadable);
    assert_eq!((failure.status, uuids(&failure)), (Some(202), vec![1, 2]));
    assert_eq!(told.rig.wire.requests().len(), 1);
    assert_eq!(told.rig.client.stats().failed_unreadable, 2);
}

#[test]
fn dlv_141_what_was_never_admitted_is_not_reported() {
    let told = Told::with(|options| {
        options
            .max_queue_size(1)
            .max_event_bytes(2000)
            .before_send(|event| (event.event != "hook").then_some(event))
    });
    let client = &told.rig.client;
    client.capture("taken");
    assert_eq!(client.capture("full"), None);
    assert_eq!(
        client.capture(Event::new("e").property("x", "x".repeat(3000))),
        None
    );
    assert_eq!(client.capture("hook"), None);
    assert_eq!(client.capture(""), None);
    client.opt_out();
    assert_eq!(client.capture("opted out"), None);
    client.opt_in();
    assert_eq!(client.shutdown(PATIENCE), Ok(()));
    assert_eq!(client.capture("closed"), None);
    assert!(told.failures().is_empty());
    let stats = client.stats();
    adds_up(&stats);
    let dropped = [
        stats.dropped_queue_full,
        stats.dropped_too_large,
        stats.dropped_by_hook,
        stats.dropped_invalid,
        stats.dropped_closed,
    ];
    assert_eq!((stats.admitted, dropped), (1, [1; 5]));
}

#[test]
fn dlv_141_what_a_shutdown_abandons_is_not_reported() {
    let told = Told::with(|options| options);
    told.rig.wire.answer(503);
    told.capture(&[1, 2, 3]);
    let _ = told.rig.client.flush(Duration::ZERO);
    told.rig.settled(1);
    let lost = told.rig.client.shutdown(Duration::ZERO);
    assert_eq!(lost.map_err(|error| error.pending), Err(3));
    eventually(|| told.rig.client.stats().failed_at_shutdown == 3);
    assert!(told.failures().is_empty());
    adds_up(&told.rig.client.stats());
}

#[test]
fn dlv_62_a_shutdown_counts_as_lost_only_what_the_service_does_not_have() {
    log_lines::collect();
    let told = Told::v1(|options| options);
    told.results(&[(51, "drop", "event_too_big"), (52, "retry", "")]);
    told.capture(&[51, 52, 53, 54, 55]);
    let _ = told.rig.client.flush(Duration::ZERO);
    told.rig.settled(1);
    let pending = told.rig.client.flush(Duration::ZERO);
    assert_eq!(pending.map_err(|error| error.pending), Err(1));
    let lost = told.rig.client.shutdown(Duration::ZERO);
    assert_eq!(lost.map_err(|error| error.pending), Err(1));
    let stats = told.rig.client.stats();
    assert_eq!((stats.delivered, stats.failed_at_shutdown), (3, 1));
    // That one the service had thrown away for good.
    assert_eq!(stats.failed_dropped_by_service, 1);
    adds_up(&stats);
}

#[test]
fn dlv_63_a_failure_in_a_shutdown_is_reported() {
    let told = Told::with(|options| options);
    told.rig.wire.answer(400);
    told.capture(&[1]);
    assert_eq!(told.rig.client.shutdown(PATIENCE), Ok(()));
    assert_eq!(told.failures().len(), 1);
}

#[test]
fn dlv_142_a_panic_of_the_callback_is_logged_and_costs_nothing() {
    log_lines::collect();
    let rig = Rig::with(|options| options.on_error(|_| panic!("in the callback")));
    for _ in 0..3 {
        rig.wire.answer(400);
        rig.client.capture("lost");
        rig.events();
    }
    rig.client.capture("kept");
    rig.events();
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    let stats = rig.client.stats();
    assert_eq!((stats.delivered, stats.failed_refused), (1, 3));
    assert!(log_lines::warnings(&["`on_error` callback panicked"]) > 0);
}

#[test]
fn dlv_142_a_capture_in_the_callback_is_admitted_and_fails_later_and_never_within() {
    let client = Arc::new(OnceLock::<posthog::Client>::new());
    let (inside, called) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let (reached, calls) = (Arc::clone(&client), Arc::clone(&called));
    let rig = Rig::with(|options| {
        options.max_batch_size(1).flush_at(1).on_error(move |_| {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "recursion");
            let client = reached.get().expect("a client");
            if calls.fetch_add(1, Ordering::SeqCst) < 3 {
                assert!(client.capture("from the callback").is_some());
                // It does not wait for itself (DLV-55).
                assert!(client.flush(PATIENCE).is_err());
            }
            inside.fetch_sub(1, Ordering::SeqCst);
        })
    });
    let _ = client.set(rig.client.clone());
    rig.wire.always(400);
    rig.client.capture("first");
    eventually(|| called.load(Ordering::SeqCst) == 4);
    assert!(rig.wire.stays_at(4));
    let stats = rig.client.stats();
    assert_eq!((stats.admitted, stats.failed_refused), (4, 4));
}

#[test]
fn dlv_143_with_a_callback_a_failure_is_a_line_of_the_level_debug() {
    log_lines::collect();
    let told = Told::with(|options| options);
    told.rig.wire.answer(409);
    told.capture(&[1]);
    told.failure();
    let lines = log_lines::with(&["given up", "409"]);
    assert!(!lines.is_empty());
    assert!(
        lines.iter().all(|line| line.level == log::Level::Debug),
        "{lines:?}"
    );
}

#[test]
fn dlv_140_the_stats_add_up_by_reason_at_every_moment() {
    // Batches go when they are full, however far the clock is moved meanwhile.
    let told = Told::v1(|options| {
        let options = options.flush_interval(Duration::from_secs(3600));
        options.max_batch_size(2).flush_at(2).max_retries(0)
    });
    let stats = || told.rig.client.stats();
    told.results(&[(1, "drop", "x")]);
    for status in [400, 503] {
        told.rig.wire.answer(status);
    }
    told.rig
        .wire
        .answer_with(Ok(Response::new(200).with_body("?")));
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            while stats().admitted < 8 || stats().pending() > 0 {
                adds_up(&stats());
                told.rig.clock.advance(SECOND);
            }
        });
        told.capture(&[1, 2, 3, 4, 5, 6, 7, 8]);
        watching.join().expect("they add up");
    });
    told.capture(&[9]);
    let _ = told.rig.client.shutdown(Duration::ZERO);
    eventually(|| stats().pending() == 0);
    let of = stats();
    adds_up(&of);
    assert_eq!((of.admitted, of.failed_dropped_by_service), (9, 1));
    assert_eq!((of.failed_refused, of.failed_exhausted), (2, 2));
    assert_eq!((of.failed_unreadable, of.failed_at_shutdown), (2, 1));
    assert_eq!(of.delivered, 1);
}

#[test]
fn dlv_140_a_failure_says_what_the_transport_said() {
    let told = Told::with(|options| options.max_retries(0));
    told.rig
        .wire
        .answer_with(Err(posthog::TransportError::Connection {
            reason: "reset by the test".into(),
        }));
    told.capture(&[1]);
    let failure = told.failure();
    let reason = failure.reason.as_deref().expect("a reason");
    assert!(reason.contains("reset by the test") && failure.to_string().contains(reason));
}
