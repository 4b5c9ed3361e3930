//! The books of a client whose server fails: what it captured, what it says was lost, and what the server holds.

#![allow(dead_code, reason = "each test file uses a part of it")]

use posthog::{Client, Clock, Options, Stats, Transport, testing::TestClock};
use posthog_tests::LocalPostHog;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};
use uuid::Uuid;

/// Longer than the worst case takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client, the hand on its clock, and all that its `on_error` was told.
pub(crate) struct Books {
    pub(crate) client: Client,
    pub(crate) clock: Arc<TestClock>,
    reported: Arc<Mutex<Vec<Uuid>>>,
}

impl Books {
    pub(crate) fn new(transport: Arc<dyn Transport>, options: Options) -> Self {
        let clock = Arc::new(TestClock::starting_at(SystemTime::now()));
        let reported = Arc::<Mutex<Vec<Uuid>>>::default();
        let told = Arc::clone(&reported);
        let options = options
            // With a clock that stands still, a client that is dropped with events would wait for ever.
            .shutdown_timeout(Duration::ZERO)
            .on_error(move |failure| {
                let lost = failure.events.iter().map(|event| event.uuid);
                told.lock().expect("no panic").extend(lost);
            });
        let client = Client::with_clock(options, transport, Arc::clone(&clock) as Arc<dyn Clock>);
        Self {
            client: client.expect("options in order"),
            clock,
            reported,
        }
    }

    /// Lets time pass until everything is final and reported; time on the wire is real.
    pub(crate) fn settle(&self) -> Stats {
        let start = Instant::now();
        loop {
            let _ = self.client.flush(Duration::ZERO);
            let stats = self.client.stats();
            // What was lost is reported after it was counted.
            if stats.pending() == 0 && self.reported().len() as u64 >= stats.failed {
                return stats;
            }
            assert!(start.elapsed() < PATIENCE, "it never settles: {stats:?}");
            self.clock.advance(Duration::from_secs(10));
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// All events that were reported as lost, in order.
    pub(crate) fn reported(&self) -> Vec<Uuid> {
        let reported = self.reported.lock();
        reported.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Each event that was admitted is counted once, as acknowledged or as reported, and the server holds all that was
    /// acknowledged.
    #[track_caller]
    pub(crate) fn balance(&self, admitted: &BTreeSet<Uuid>, server: &LocalPostHog) {
        let stats = self.settle();
        assert_eq!(stats.admitted, admitted.len() as u64, "{stats:?}");
        assert_eq!(stats.admitted, stats.delivered + stats.failed, "{stats:?}");
        let told = self.reported();
        let reported: BTreeSet<_> = told.iter().copied().collect();
        assert_eq!(reported.len(), told.len(), "something is reported twice");
        assert_eq!(reported.len() as u64, stats.failed, "{stats:?}");
        assert!(
            reported.is_subset(admitted),
            "something unknown is reported"
        );
        let held = held(server);
        let missing = admitted
            .difference(&reported)
            .filter(|uuid| !held.contains(uuid));
        assert_eq!(missing.count(), 0, "acknowledged, and not there: {stats:?}");
        assert!(held.is_subset(admitted), "the server holds something else");
    }
}

/// What the server has, deduplicated.
pub(crate) fn held(server: &LocalPostHog) -> BTreeSet<Uuid> {
    let uuid = |event: &serde_json::Value| event["uuid"].as_str().expect("a UUID").parse();
    let uuids = server.events();
    uuids
        .iter()
        .map(|event| uuid(event).expect("one that is valid"))
        .collect()
}
