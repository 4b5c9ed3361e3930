//! How many failures of one kind are captured (exceptions.md, section 7).

#[path = "support/mod.rs"]
mod support;

use posthog::{Event, Exception, ExceptionRateLimit, Level, new_context};
use serde_json::Value;
use std::{error::Error, fmt, time::Duration};
use support::Rig;

#[derive(Debug)]
struct Declined(u32);

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "declined {}", self.0)
    }
}

impl Error for Declined {}

#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lost")
    }
}

impl Error for Lost {}

fn fail<E: Error>(rig: &Rig, error: impl Fn(u32) -> E, times: u32) {
    for n in 0..times {
        let left: Result<(), _> = new_context().client(&rig.client).try_run(|| Err(error(n)));
        left.expect_err("the error goes on");
    }
}

fn suppressed(events: &[Value]) -> Vec<u64> {
    events
        .iter()
        .filter_map(|event| event["properties"]["$exception_suppressed_count"].as_u64())
        .collect()
}

#[test]
fn exc_94_a_burst_of_50_passes_and_what_is_suppressed_is_told_with_the_next() {
    let rig = Rig::new();
    fail(&rig, Declined, 200);
    assert_eq!(rig.events().len(), 50);
    assert_eq!(rig.client.stats().dropped_rate_limited, 150);
    rig.clock.advance(Duration::from_secs(10));
    fail(&rig, Declined, 200);
    let events = rig.events();
    assert_eq!(events.len(), 60);
    assert_eq!(suppressed(&events), [150]);
    assert_eq!(rig.client.stats().dropped_rate_limited, 150 + 190);
}

#[test]
fn exc_94_each_type_and_each_place_has_a_bucket_of_its_own() {
    let rig = Rig::new();
    fail(&rig, Declined, 60);
    fail(&rig, |_| Lost, 60);
    let elsewhere = || {
        new_context()
            .client(&rig.client)
            .try_run(|| Err::<(), _>(Declined(1)))
    };
    for _ in 0..60 {
        elsewhere().expect_err("the error goes on");
    }
    assert_eq!(rig.events().len(), 150);
}

#[test]
fn exc_94_calls_are_never_limited() {
    let rig = Rig::new();
    for n in 0..200 {
        Exception::new(&Declined(n))
            .level(Level::Warning)
            .capture_with(&rig.client);
    }
    assert_eq!(rig.events().len(), 200);
}

#[test]
fn exc_94_it_can_be_set_and_switched_off() {
    let rig = Rig::with(|options| options.exception_rate_limit(None));
    fail(&rig, Declined, 200);
    assert_eq!(rig.events().len(), 200);
    let limit = ExceptionRateLimit::new(2, 1, Duration::from_secs(1));
    let rig = Rig::with(|options| options.exception_rate_limit(limit));
    fail(&rig, Declined, 200);
    assert_eq!(rig.events().len(), 2);
}

#[test]
fn exc_94_panics_are_limited_as_errors_are() {
    let limit = ExceptionRateLimit::new(3, 1, Duration::from_secs(1));
    let rig = Rig::with(|options| options.exception_rate_limit(limit));
    for _ in 0..10 {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            new_context().client(&rig.client).run(|| panic!("again"));
        }));
        caught.expect_err("it panics");
    }
    assert_eq!(rig.events().len(), 3);
    assert_eq!(rig.client.stats().dropped_rate_limited, 7);
}

#[test]
fn exc_94_a_suppressed_failure_is_not_captured_by_an_outer_context_instead() {
    let limit = ExceptionRateLimit::new(1, 1, Duration::from_secs(1));
    let rig = Rig::with(|options| options.exception_rate_limit(limit));
    for n in 0..5 {
        let left: Result<(), _> = new_context().client(&rig.client).try_run(|| {
            new_context()
                .client(&rig.client)
                .try_run(|| Err(Declined(n)))
        });
        left.expect_err("the error goes on");
    }
    assert_eq!(rig.events().len(), 1);
}

#[test]
fn exc_95_an_error_loop_neither_floods_the_queue_nor_hides_other_events() {
    let rig = Rig::new();
    fail(&rig, |_| Declined(7), 1_000_000);
    rig.client.capture(Event::new("after"));
    let events = rig.events();
    assert_eq!(events.len(), 51);
    let stats = rig.client.stats();
    assert_eq!(stats.dropped_rate_limited, 1_000_000 - 50);
    assert_eq!(stats.dropped_queue_full, 0);
}
