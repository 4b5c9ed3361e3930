//! What the queue takes, and what it refuses.

mod support;

use posthog::Event;
use std::{thread, time::Duration};
use support::{PATIENCE, Rig, log_lines};

#[test]
fn dlv_20_a_capture_waits_neither_for_the_worker_nor_for_the_network() {
    let rig = Rig::with(|options| options.flush_at(1));
    rig.wire.hold();
    rig.client.capture("in flight");
    assert!(rig.wire.wait_for(1));
    for _ in 0..1000 {
        assert!(rig.client.capture("queued").is_some());
    }
    assert!(rig.wire.stays_at(1), "the network has not moved meanwhile");
    rig.wire.release();
    assert_eq!(rig.names().len(), 1001);
}

#[test]
fn dlv_22_a_full_queue_refuses_the_newest_by_count_and_by_bytes() {
    let rig = Rig::with(|options| options.max_queue_size(3));
    let taken: Vec<bool> = (0..5)
        .map(|n| rig.client.capture(format!("{n}")).is_some())
        .collect();
    assert_eq!(taken, [true, true, true, false, false]);
    assert_eq!(rig.names(), ["0", "1", "2"]);
    let rig = Rig::with(|options| options.max_queue_bytes(10_000));
    assert!(
        rig.client
            .capture(Event::new("large").property("x", "x".repeat(9000)))
            .is_some()
    );
    assert!(
        rig.client
            .capture(Event::new("second").property("x", "x".repeat(9000)))
            .is_none()
    );
    assert!(rig.client.capture("small").is_some());
    assert_eq!(rig.client.stats().dropped_queue_full, 1);
}

#[test]
fn dlv_23_a_full_queue_says_so_once_an_episode_and_counts_what_it_refused() {
    log_lines::collect();
    let said = || log_lines::warnings(&["is full: new events"]);
    // The tests of this file share the log; only this one looks at these lines' number.
    let before = said();
    let rig = Rig::with(|options| options.max_queue_size(4).max_batch_size(1).flush_at(10_000));
    let fill = || {
        (0..20)
            .filter(|_| rig.client.capture("e").is_none())
            .count()
    };
    assert_eq!(fill(), 16);
    let first = said();
    assert!(first > before);
    assert_eq!(fill(), 20);
    rig.events();
    assert_eq!(fill(), 16);
    assert_eq!(rig.client.stats().dropped_queue_full, 52);
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    assert_eq!(rig.client.stats().delivered, 8);
    assert_eq!(
        log_lines::warnings(&["52 events of the lane `analytics` were dropped"]),
        1
    );
}

#[test]
fn dlv_24_what_is_in_flight_takes_no_room_in_the_queue() {
    let rig = Rig::with(|options| options.max_queue_size(3).flush_at(3));
    rig.wire.hold();
    for n in 0..3 {
        assert!(rig.client.capture(format!("{n}")).is_some());
    }
    assert!(rig.wire.wait_for(1));
    for n in 3..6 {
        assert!(rig.client.capture(format!("{n}")).is_some(), "{n}");
    }
    assert!(rig.client.capture("no room").is_none());
    rig.wire.release();
    assert_eq!(rig.names(), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn dlv_25_what_is_captured_while_a_batch_is_in_flight_is_never_lost() {
    let rig = Rig::with(|options| options.max_queue_size(2).flush_at(2).max_retries(1));
    rig.wire.hold();
    rig.wire.answer(503);
    for name in ["a", "b"] {
        rig.client.capture(name);
    }
    assert!(rig.wire.wait_for(1));
    for name in ["c", "d"] {
        assert!(rig.client.capture(name).is_some());
    }
    rig.wire.release();
    rig.settled(1);
    assert!(
        rig.client.capture("e").is_none(),
        "the queue is full while the batch waits for its retry"
    );
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(rig.names(), ["a", "b", "a", "b", "c", "d"]);
    assert_eq!(rig.client.stats().delivered, 4);
}

#[test]
fn dlv_26_an_event_that_is_too_large_is_dropped_with_its_name_and_size_only() {
    log_lines::collect();
    let rig = Rig::with(|options| options.max_event_bytes(2000));
    assert!(
        rig.client
            .capture(Event::new("fits").property("x", "x".repeat(1000)))
            .is_some()
    );
    assert!(
        rig.client
            .capture(Event::new("too large").property("x", "confidential".repeat(200)))
            .is_none()
    );
    assert_eq!(rig.client.stats().dropped_too_large, 1);
    assert_eq!(log_lines::warnings(&["`too large`", "bytes"]), 1);
    assert!(log_lines::with(&["confidential"]).is_empty());
    // As the string that the service embeds it as, an event of many quotes is larger.
    let rig = Rig::new();
    let quotes = |n: usize| Event::new("quotes").property("x", "\"".repeat(n));
    assert!(rig.client.capture(quotes(235_000)).is_some());
    assert!(rig.client.capture(quotes(240_001)).is_none());
    let plain = |n: usize| Event::new("plain").property("x", "x".repeat(n));
    assert!(rig.client.capture(plain(920_000)).is_some());
    assert!(rig.client.capture(plain(921_600)).is_none());
    assert_eq!(rig.names().len(), 2);
}

#[test]
fn dlv_27_a_capture_after_the_shutdown_began_is_dropped_with_a_warning() {
    log_lines::collect();
    let rig = Rig::new();
    rig.wire.hold();
    rig.client.capture("before");
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| rig.client.shutdown(PATIENCE));
        assert!(rig.wire.wait_for(1));
        assert_eq!(rig.client.capture("while it shuts down"), None);
        rig.wire.release();
        assert_eq!(shutdown.join().expect("no panic"), Ok(()));
    });
    assert_eq!(rig.client.capture("after the shutdown"), None);
    assert_eq!(rig.wire.names(), [["before"]]);
    assert_eq!(rig.client.stats().dropped_closed, 2);
    assert_eq!(
        log_lines::warnings(&["`after the shutdown`", "shut down"]),
        1
    );
}

#[test]
fn dlv_4_a_client_makes_no_request_and_starts_no_thread_before_its_first_event() {
    let rig = Rig::new();
    assert_eq!(rig.client.flush(PATIENCE), Ok(()));
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    assert!(rig.wire.stays_at(0));
    assert!(rig.wire.threads().is_empty());
    let rig = Rig::new();
    rig.sent(Event::new("e"));
    assert_eq!(rig.wire.threads(), ["posthog-analytics"]);
}
