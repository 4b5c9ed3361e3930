//! What V1 answers for each event, and what follows from it.

mod support;

use posthog::{
    CaptureMode, Client, DeliveryFailure, DeliveryFailureKind, Event, Options, Response,
};
use posthog_tests::{Fault, LocalPostHog, Received};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use support::{PATIENCE, Rig};

/// A client in V1, the service that it sends to, and the failures that it was told of.
struct Setup {
    server: LocalPostHog,
    client: Client,
    failures: Arc<Mutex<Vec<DeliveryFailure>>>,
}

impl Setup {
    fn new() -> Self {
        Self::with(|options| options)
    }

    fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let server = LocalPostHog::start();
        let failures = Arc::<Mutex<Vec<DeliveryFailure>>>::default();
        let told = Arc::clone(&failures);
        let options = Options::new("phc_test")
            .host(server.url())
            .capture_mode(CaptureMode::V1)
            .on_error(move |failure| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.push(failure.clone());
            });
        let client = Client::new(change(options)).expect("options in order");
        Self {
            server,
            client,
            failures,
        }
    }

    /// Sends these events in one batch, and waits until they are final; their UUIDs.
    fn send(&self, names: &[&str]) -> Vec<String> {
        let capture = |name: &&str| {
            let uuid = self.client.capture(Event::new(*name).distinct_id("u-1"));
            uuid.expect("an accepted event").to_string()
        };
        let uuids = names.iter().map(capture).collect();
        assert_eq!(self.client.flush(PATIENCE), Ok(()));
        assert_eq!(self.server.violations(), Vec::<String>::new());
        uuids
    }

    /// What was told. The callback may run a moment after the flush is over.
    fn failures(&self, n: usize) -> Vec<DeliveryFailure> {
        let told = || {
            let failures = self.failures.lock();
            failures.unwrap_or_else(PoisonError::into_inner).clone()
        };
        support::eventually(|| told().len() >= n);
        told()
    }

    /// The UUIDs of the events that the service has.
    fn stored(&self) -> Vec<String> {
        let uuid = |event: &Value| event["uuid"].as_str().unwrap_or_default().to_owned();
        self.server.events().iter().map(uuid).collect()
    }
}

fn header<'a>(request: &'a Received, name: &str) -> &'a str {
    request.headers.get(name).map_or("", String::as_str)
}

#[test]
fn dlv_117_events_with_the_result_ok_are_delivered() {
    let setup = Setup::new();
    let uuids = setup.send(&["a", "b", "c"]);
    assert_eq!(setup.stored(), uuids);
    let stats = setup.client.stats();
    assert_eq!((stats.delivered, stats.retries, stats.failed), (3, 0, 0));
    assert!(setup.failures(0).is_empty());
}

#[test]
fn dlv_118_only_what_the_service_wants_again_is_sent_again() {
    let setup = Setup::new();
    let again = [(0, "retry", "not_persisted"), (2, "retry", "not_persisted")];
    setup.server.next(Fault::results(&again));
    let uuids = setup.send(&["a", "b", "c", "d"]);
    let requests = setup.server.requests();
    let sent: Vec<&[String]> = requests.iter().map(|request| &*request.uuids).collect();
    assert_eq!(sent, [&uuids[..], &[uuids[0].clone(), uuids[2].clone()]]);
    let both = |name| [0, 1].map(|n| header(&requests[n], name));
    let [first, second] = both("posthog-request-id");
    assert_eq!(first, second);
    assert_eq!(both("posthog-attempt"), ["1", "2"]);
    let created = |n: usize| {
        requests[n]
            .body
            .as_ref()
            .map(|body| body["created_at"].clone())
    };
    assert_eq!(created(0), created(1));
    // What is sent again is what was sent.
    let event = |request: usize, n: usize| {
        let body = requests[request].body.as_ref().expect("a body");
        body["batch"][n].clone()
    };
    assert_eq!((event(0, 0), event(0, 2)), (event(1, 0), event(1, 1)));
    // Nothing is lost, and nothing is there twice.
    let mut stored = setup.stored();
    stored.sort();
    let mut all = uuids;
    all.sort();
    assert_eq!(stored, all);
    let stats = setup.client.stats();
    assert_eq!((stats.delivered, stats.retries, stats.failed), (4, 1, 0));
}

#[test]
fn dlv_118_a_warning_an_unknown_result_and_none_at_all_are_a_delivery() {
    let setup = Setup::new();
    let results = [
        (0, "warning", "person_processing_disabled"),
        (1, "limited", "some_limit"),
        (2, "", ""),
        (3, "ok", "person_processing_disabled"),
    ];
    setup.server.next(Fault::results(&results));
    setup.send(&["a", "b", "c", "d"]);
    assert_eq!(setup.server.requests().len(), 1);
    let stats = setup.client.stats();
    assert_eq!((stats.delivered, stats.retries, stats.failed), (4, 0, 0));
    assert!(setup.failures(0).is_empty());
}

#[test]
fn dlv_118_a_dropped_event_is_never_sent_again() {
    let setup = Setup::new();
    setup
        .server
        .next(Fault::results(&[(1, "drop", "event_too_big")]));
    let uuids = setup.send(&["a", "b"]);
    assert_eq!(setup.server.requests().len(), 1);
    assert_eq!(setup.stored(), uuids[..1]);
    let stats = setup.client.stats();
    assert_eq!(
        (
            stats.delivered,
            stats.failed,
            stats.failed_dropped_by_service
        ),
        (1, 1, 1)
    );
}

#[test]
fn dlv_119_why_an_event_was_dropped_is_passed_on_as_it_is() {
    let details = [
        "missing_event_name",
        "event_name_too_long",
        "missing_distinct_id",
        "distinct_id_too_large",
        "invalid_event_timestamp",
        "invalid_options",
        "malformed_event_properties",
        "dropped_performance_event",
        "event_restriction_drop",
        "event_too_big",
        "exceptions_over_quota",
        "survey_responses_over_quota",
        "llm_events_over_quota",
        "something that nobody has heard of",
        "",
    ];
    let setup = Setup::new();
    let results: Vec<_> = details
        .iter()
        .enumerate()
        .map(|(n, details)| (n, "drop", *details))
        .collect();
    setup.server.next(Fault::results(&results));
    setup.send(&["e"; 15]);
    let failures = setup.failures(1);
    let told = failures[0].events.iter();
    let told: Vec<_> = told.map(|event| event.details.as_deref()).collect();
    assert_eq!(told, details.map(Some));
}

#[test]
fn dlv_120_drops_of_all_attempts_are_told_once_when_the_batch_is_final() {
    let setup = Setup::new();
    let first = [(0, "drop", "first"), (1, "retry", ""), (2, "retry", "")];
    setup.server.next(Fault::results(&first));
    setup
        .server
        .next(Fault::results(&[(0, "drop", "second"), (1, "retry", "")]));
    let uuids = setup.send(&["a", "b", "c", "d"]);
    let failures = setup.failures(1);
    assert_eq!(failures.len(), 1);
    let failure = &failures[0];
    assert_eq!(failure.kind, DeliveryFailureKind::Dropped);
    assert_eq!((failure.lane, failure.attempts), ("analytics", 3));
    let told = failure.events.iter();
    let told: Vec<_> = told
        .map(|event| {
            let details = event.details.as_deref();
            (event.uuid.to_string(), event.event.as_str(), details)
        })
        .collect();
    assert_eq!(
        told,
        [
            (uuids[0].clone(), "a", Some("first")),
            (uuids[1].clone(), "b", Some("second"))
        ]
    );
    let id = failure.request_id.map(|id| id.to_string());
    let requests = setup.server.requests();
    assert_eq!(
        id.as_deref(),
        Some(header(&requests[0], "posthog-request-id"))
    );
    let stats = setup.client.stats();
    assert_eq!((stats.delivered, stats.failed), (2, 2));
    assert_eq!(stats.failed_dropped_by_service, 2);
}

#[test]
fn dlv_120_what_is_wanted_again_after_the_last_attempt_is_exhausted() {
    let setup = Setup::with(|options| options.max_retries(1));
    setup
        .server
        .next(Fault::results(&[(0, "drop", "gone"), (1, "retry", "")]));
    setup
        .server
        .next(Fault::results(&[(0, "retry", "not_persisted")]));
    let uuids = setup.send(&["a", "b", "c"]);
    let failures = setup.failures(1);
    assert_eq!(failures.len(), 1);
    let failure = &failures[0];
    assert_eq!(
        (failure.kind, failure.attempts),
        (DeliveryFailureKind::Exhausted, 2)
    );
    assert!(failure.is_exhausted());
    let told = failure.events.iter();
    let told: Vec<_> = told
        .map(|event| (event.uuid.to_string(), event.details.as_deref()))
        .collect();
    assert_eq!(
        told,
        [(uuids[0].clone(), Some("gone")), (uuids[1].clone(), None)]
    );
    let stats = setup.client.stats();
    assert_eq!((stats.delivered, stats.failed), (1, 2));
    assert_eq!(
        (stats.failed_dropped_by_service, stats.failed_exhausted),
        (1, 1)
    );
}

#[test]
fn dlv_121_a_success_that_cannot_be_read_is_final_for_the_whole_batch() {
    for fault in [
        Fault::Nonsense,
        Fault::StatusWith {
            status: 202,
            retry_after: None,
            body: "{\"results\":[]}".into(),
        },
    ] {
        let setup = Setup::new();
        setup.server.next(fault);
        setup.send(&["a", "b"]);
        assert_eq!(setup.server.requests().len(), 1);
        let failures = setup.failures(1);
        assert_eq!(failures[0].kind, DeliveryFailureKind::Unreadable);
        assert_eq!(failures[0].events.len(), 2);
        let stats = setup.client.stats();
        assert_eq!((stats.delivered, stats.failed_unreadable), (0, 2));
    }
}

#[test]
fn dlv_122_an_error_has_its_status_whatever_its_body() {
    for body in [
        r#"{"error":"billing_limit_exceeded","error_description":"x","error_uri":"https://posthog.com"}"#,
        r#"{"error":7}"#,
        "{\"results\":{}}",
        "nonsense",
        "",
    ] {
        let setup = Setup::new();
        setup.server.next(Fault::StatusWith {
            status: 402,
            retry_after: None,
            body: body.into(),
        });
        setup.send(&["a"]);
        let failures = setup.failures(1);
        assert_eq!(failures[0].kind, DeliveryFailureKind::Refused, "{body}");
        assert_eq!((failures[0].status, failures[0].attempts), (Some(402), 1));
        assert_eq!(setup.server.requests().len(), 1);
    }
}

#[test]
fn dlv_92_a_success_with_retries_can_ask_for_time() {
    let rig = Rig::with(|options| options.capture_mode(CaptureMode::V1));
    let uuid = rig.client.capture("e").expect("an accepted event");
    let results = json!({ "results": { (uuid.to_string()): { "result": "retry" } } });
    let response = Response::new(200).with_retry_after("7");
    rig.wire
        .answer_with(Ok(response.with_body(results.to_string())));
    assert!(rig.client.flush(Duration::ZERO).is_err());
    rig.settled(1);
    rig.clock.advance(Duration::from_millis(6999));
    assert!(rig.wire.stays_at(1));
    rig.clock.advance(Duration::from_millis(1));
    assert!(rig.wire.wait_for(2));
    rig.until(|stats| stats.delivered == 1);
}
