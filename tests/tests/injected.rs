//! What a client is given from outside.

mod support;

use posthog::{
    Client, Clock, Options, Response,
    testing::{Memory, TestClock},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use support::{PATIENCE, Rig};

#[test]
fn dlv_5_the_wall_clock_gives_the_timestamps() {
    let rig = Rig::new();
    rig.clock.advance(Duration::from_secs(3600));
    rig.client.capture("e");
    let expected = posthog::Timestamp::try_from(rig.clock.wall()).expect("a year from 0 to 9999");
    assert_eq!(rig.events()[0]["timestamp"], expected.to_string());
}

/// A test clock with a random number of its own.
struct Dice(TestClock, f64);

impl Clock for Dice {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wall(&self) -> SystemTime {
        self.0.wall()
    }

    fn sleep(&self, time: Duration) -> Option<Duration> {
        self.0.sleep(time)
    }

    fn random(&self) -> f64 {
        self.1
    }

    fn on_move(&self, wake: Arc<dyn Fn() + Send + Sync>) {
        self.0.on_move(wake);
    }
}

#[test]
fn dlv_5_the_random_source_lengthens_the_waits() {
    for (random, millis) in [(0.0, 200), (1.0, 250)] {
        let clock = Arc::new(Dice(TestClock::starting_at(SystemTime::UNIX_EPOCH), random));
        let memory = Arc::new(Memory::default());
        memory.answer(Ok(Response::new(503)));
        let options = Options::new("phc_x").shutdown_timeout(Duration::ZERO);
        let client = Client::with_clock(options, memory.clone(), clock.clone()).expect("a client");
        client.capture("e");
        let _ = client.flush(Duration::ZERO);
        support::eventually(|| client.stats().retries == 1);
        clock.0.advance(Duration::from_millis(millis - 1));
        assert!(client.flush(Duration::ZERO).is_err());
        assert_eq!(memory.requests().len(), 1);
        clock.0.advance(Duration::from_millis(1));
        client.flush(PATIENCE).expect("delivered");
        assert_eq!(memory.requests().len(), 2);
    }
}

#[test]
fn dlv_13_the_host_as_given_is_kept_and_the_mapped_one_gets_the_requests() {
    let memory = Arc::new(Memory::default());
    let options = Options::new("phc_x").host(" https://eu.posthog.com/ ");
    let client = Client::with_transport(options, memory.clone()).expect("a client");
    client.capture("e");
    client.flush(PATIENCE).expect("delivered");
    assert_eq!(client.host(), "https://eu.posthog.com");
    assert_eq!(memory.requests()[0].url, "https://eu.i.posthog.com/batch/");
}
