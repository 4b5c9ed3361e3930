//! What is final, what is pending and what is lost, where events do not end in the order in which they began.

mod support;

use posthog::{
    CaptureMode, Client, Event, Immediate, Options, Request, Response, Transport, TransportError,
    group_identify, identify, new_context, testing::record,
};
use serde_json::{Value, json};
use std::{
    pin::pin,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};
use support::{
    PATIENCE, Rig, eventually,
    futures::{block_on, poll},
};
use uuid::Uuid;

/// The answer of V1 that wants these events again.
fn retry(uuids: &[Uuid]) -> Response {
    let results: serde_json::Map<_, _> = uuids
        .iter()
        .map(|uuid| (uuid.to_string(), json!({ "result": "retry" })))
        .collect();
    Response::new(200).with_body(json!({ "results": results }).to_string())
}

fn v1() -> Rig {
    Rig::with(|options| options.capture_mode(CaptureMode::V1))
}

#[test]
fn dlv_54_a_flush_does_not_wait_for_an_event_captured_after_it() {
    let rig = v1();
    rig.wire.hold();
    rig.client.capture("in flight");
    let _ = rig.client.flush(Duration::ZERO);
    assert!(rig.wire.wait_for(1));
    rig.client.capture("before");
    let mut flush = pin!(rig.client.flush_async(PATIENCE));
    assert!(poll(flush.as_mut()).is_pending());
    let after = rig.client.capture("after").expect("admitted");
    rig.wire.answer_with(Ok(Response::new(200).with_body("{}")));
    rig.wire.answer_with(Ok(retry(&[after])));
    rig.wire.release();
    assert_eq!(block_on(flush), Ok(()));
    assert_eq!(rig.client.stats().pending(), 1);
}

#[test]
fn dlv_53_each_of_two_flushes_ends_with_its_own_events() {
    let rig = Rig::with(|options| options.max_batch_size(1));
    rig.wire.hold();
    rig.client.capture("first");
    let mut first = pin!(rig.client.flush_async(PATIENCE));
    assert!(poll(first.as_mut()).is_pending());
    rig.client.capture("second");
    let mut second = pin!(rig.client.flush_async(PATIENCE));
    assert!(poll(second.as_mut()).is_pending());
    rig.wire.answer(200);
    rig.wire.answer(503);
    rig.wire.release();
    assert_eq!(block_on(first), Ok(()));
    rig.settled(1);
    assert!(poll(second.as_mut()).is_pending());
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(block_on(second), Ok(()));
    assert_eq!(rig.client.stats().delivered, 2);
}

#[test]
fn dlv_50_the_error_of_a_flush_counts_what_is_open_of_its_own_events() {
    let rig = v1();
    let uuids: Vec<_> = (0..10)
        .map(|_| rig.client.capture("e").expect("admitted"))
        .collect();
    rig.wire.answer_with(Ok(retry(&uuids[9..])));
    let _ = rig.client.flush(Duration::ZERO);
    rig.settled(1);
    let flush = rig.client.flush(Duration::ZERO);
    for _ in 0..50 {
        rig.client.capture("later");
    }
    assert_eq!(flush.map_err(|error| error.pending), Err(1));
}

/// Holds every request until it is let go.
#[derive(Default)]
struct Gate(Mutex<(bool, usize)>, Condvar);

impl Transport for Gate {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        let mut state = self.0.lock().expect("not poisoned");
        state.1 += 1;
        self.1.notify_all();
        let _open = self
            .1
            .wait_while(state, |(open, _)| !*open)
            .expect("not poisoned");
        Ok(Response::new(200))
    }
}

impl Gate {
    fn held(&self) -> usize {
        self.0.lock().expect("not poisoned").1
    }

    fn open(&self) {
        self.0.lock().expect("not poisoned").0 = true;
        self.1.notify_all();
    }
}

#[test]
fn dlv_50_a_flush_is_not_ok_while_its_event_is_in_flight_although_a_shutdown_gives_up_others() {
    let gate = Arc::new(Gate::default());
    let client = Client::with_transport("phc_x", gate.clone()).expect("a client");
    client.capture("in flight");
    let _ = client.flush(Duration::ZERO);
    eventually(|| gate.held() == 1);
    let mut flush = pin!(client.flush_async(PATIENCE));
    assert!(poll(flush.as_mut()).is_pending());
    client.capture("queued");
    let lost = client.shutdown(Duration::ZERO);
    assert_eq!(lost.map_err(|error| error.pending), Err(2));
    assert!(poll(flush.as_mut()).is_pending());
    gate.open();
    eventually(|| client.stats().pending() == 0);
    assert_eq!(
        (client.stats().delivered, client.stats().failed_at_shutdown),
        (1, 1)
    );
}

#[test]
fn dlv_60_an_event_that_a_thread_sends_itself_is_waited_for_and_cut_to_the_deadline() {
    let rig = Rig::new();
    rig.wire.always(503);
    thread::scope(|scope| {
        let direct = scope.spawn(|| rig.client.capture_immediate("direct"));
        assert!(rig.wire.wait_for(1));
        assert_eq!(
            rig.client
                .flush(Duration::ZERO)
                .map_err(|error| error.pending),
            Err(1)
        );
        assert_eq!(
            rig.client
                .shutdown(Duration::ZERO)
                .map_err(|error| error.pending),
            Err(1)
        );
        rig.clock.advance(Duration::from_secs(60));
        assert!(matches!(
            direct.join().expect("it ends"),
            Immediate::Failed(_)
        ));
    });
    assert!(rig.wire.stays_at(1), "nothing is sent after the shutdown");
    let stats = rig.client.stats();
    assert_eq!(
        (stats.admitted, stats.failed_at_shutdown, stats.pending()),
        (1, 1, 0)
    );
    assert!(matches!(
        rig.client.capture_immediate("late"),
        Immediate::NotAccepted
    ));
}

#[test]
fn cap_14_an_event_of_a_dry_run_is_accepted_and_not_sent() {
    let rig = Rig::with(|options| options.send(false));
    assert!(rig.client.capture("e").is_some());
    assert!(matches!(
        rig.client.capture_immediate("e"),
        Immediate::NotSent(_)
    ));
    assert!(rig.wire.stays_at(0));
}

#[test]
fn cap_95_what_has_to_be_an_object_is_one() {
    let events = record(|| {
        group_identify("company\0", " acme ", None::<String>);
        group_identify("company", "acme", "nonsense");
        posthog::capture(Event::identify("u-1").set(None::<u8>).set_once(7));
        identify("u-1", [1, 2]);
        new_context()
            .distinct_id("u-1")
            .run(|| (posthog::set(5), posthog::set_once(None::<u8>)));
    });
    let of = |at: usize, key: &str| events[at].properties.get(key).cloned();
    assert_eq!(events.len(), 4, "{events:?}");
    assert_eq!(
        (of(0, "$group_set"), of(1, "$group_set")),
        (Some(json!({})), Some(json!({})))
    );
    assert_eq!(
        (of(0, "$group_type"), of(0, "$group_key")),
        (Some(json!("company\u{FFFD}")), Some(json!("acme")))
    );
    assert_eq!(
        (of(2, "$set"), of(2, "$set_once"), of(3, "$set")),
        (Some(json!({})), None, Some(json!({})))
    );
}

#[test]
fn dlv_44_groups_and_geoip_are_cleaned_again_after_the_hooks() {
    let sent = |groups: Value, geoip: Value| {
        let rig = Rig::with(|options: Options| {
            options.before_send(move |mut event| {
                event
                    .properties
                    .insert("$groups".to_owned(), groups.clone());
                event
                    .properties
                    .insert("$geoip_disable".to_owned(), geoip.clone());
                Some(event)
            })
        });
        rig.client.capture("e");
        let properties = rig.events()[0]["properties"].clone();
        (
            properties.get("$groups").cloned(),
            properties.get("$geoip_disable").cloned(),
        )
    };
    assert_eq!(sent(json!("acme"), json!("yes")), (None, None));
    let groups = json!({ "company": "acme" });
    assert_eq!(
        sent(json!({ "company": "acme", "": 1 }), json!("TRUE")),
        (Some(groups), Some(json!(true)))
    );
}
