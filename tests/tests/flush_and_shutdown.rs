//! Flush, shutdown and drop, in the places where they hurt.

mod support;

use posthog::{Client, FlushError, Options, Request, Response, Transport, TransportError};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};
use support::{PATIENCE, Rig, eventually, log_lines, while_time_passes};

const SECOND: Duration = Duration::from_secs(1);

fn pending(result: Result<(), FlushError>) -> u64 {
    result.map_or_else(|error| error.pending, |()| 0)
}

/// A transport that does something to the client that it sends for.
struct Acts<F> {
    client: Mutex<Option<Client>>,
    act: F,
}

impl<F: Fn(&Mutex<Option<Client>>) + Send + Sync> Transport for Acts<F> {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        (self.act)(&self.client);
        Ok(Response::new(200))
    }
}

/// A client that its transport can reach.
fn reaching<F: Fn(&Mutex<Option<Client>>) + Send + Sync + 'static>(
    act: F,
) -> (Client, Arc<Acts<F>>) {
    let transport = Arc::new(Acts {
        client: Mutex::new(None),
        act,
    });
    let options = Options::new("phc_test").flush_at(1).max_batch_size(1);
    let client =
        Client::with_transport(options, Arc::clone(&transport) as _).expect("options in order");
    *transport.client.lock().expect("no panic") = Some(client.clone());
    (client, transport)
}

#[test]
fn dlv_50_a_flush_waits_until_everything_is_final() {
    let rig = Rig::with(|options| options.max_batch_size(2).flush_at(10_000));
    rig.wire.answer(200);
    rig.wire.answer(400);
    for _ in 0..5 {
        rig.client.capture("e");
    }
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    let stats = rig.client.stats();
    assert_eq!((stats.delivered, stats.failed, stats.pending()), (3, 2, 0));
}

#[test]
fn dlv_50_a_flush_ends_at_its_timeout_and_says_how_many_are_pending() {
    let rig = Rig::with(|options| options.flush_at(1));
    rig.wire.hold();
    for _ in 0..3 {
        rig.client.capture("e");
    }
    assert_eq!(pending(rig.client.flush(Duration::ZERO)), 3);
    assert_eq!(
        pending(while_time_passes(&rig, || rig.client.flush(SECOND))),
        3
    );
    rig.wire.release();
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    assert_eq!(
        rig.client.flush(Duration::MAX),
        Ok(()),
        "no timeout is too long"
    );
}

#[test]
fn dlv_51_with_nothing_pending_a_flush_succeeds_at_once_and_asks_for_nothing() {
    let rig = Rig::new();
    assert_eq!(rig.client.flush(Duration::ZERO), Ok(()));
    rig.client.capture("e");
    rig.events();
    assert_eq!(rig.client.flush(Duration::ZERO), Ok(()));
    rig.client.capture("later");
    assert!(
        rig.wire.stays_at(1),
        "an earlier flush is no flush of a later event"
    );
}

#[test]
fn dlv_52_events_that_wait_for_their_retry_at_the_timeout_are_delivered_later() {
    let rig = Rig::new();
    rig.wire.answer(503);
    rig.client.capture("e");
    assert_eq!(pending(rig.client.flush(Duration::ZERO)), 1);
    rig.settled(1);
    assert_eq!(pending(rig.client.flush(Duration::ZERO)), 1);
    rig.clock.advance(SECOND);
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    assert_eq!(rig.client.stats().delivered, 1);
}

#[test]
fn dlv_53_a_flush_shortens_no_wait_and_concurrent_ones_share_one_drain() {
    let rig = Rig::new();
    rig.wire
        .answer_with(Ok(Response::new(503).with_retry_after("20")));
    rig.client.capture("e");
    let _ = rig.client.flush(Duration::ZERO);
    rig.settled(1);
    for _ in 0..10 {
        assert_eq!(pending(rig.client.flush(Duration::ZERO)), 1);
    }
    rig.clock.advance(Duration::from_millis(19_999));
    assert!(rig.wire.stays_at(1));
    thread::scope(|scope| {
        let flushes: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| rig.client.flush(60 * SECOND)))
            .collect();
        rig.clock.advance(Duration::from_millis(5001));
        for flush in flushes {
            assert_eq!(flush.join().expect("no panic"), Ok(()));
        }
    });
    assert_eq!(rig.wire.requests().len(), 2);
}

#[test]
fn dlv_54_a_flush_ends_although_others_keep_capturing_and_nothing_is_lost() {
    let rig = Rig::with(|options| options.max_batch_size(100).flush_at(100));
    let stop = std::sync::atomic::AtomicBool::new(false);
    let captured = thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut captured = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) && captured < 5_000 {
                captured += usize::from(rig.client.capture("busy").is_some());
            }
            captured
        });
        for _ in 0..5 {
            rig.client.capture("mine");
            assert_eq!(rig.client.flush(PATIENCE), Ok(()));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        busy.join().expect("no panic")
    });
    assert_eq!(rig.events().len(), captured + 5);
}

#[test]
fn dlv_55_a_flush_on_the_worker_returns_at_once() {
    let (tell, told) = mpsc::channel();
    let (client, transport) = reaching(move |client| {
        let client = client.lock().expect("no panic").clone().expect("a client");
        let _ = tell.send(pending(client.flush(Duration::MAX)));
    });
    client.capture("e");
    assert_eq!(told.recv_timeout(PATIENCE), Ok(1));
    assert_eq!(client.flush(PATIENCE), Ok(()));
    transport.client.lock().expect("no panic").take();
}

#[test]
fn dlv_60_a_shutdown_delivers_what_is_queued_and_stops_the_worker() {
    let rig = Rig::with(|options| options.max_batch_size(1));
    for _ in 0..3 {
        rig.client.capture("e");
    }
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    assert_eq!(rig.wire.requests().len(), 3);
    let worker_is_gone = || Arc::strong_count(&rig.wire) <= 3;
    eventually(worker_is_gone);
}

#[test]
fn dlv_60_a_shutdown_ends_at_its_timeout_although_a_request_hangs() {
    log_lines::collect();
    let rig = Rig::with(|options| options.max_batch_size(1).flush_at(1));
    rig.wire.hold();
    for _ in 0..77 {
        rig.client.capture("e");
    }
    assert!(rig.wire.wait_for(1));
    let result = while_time_passes(&rig, || rig.client.shutdown(10 * SECOND));
    assert_eq!(pending(result), 77);
    let stats = rig.client.stats();
    assert_eq!(
        (stats.failed, stats.pending()),
        (76, 1),
        "the one under way is not known yet"
    );
    assert_eq!(
        rig.client.shutdown(PATIENCE),
        result,
        "the first result stays"
    );
    rig.wire.release();
    rig.until(|stats| stats.delivered == 1);
    assert!(rig.wire.stays_at(1), "nothing more is sent");
    let said = log_lines::with(&["77 events of the lane `analytics` were not delivered"]);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].level, log::Level::Error);
}

/// Begins a shutdown that takes this long at most, and does not wait for it: a hook must not.
fn begin_shutdown(rig: &Rig) {
    assert_eq!(rig.client.capture("shut down"), None);
}

/// A client that [`begin_shutdown`] can shut down.
fn with_shutdown(timeout: Duration, change: impl FnOnce(Options) -> Options) -> Rig {
    let slot: Arc<OnceLock<Client>> = Arc::default();
    let reached = Arc::clone(&slot);
    let rig = Rig::with(|options| {
        change(options).before_send(move |event| {
            if event.event == "shut down" {
                let _ = reached.get().expect("a client").shutdown(timeout);
            }
            Some(event)
        })
    });
    let _ = slot.set(rig.client.clone());
    rig
}

#[test]
fn dlv_60_a_shutdown_cuts_the_timeouts_of_requests_to_what_is_left() {
    let rig = with_shutdown(4 * SECOND, |options| {
        options.request_timeout(15 * SECOND).max_batch_size(1)
    });
    rig.wire.hold();
    rig.client.capture("a");
    rig.client.capture("b");
    let _ = rig.client.flush(Duration::ZERO);
    assert!(rig.wire.wait_for(1));
    rig.clock.advance(SECOND);
    begin_shutdown(&rig);
    rig.clock.advance(SECOND);
    rig.wire.release();
    assert!(rig.wire.wait_for(2));
    let timeouts: Vec<_> = rig
        .wire
        .requests()
        .iter()
        .map(|request| request.timeout)
        .collect();
    assert_eq!(timeouts, [15 * SECOND, 3 * SECOND]);
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
}

#[test]
fn dlv_62_a_retry_that_is_due_after_the_deadline_is_lost_at_the_deadline() {
    log_lines::collect();
    let rig = with_shutdown(3 * SECOND, |options| options);
    rig.wire
        .answer_with(Ok(Response::new(503).with_retry_after("30")));
    for _ in 0..33 {
        rig.client.capture("e");
    }
    let _ = rig.client.flush(Duration::ZERO);
    rig.settled(1);
    begin_shutdown(&rig);
    rig.clock.advance(Duration::from_millis(2999));
    assert!(rig.wire.stays_at(1));
    assert_eq!(rig.client.stats().failed, 0);
    rig.clock.advance(Duration::from_millis(1));
    rig.until(|stats| stats.failed == 33);
    // Whoever asks later, or was late to wake up at the deadline, is told what the worker found.
    assert_eq!(pending(rig.client.shutdown(PATIENCE)), 33);
    eventually(|| {
        log_lines::with(&["33 events of the lane `analytics` were not delivered"]).len() == 1
    });
}

#[test]
fn dlv_61_concurrent_shutdowns_share_one_drain_and_one_result() {
    let rig = Rig::new();
    rig.wire.hold();
    rig.client.capture("e");
    thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| rig.client.shutdown(PATIENCE)))
            .collect();
        assert!(rig.wire.wait_for(1));
        rig.wire.release();
        for one in all {
            assert_eq!(one.join().expect("no panic"), Ok(()));
        }
    });
    assert_eq!(rig.client.shutdown(Duration::ZERO), Ok(()));
    assert_eq!(rig.client.flush(Duration::ZERO), Ok(()));
    assert_eq!(rig.wire.requests().len(), 1);
}

#[test]
fn dlv_62_a_shutdown_without_time_says_what_it_lost() {
    let rig = Rig::new();
    for _ in 0..5 {
        rig.client.capture("e");
    }
    assert_eq!(pending(rig.client.shutdown(Duration::ZERO)), 5);
    eventually(|| rig.client.stats().pending() == 0);
    assert_eq!(rig.client.stats().delivered + rig.client.stats().failed, 5);
}

#[test]
fn dlv_63_a_delivery_failure_in_a_shutdown_is_a_warning_and_no_loss_by_time() {
    log_lines::collect();
    let rig = Rig::new();
    rig.wire.answer(418);
    rig.client.capture("e");
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    assert_eq!(rig.client.stats().failed, 1);
    eventually(|| log_lines::warnings(&["418"]) == 1);
}

#[test]
fn dlv_64_a_shutdown_on_the_worker_returns_at_once_and_the_drain_ends_behind_it() {
    let (tell, told) = mpsc::channel();
    let (client, transport) = reaching(move |client| {
        if let Some(client) = client.lock().expect("no panic").take() {
            client.capture("queued before");
            let _ = tell.send(pending(client.shutdown(PATIENCE)));
            assert_eq!(client.capture("too late"), None);
        }
    });
    client.capture("e");
    assert_eq!(told.recv_timeout(PATIENCE), Ok(2));
    assert_eq!(
        client.shutdown(Duration::ZERO).is_ok(),
        client.stats().pending() == 0
    );
    eventually(|| client.stats().pending() == 0);
    assert_eq!(client.stats().delivered, 2);
    drop(transport);
}

/// A client that waits when it is dropped.
fn waiting() -> Rig {
    Rig::with(|options| options.shutdown_timeout(PATIENCE))
}

#[test]
fn dlv_65_dropping_the_last_handle_delivers_what_is_queued() {
    let rig = waiting();
    let clone = rig.client.clone();
    rig.client.capture("e");
    let Rig {
        client,
        wire,
        clock: _clock,
    } = rig;
    drop(client);
    assert!(wire.stays_at(0), "a handle is left");
    drop(clone);
    assert_eq!(wire.names(), [["e"]]);
}

#[test]
fn dlv_65_dropping_the_last_handle_while_unwinding_delivers_and_does_not_abort() {
    let Rig {
        client,
        wire,
        clock: _clock,
    } = waiting();
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _dropped_by_the_panic = client.clone();
        client.capture("e");
        let _last = client;
        panic!("with a client on the stack");
    }));
    assert!(unwound.is_err());
    assert_eq!(wire.names(), [["e"]]);
}

#[test]
fn dlv_65_a_client_made_and_dropped_while_unwinding_works() {
    struct Captures(Arc<Mutex<Vec<Vec<String>>>>);
    impl Drop for Captures {
        fn drop(&mut self) {
            let Rig {
                client,
                wire,
                clock: _clock,
            } = waiting();
            client.capture("last words");
            drop(client);
            *self.0.lock().expect("no panic") = wire.names();
        }
    }
    let names = Arc::default();
    let captures = Captures(Arc::clone(&names));
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _captures = captures;
        panic!("and on");
    }));
    assert!(unwound.is_err());
    assert_eq!(*names.lock().expect("no panic"), [["last words"]]);
}

#[test]
fn dlv_65_dropping_the_last_handle_ends_at_the_shutdown_timeout() {
    let rig = Rig::with(|options| options.shutdown_timeout(2 * SECOND));
    rig.wire.hold();
    rig.client.capture("e");
    let Rig {
        client,
        wire,
        clock,
    } = rig;
    thread::scope(|scope| {
        let dropping = scope.spawn(move || drop(client));
        let start = Instant::now();
        while !dropping.is_finished() {
            assert!(start.elapsed() < PATIENCE, "it does not end");
            clock.advance(SECOND);
            thread::yield_now();
        }
    });
    wire.release();
}

#[test]
fn dlv_65_a_client_whose_last_handle_is_dropped_on_its_own_worker_ends() {
    let (tell, told) = mpsc::channel();
    let (let_go, may_go) = mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    let (client, transport) = reaching(move |client| {
        let client = client.lock().expect("no panic").take();
        if client.is_some() {
            let _ = may_go.lock().expect("no panic").recv_timeout(PATIENCE);
            drop(client);
        }
        let _ = tell.send(thread::current().name().map(str::to_owned));
    });
    client.capture("e");
    client.capture("queued");
    drop(client);
    let transport: Weak<_> = {
        let weak = Arc::downgrade(&transport);
        drop(transport);
        weak
    };
    let_go.send(()).expect("a worker");
    for _ in 0..2 {
        assert_eq!(
            told.recv_timeout(PATIENCE),
            Ok(Some("posthog-analytics".to_owned()))
        );
    }
    eventually(|| transport.strong_count() == 0);
}

#[test]
fn dlv_149_nobody_waits_without_bound_for_a_worker_that_does_nothing() {
    // A forked child has the queue and no worker; a worker that never comes back is the same to whoever waits.
    let rig = Rig::new();
    rig.wire.hold();
    rig.client.capture("e");
    let _ = rig.client.flush(Duration::ZERO);
    assert!(rig.wire.wait_for(1));
    assert_eq!(
        pending(while_time_passes(&rig, || rig.client.flush(5 * SECOND))),
        1
    );
    assert_eq!(
        pending(while_time_passes(&rig, || rig.client.shutdown(5 * SECOND))),
        1
    );
    rig.wire.release();
}
