//! Events that are sent on the thread that captures them, imports, and the flush that blocks no executor.

mod support;

use posthog::{CaptureMode, Client, Event, Immediate, Options, Response};
use serde_json::{Value, json};
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};
use support::{PATIENCE, Rig, eventually, futures::poll, log_lines, while_time_passes};
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

fn sync() -> Rig {
    Rig::with(|options| options.sync_mode(true))
}

#[test]
fn dlv_146_an_event_is_sent_on_the_capturing_thread_before_the_capture_returns() {
    let rig = sync();
    let sender = thread::Builder::new().name("the caller".to_owned());
    thread::scope(|scope| {
        let capture = || {
            let uuid = rig.client.capture(Event::new("e").property("a", 1));
            (uuid, rig.wire.events())
        };
        let running = sender.spawn_scoped(scope, capture).expect("a thread");
        let (uuid, sent) = running.join().expect("no panic");
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0]["uuid"], uuid.expect("accepted").to_string());
        assert_eq!(sent[0]["properties"]["a"], 1);
    });
    assert_eq!(rig.wire.threads(), ["the caller"]);
    rig.client.capture_ai("$ai_generation");
    assert_eq!(rig.wire.names(), [["e"], ["$ai_generation"]]);
    assert!(rig.wire.requests()[1].url.ends_with("/i/v0/ai/batch/"));
    let stats = rig.client.stats();
    assert_eq!((stats.admitted, stats.delivered), (2, 2));
    assert_eq!(rig.client.flush(Duration::ZERO), Ok(()));
}

#[test]
fn dlv_146_hooks_run_and_may_change_or_drop_the_event() {
    let rig = Rig::with(|options| {
        options.sync_mode(true).before_send(|mut event| {
            event.properties.insert("hooked".to_owned(), json!(true));
            (event.event != "dropped").then_some(event)
        })
    });
    assert!(rig.client.capture("kept").is_some());
    assert_eq!(rig.client.capture("dropped"), None);
    assert_eq!(rig.wire.names(), [["kept"]]);
    assert_eq!(rig.wire.events()[0]["properties"]["hooked"], true);
    assert_eq!(rig.client.stats().dropped_by_hook, 1);
}

#[test]
fn dlv_146_retries_follow_the_same_rules() {
    let rig = sync();
    rig.wire.answer(503);
    let answer = Response::new(429).with_retry_after("7");
    rig.wire.answer_with(Ok(answer));
    assert!(while_time_passes(&rig, || rig.client.capture("e")).is_some());
    let times = rig.wire.times();
    assert_eq!(times.len(), 3);
    assert!(
        times[1] >= times[0] + Duration::from_millis(200),
        "{times:?}"
    );
    assert!(times[2] >= times[1] + 7 * SECOND, "{times:?}");
    let stats = rig.client.stats();
    assert_eq!((stats.delivered, stats.retries), (1, 2));
    let uuid = |event: &Value| event["uuid"].clone();
    let sent: Vec<_> = rig.wire.events().iter().map(uuid).collect();
    assert!(sent.iter().all(|other| *other == sent[0]));
}

#[test]
fn dlv_146_a_failure_is_a_warning_and_the_uuid_is_returned_all_the_same() {
    log_lines::collect();
    let failures = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&failures);
    let rig = Rig::with(|options| {
        options
            .sync_mode(true)
            .on_error(move |_| *counted.lock().expect("no panic") += 1)
    });
    rig.wire.answer(402);
    assert!(rig.client.capture("e").is_some());
    assert_eq!(rig.client.stats().failed_refused, 1);
    assert_eq!(log_lines::warnings(&["given up", "402"]), 1);
    assert_eq!(
        *failures.lock().expect("no panic"),
        0,
        "logs only (DLV-141)"
    );
    rig.wire.always(503);
    assert!(while_time_passes(&rig, || rig.client.capture("e")).is_some());
    assert_eq!(rig.wire.requests().len(), 1 + 4);
    assert_eq!(rig.client.stats().failed_exhausted, 1);
}

#[test]
fn dlv_146_after_a_shutdown_nothing_is_sent() {
    let rig = sync();
    rig.client.capture("before");
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    assert_eq!(rig.client.capture("after"), None);
    assert_eq!(rig.wire.requests().len(), 1);
}

#[test]
fn dlv_147_capture_immediate_goes_past_the_queue_and_says_how_it_went() {
    let rig = Rig::new();
    rig.client.capture("queued");
    let uuid = Uuid::from_u128(7);
    let event = Event::new("now").uuid(uuid);
    let sent = rig.client.capture_immediate(event);
    assert!(
        matches!(sent, Immediate::Delivered(id) if id == uuid),
        "{sent:?}"
    );
    assert_eq!(rig.wire.names(), [["now"]]);
    assert_eq!(rig.names(), ["now", "queued"]);

    rig.wire.answer(400);
    let Immediate::Failed(failure) = rig.client.capture_immediate("refused") else {
        panic!("it was refused");
    };
    assert_eq!((failure.status, failure.attempts), (Some(400), 1));
    assert_eq!(failure.events.len(), 1);
    assert_eq!(failure.events[0].event, "refused");

    rig.wire.always(503);
    let immediate = || rig.client.capture_immediate("exhausted");
    let Immediate::Failed(failure) = while_time_passes(&rig, immediate) else {
        panic!("it was not delivered");
    };
    assert!(failure.is_exhausted());
    assert_eq!(failure.attempts, 4);

    assert!(matches!(
        rig.client.capture_immediate(""),
        Immediate::NotAccepted
    ));
    rig.client.opt_out();
    let opted_out = rig.client.capture_immediate("e");
    assert!(matches!(opted_out, Immediate::NotAccepted));
    let stats = rig.client.stats();
    assert_eq!((stats.admitted, stats.delivered, stats.failed), (4, 2, 2));
}

#[test]
fn dlv_147_with_v1_the_service_says_what_it_did_not_persist() {
    let rig = Rig::with(|options| options.capture_mode(CaptureMode::V1));
    let uuid = Uuid::from_u128(9);
    let answer = |result: &str, details: &str| {
        let body =
            json!({ "results": { uuid.to_string(): { "result": result, "details": details } } });
        let answer = Response::new(200).with_body(body.to_string());
        rig.wire.answer_with(Ok(answer));
    };
    let event = || Event::new("e").uuid(uuid);
    answer("drop", "event_too_big");
    let Immediate::Failed(failure) = rig.client.capture_immediate(event()) else {
        panic!("it was thrown away");
    };
    assert_eq!(failure.events[0].details.as_deref(), Some("event_too_big"));
    answer("retry", "not_persisted");
    answer("ok", "");
    let again = while_time_passes(&rig, || rig.client.capture_immediate(event()));
    assert!(
        matches!(again, Immediate::Delivered(id) if id == uuid),
        "{again:?}"
    );
    assert_eq!(rig.client.stats().retries, 1);
}

#[test]
fn dlv_148_an_import_is_marked_as_one_and_keeps_its_timestamps() {
    for historical in [false, true] {
        let import = |mode| {
            let options = |options: Options| options.capture_mode(mode);
            let rig = Rig::with(|it| options(it).historical_migration(historical));
            rig.wire.answer_with(Ok(Response::new(200).with_body("{}")));
            rig.client
                .capture(Event::new("e").timestamp("2001-02-03T04:05:06Z"));
            assert_eq!(rig.client.flush(PATIENCE), Ok(()));
            rig.wire.bodies().remove(0)
        };
        let v0 = import(CaptureMode::V0);
        assert_eq!(v0["historical_migration"], historical);
        let v1 = import(CaptureMode::V1);
        let marked = v1.get("historical_migration");
        assert_eq!(marked, historical.then_some(&json!(true)));
        for body in [v0, v1] {
            let timestamp = body["batch"][0]["timestamp"].as_str();
            assert!(timestamp.is_some_and(|it| it.starts_with("2001-02-03T04:05:06")));
        }
    }
}

fn executor() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Counts how often it is woken.
struct Counter(Mutex<usize>);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        *self.0.lock().expect("no panic") += 1;
    }
}

#[test]
fn dlv_56_while_an_async_flush_waits_other_tasks_of_the_thread_go_on() {
    let rig = Rig::new();
    rig.wire.hold();
    for name in ["a", "b"] {
        rig.client.capture(name);
    }
    let progress = executor().block_on(async {
        let flush = tokio::spawn(rig.client.flush_async(PATIENCE));
        let mut progress = 0;
        while !rig.wire.glance(1) || progress < 100 {
            progress += 1;
            tokio::task::yield_now().await;
        }
        assert!(!flush.is_finished());
        rig.wire.release();
        assert_eq!(flush.await.expect("no panic"), Ok(()));
        progress
    });
    assert!(progress >= 100);
    assert_eq!(rig.wire.names(), [["a", "b"]]);
    assert_eq!(rig.client.stats().delivered, 2);
}

#[test]
fn dlv_56_an_async_flush_ends_at_its_timeout_and_says_what_is_pending() {
    let rig = Rig::new();
    rig.wire.answer(503);
    rig.client.capture("e");
    let flush = rig.client.flush_async(SECOND);
    let result = while_time_passes(&rig, || {
        rig.wire.hold();
        executor().block_on(flush)
    });
    assert_eq!(result.map_err(|error| error.pending), Err(1));
    rig.wire.release();
    rig.settled(1);
    rig.clock.advance(SECOND);
    assert_eq!(
        executor().block_on(rig.client.flush_async(PATIENCE)),
        Ok(())
    );
}

#[test]
fn dlv_56_with_nothing_pending_an_async_flush_is_ready_at_once() {
    let rig = Rig::new();
    let idle = [
        rig.client.clone(),
        Client::new(Options::new("").disabled(true)).expect("a client"),
        Client::new(Options::new("phc_test").send(false)).expect("a client"),
    ];
    for client in idle {
        let mut flush = pin!(client.flush_async(PATIENCE));
        assert_eq!(poll(flush.as_mut()), Poll::Ready(Ok(())));
        assert_eq!(poll(flush.as_mut()), Poll::Ready(Ok(())), "and stays so");
    }
    rig.client.capture("e");
    drop(rig.client.flush_async(PATIENCE));
    assert!(rig.wire.stays_at(0), "it begins when it is polled");
    let mut zero = pin!(rig.client.flush_async(Duration::ZERO));
    assert!(poll(zero.as_mut()).is_ready());
    assert!(rig.wire.wait_for(1));
}

#[test]
fn dlv_56_a_dropped_async_flush_leaves_no_thread_and_keeps_no_client() {
    let rig = Rig::with(|options| options.shutdown_timeout(PATIENCE));
    rig.wire.hold();
    rig.client.capture("e");
    let counter = Arc::new(Counter(Mutex::new(0)));
    let waker = Waker::from(Arc::clone(&counter));
    let mut flush = Box::pin(rig.client.flush_async(Duration::MAX));
    let polled = flush.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    assert!(rig.wire.wait_for(1));
    let start = Instant::now();
    drop(flush);
    assert!(start.elapsed() < SECOND, "it does not wait");
    // The server hangs still, and whoever waited for it is gone.
    eventually(|| Arc::strong_count(&counter) == 2);
    rig.wire.release();
    let Rig {
        client,
        wire,
        clock: _clock,
    } = rig;
    let mut unpolled = pin!(client.flush_async(PATIENCE));
    // The future is no handle: this is the last one, and delivers.
    drop(client);
    assert_eq!(wire.names(), [["e"]]);
    assert_eq!(poll(unpolled.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn dlv_56_the_waker_of_the_last_poll_is_woken() {
    let rig = Rig::new();
    rig.wire.hold();
    rig.client.capture("e");
    let wakers = [(); 2].map(|()| Arc::new(Counter(Mutex::new(0))));
    let mut flush = pin!(rig.client.flush_async(PATIENCE));
    for counter in &wakers {
        let waker = Waker::from(Arc::clone(counter));
        let mut context = Context::from_waker(&waker);
        assert!(flush.as_mut().poll(&mut context).is_pending());
    }
    rig.wire.release();
    let woken = |counter: &Counter| *counter.0.lock().expect("no panic");
    eventually(|| woken(&wakers[1]) == 1);
    assert_eq!(woken(&wakers[0]), 0);
    assert_eq!(poll(flush.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn dlv_55_an_async_flush_on_the_worker_returns_at_once() {
    let client = Arc::new(std::sync::OnceLock::<Client>::new());
    let (tell, told) = std::sync::mpsc::channel();
    let reached = Arc::clone(&client);
    let rig = Rig::with(|options| {
        options.max_batch_size(1).on_error(move |_| {
            let client = reached.get().expect("a client");
            let _ = tell.send(executor().block_on(client.flush_async(Duration::MAX)));
        })
    });
    let _ = client.set(rig.client.clone());
    rig.wire.answer(400);
    rig.client.capture("lost");
    rig.client.capture("queued");
    let _ = rig.client.flush(Duration::ZERO);
    let result = told.recv_timeout(PATIENCE).expect("no deadlock");
    assert_eq!(result.map_err(|error| error.pending), Err(1));
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
}

#[test]
fn dlv_56_the_global_async_flush_is_that_of_the_global_client() {
    assert_eq!(executor().block_on(posthog::flush_async(PATIENCE)), Ok(()));
    let rig = Rig::new();
    posthog_core::global::install((*rig.client).clone()).expect("no other");
    assert!(posthog::capture("e").is_some());
    assert_eq!(executor().block_on(posthog::flush_async(PATIENCE)), Ok(()));
    assert_eq!(rig.wire.names(), [["e"]]);
    posthog_core::global::uninstall();
}
