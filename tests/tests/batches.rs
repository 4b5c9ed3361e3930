//! When a lane sends, and how much at once.

mod support;

use posthog::{Client, Event, Options, Response, testing::Memory};
use std::{sync::Arc, time::Duration};
use support::{PATIENCE, Rig};

#[test]
fn dlv_30_the_interval_counts_from_the_oldest_event() {
    let rig = Rig::with(|options| options.flush_interval(Duration::from_secs(5)));
    rig.client.capture("first");
    rig.clock.advance(Duration::from_secs(3));
    rig.client.capture("second");
    rig.clock.advance(Duration::from_millis(1999));
    assert!(rig.wire.stays_at(0));
    rig.clock.advance(Duration::from_millis(1));
    assert!(rig.wire.wait_for(1));
    assert_eq!(rig.wire.names(), [["first", "second"]]);
    // With an empty queue no timer runs; the next event sets it anew.
    rig.events();
    rig.clock.advance(Duration::from_secs(100));
    rig.client.capture("third");
    rig.clock.advance(Duration::from_millis(4999));
    assert!(rig.wire.stays_at(1));
    rig.clock.advance(Duration::from_millis(1));
    assert!(rig.wire.wait_for(2));
}

#[test]
fn dlv_30_enough_bytes_are_sent_at_once() {
    let rig = Rig::with(|options| options.max_batch_bytes(64 << 10));
    let event = || Event::new("e").property("x", "x".repeat(30_000));
    rig.client.capture(event());
    rig.client.capture(event());
    assert!(rig.wire.stays_at(0));
    rig.client.capture(event());
    assert!(rig.wire.wait_for(1));
}

#[test]
fn dlv_31_a_batch_ends_before_the_event_that_would_exceed_its_bytes() {
    let rig = Rig::with(|options| options.max_batch_bytes(64 << 10).flush_at(10_000));
    rig.wire.hold();
    for (name, bytes) in [
        ("a", 30_000),
        ("b", 30_000),
        ("c", 30_000),
        ("huge", 200_000),
        ("d", 10),
        ("e", 10),
    ] {
        assert!(
            rig.client
                .capture(Event::new(name).property("x", "x".repeat(bytes)))
                .is_some()
        );
    }
    rig.wire.release();
    rig.events();
    let names = rig.wire.names();
    assert_eq!(names.concat(), ["a", "b", "c", "huge", "d", "e"]);
    assert!(names.contains(&vec!["huge".to_owned()]), "{names:?}");
    for batch in &names {
        let large = batch
            .iter()
            .filter(|name| ["a", "b", "c"].contains(&name.as_str()))
            .count();
        assert!(large <= 2, "{names:?}");
    }
}

#[test]
fn dlv_31_a_batch_has_at_most_so_many_events() {
    let rig = Rig::with(|options| options.max_batch_size(3).flush_at(10_000));
    for n in 0..8 {
        rig.client.capture(format!("{n}"));
    }
    rig.events();
    assert_eq!(
        rig.wire.names(),
        [vec!["0", "1", "2"], vec!["3", "4", "5"], vec!["6", "7"]]
    );
}

#[test]
fn dlv_32_one_request_is_under_way_at_a_time_and_order_is_kept() {
    let rig = Rig::with(|options| options.max_batch_size(2).flush_at(2));
    rig.wire.hold();
    for n in 0..6 {
        rig.client.capture(format!("{n}"));
    }
    assert!(rig.wire.wait_for(1));
    assert!(rig.wire.stays_at(1));
    rig.wire.release();
    assert_eq!(rig.names(), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn dlv_33_while_a_batch_waits_for_its_retry_nothing_overtakes_it() {
    let rig = Rig::with(|options| options.max_batch_size(1).flush_at(1));
    rig.wire.answer(503);
    rig.client.capture("a");
    rig.settled(1);
    rig.client.capture("b");
    assert!(rig.client.flush(Duration::ZERO).is_err());
    assert!(rig.wire.stays_at(1));
    rig.clock.advance(Duration::from_secs(1));
    assert_eq!(rig.names(), ["a", "a", "b"]);
}

#[test]
fn dlv_34_flush_at_sends_one_request_with_all_events_at_once() {
    let memory = Arc::new(Memory::default());
    memory.answer(Ok(Response::new(200)));
    let options = Options::new("phc_test")
        .flush_at(2)
        .flush_interval(Duration::from_secs(3600));
    let client =
        Client::with_transport(options, Arc::clone(&memory) as _).expect("options in order");
    client.capture("a");
    client.capture("b");
    // No flush: reaching `flush_at` is enough.
    let start = std::time::Instant::now();
    while client.stats().delivered < 2 {
        assert!(start.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    let requests = memory.requests();
    assert_eq!(requests.len(), 1);
    let body = support::text(&requests[0]);
    assert!(body.find("\"event\":\"a\"") < body.find("\"event\":\"b\""));
}

#[test]
fn dlv_36_the_worker_survives_a_transport_that_panics() {
    struct Panics(std::sync::atomic::AtomicUsize);
    struct PanicsTwice;
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            panic!("while the payload of a panic is dropped");
        }
    }
    impl posthog::Transport for Panics {
        fn send(&self, _: &posthog::Request) -> Result<Response, posthog::TransportError> {
            match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 => panic!("in the transport"),
                1 => std::panic::panic_any(PanicsTwice),
                _ => Ok(Response::new(200)),
            }
        }
    }
    let client = Client::with_transport(Options::new("phc_test"), Arc::new(Panics(0.into())) as _)
        .expect("options in order");
    client.capture("e");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    let stats = client.stats();
    assert_eq!((stats.delivered, stats.retries, stats.failed), (1, 2, 0));
}

#[test]
fn dlv_1_numbers_out_of_range_are_moved_into_it_with_a_warning_that_names_the_option() {
    support::log_lines::collect();
    let rig = Rig::with(|options| {
        options
            .max_batch_size(0)
            .flush_at(0)
            .max_queue_size(0)
            .max_retries(1000)
    });
    rig.client.capture("a");
    assert!(rig.wire.wait_for(1), "`flush_at` is 1");
    for option in [
        "max_batch_size",
        "flush_at",
        "max_queue_size",
        "max_retries",
    ] {
        assert!(
            support::log_lines::warnings(&[&format!("`{option}` is")]) > 0,
            "{option}"
        );
    }
}
