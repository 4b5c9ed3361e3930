//! Two lanes: neither holds up the other, and they share the time of a flush and of a shutdown.

mod support;

use posthog::{Client, Clock, Event, FlushError, Options};
use posthog::{Request, Response, Transport, TransportError, testing::TestClock};
use std::{
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use support::{MOMENT, PATIENCE, Rig, eventually, log_lines, start};

const SECOND: Duration = Duration::from_secs(1);
const AI: &str = "$ai_generation";

/// Holds the requests of the lanes that are named, and counts those that arrived of each.
#[derive(Default)]
struct Lanes {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    held: Vec<&'static str>,
    arrived: Vec<(String, Duration)>,
}

impl Lanes {
    fn hold(&self, paths: &[&'static str]) {
        self.state.lock().expect("no panic").held = paths.to_vec();
        self.changed.notify_all();
    }

    fn arrived(&self, path: &str) -> usize {
        let state = self.state.lock().expect("no panic");
        let of = state.arrived.iter().filter(|(url, _)| url.ends_with(path));
        of.count()
    }

    fn timeouts(&self) -> Vec<Duration> {
        let state = self.state.lock().expect("no panic");
        state.arrived.iter().map(|(_, timeout)| *timeout).collect()
    }
}

impl Transport for Lanes {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut state = self.state.lock().expect("no panic");
        state.arrived.push((request.url.clone(), request.timeout));
        self.changed.notify_all();
        let is_held = |state: &mut State| state.held.iter().any(|path| request.url.ends_with(path));
        let _state = self.changed.wait_while(state, is_held).expect("no panic");
        Ok(Response::new(200))
    }
}

/// With the end of the host: that of the AI lane ends alike.
const BATCH: &str = ".posthog.com/batch/";
const AI_BATCH: &str = "/i/v0/ai/batch/";

fn client(held: &[&'static str]) -> (Client, Arc<Lanes>, Arc<TestClock>) {
    let lanes = Arc::new(Lanes::default());
    lanes.hold(held);
    let clock = Arc::new(TestClock::starting_at(start()));
    let client = Client::with_clock(
        Options::new("phc_test")
            .flush_at(1)
            .max_batch_size(1)
            .shutdown_timeout(Duration::ZERO),
        Arc::clone(&lanes) as Arc<dyn Transport>,
        Arc::clone(&clock) as Arc<dyn Clock>,
    );
    (client.expect("options in order"), lanes, clock)
}

/// Runs something that ends by the clock: what it gives, and the time that passed on the clock meanwhile.
fn timed<T: Send>(clock: &TestClock, code: impl FnOnce() -> T + Send) -> (T, Duration) {
    let began = clock.now();
    let (tell, told) = mpsc::channel();
    let result = thread::scope(|scope| {
        let running = scope.spawn(move || {
            let _ = tell.send(());
            code()
        });
        told.recv().expect("it runs");
        // It has taken the time when it began before the clock moves.
        thread::sleep(MOMENT);
        let patience = Instant::now();
        while !running.is_finished() {
            assert!(patience.elapsed() < PATIENCE, "it does not end");
            clock.advance(Duration::from_millis(10));
            thread::sleep(Duration::from_micros(200));
        }
        running.join().expect("no panic")
    });
    (result, clock.now().saturating_sub(began))
}

fn pending(result: Result<(), FlushError>) -> u64 {
    result.map_or_else(|error| error.pending, |()| 0)
}

#[test]
fn dlv_33_while_one_lane_waits_for_its_retry_the_other_goes_on() {
    for (waits, name) in [("e", AI), (AI, "e")] {
        let rig = Rig::with(|options| options.flush_at(1));
        let capture = |name: &str| {
            let captured = if name == AI {
                rig.client.capture_ai(name)
            } else {
                rig.client.capture(name)
            };
            assert!(captured.is_some());
        };
        rig.wire.answer(503);
        capture(waits);
        rig.settled(1);
        for delivered in 1..=3 {
            capture(name);
            rig.until(|stats| stats.delivered == delivered);
        }
        assert_eq!(rig.client.stats().pending(), 1);
        rig.clock.advance(SECOND);
        rig.until(|stats| stats.delivered == 4);
        assert_eq!(rig.wire.names(), [[waits], [name], [name], [name], [waits]]);
    }
}

#[test]
fn dlv_33_a_request_that_hangs_holds_up_its_own_lane_only() {
    let (client, lanes, _clock) = client(&[BATCH]);
    client.capture("hangs");
    client.capture("behind it");
    eventually(|| lanes.arrived(BATCH) == 1);
    for _ in 0..3 {
        client.capture_ai(AI);
    }
    eventually(|| client.stats().delivered == 3);
    assert_eq!((lanes.arrived(BATCH), lanes.arrived(AI_BATCH)), (1, 3));
    lanes.hold(&[]);
    assert_eq!(client.flush(PATIENCE), Ok(()));
}

#[test]
fn dlv_98_one_lane_backs_off_and_the_other_does_not() {
    let rig = Rig::with(|options| options.max_retries(0).flush_at(1).max_batch_size(1));
    rig.wire.answer(503);
    rig.client.capture("lost");
    rig.until(|stats| stats.failed == 1);
    rig.client.capture("waits");
    rig.client.capture_ai(AI);
    rig.until(|stats| stats.delivered == 1);
    assert!(rig.wire.stays_at(2));
    rig.clock.advance(SECOND);
    assert_eq!(rig.names(), ["lost", AI, "waits"]);
}

#[test]
fn dlv_98_what_the_server_refuses_is_no_outage() {
    // 408 and 429 are answers of a server that is there.
    for status in [400, 408, 429] {
        let rig = Rig::with(|options| options.max_retries(0).max_batch_size(1));
        rig.wire.answer(status);
        rig.client.capture("a");
        rig.client.capture("b");
        assert_eq!(rig.names(), ["a", "b"], "{status}");
    }
}

#[test]
fn dlv_50_two_lanes_share_the_time_of_a_flush() {
    let (client, lanes, clock) = client(&[BATCH, AI_BATCH]);
    client.capture("e");
    client.capture_ai(AI);
    client.capture_ai(AI);
    let (result, took) = timed(&clock, || client.flush(4 * SECOND));
    assert_eq!(pending(result), 3);
    assert!((4 * SECOND..6 * SECOND).contains(&took), "{took:?}");
    lanes.hold(&[]);
    assert_eq!(client.flush(PATIENCE), Ok(()));
}

#[test]
fn dlv_60_two_lanes_share_the_time_of_a_shutdown_and_each_says_what_it_lost() {
    log_lines::collect();
    let (client, lanes, clock) = client(&[BATCH, AI_BATCH]);
    for _ in 0..31 {
        client.capture("e");
    }
    for _ in 0..41 {
        client.capture_ai(AI);
    }
    eventually(|| lanes.arrived(BATCH) + lanes.arrived(AI_BATCH) == 2);
    let (result, took) = timed(&clock, || client.shutdown(4 * SECOND));
    assert_eq!(pending(result), 72);
    assert!((4 * SECOND..6 * SECOND).contains(&took), "{took:?}");
    // The same for all who ask, at once (DLV-61).
    assert_eq!(client.shutdown(PATIENCE), result);
    for (lost, lane) in [(31, "analytics"), (41, "ai")] {
        let said = format!("{lost} events of the lane `{lane}` were not delivered");
        assert_eq!(log_lines::with(&[&said]).len(), 1, "{lane}");
    }
    lanes.hold(&[]);
    eventually(|| client.stats().pending() == 0);
    let stats = client.stats();
    assert_eq!((stats.delivered, stats.failed_at_shutdown), (2, 70));
}

#[test]
fn dlv_60_a_lane_that_hangs_costs_the_other_nothing_in_a_shutdown() {
    for (held, delivered) in [(BATCH, 5), (AI_BATCH, 3)] {
        let (client, _lanes, clock) = client(&[held]);
        for _ in 0..3 {
            client.capture("e");
        }
        for _ in 0..5 {
            client.capture_ai(AI);
        }
        let (result, _) = timed(&clock, || client.shutdown(4 * SECOND));
        assert_eq!(pending(result), 8 - delivered);
        assert_eq!(client.stats().delivered, delivered);
        let all = [client.capture("late"), client.capture_ai(AI)];
        assert_eq!(all, [None; 2]);
        assert_eq!(client.stats().dropped_closed, 2);
    }
}

#[test]
fn dlv_60_the_requests_of_both_lanes_are_cut_to_what_is_left() {
    let (client, lanes, clock) = client(&[BATCH, AI_BATCH]);
    for _ in 0..2 {
        client.capture("e");
        client.capture_ai(AI);
    }
    eventually(|| lanes.timeouts().len() == 2);
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| client.shutdown(5 * SECOND));
        eventually(|| client.capture("closed").is_none() && client.capture_ai(AI).is_none());
        thread::sleep(MOMENT);
        clock.advance(2 * SECOND);
        lanes.hold(&[]);
        assert_eq!(shutdown.join().expect("no panic"), Ok(()));
    });
    let timeouts = lanes.timeouts();
    assert_eq!(timeouts[..2], [15 * SECOND; 2]);
    assert!(timeouts.len() >= 4, "{timeouts:?}");
    assert!(
        timeouts[2..].iter().all(|left| *left == 3 * SECOND),
        "{timeouts:?}"
    );
}

#[test]
fn dlv_65_dropping_the_last_handle_delivers_what_both_lanes_hold() {
    let clock = Arc::new(TestClock::starting_at(start()));
    let lanes = Arc::new(Lanes::default());
    let client = Client::with_clock(
        Options::new("phc_test").shutdown_timeout(PATIENCE),
        Arc::clone(&lanes) as Arc<dyn Transport>,
        Arc::clone(&clock) as Arc<dyn Clock>,
    )
    .expect("options in order");
    client.capture(Event::new("e"));
    client.capture_ai(AI);
    drop(client);
    assert_eq!((lanes.arrived(BATCH), lanes.arrived(AI_BATCH)), (1, 1));
}
