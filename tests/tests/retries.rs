//! What follows a request that failed.

mod support;

use posthog::{Response, TransportError};
use std::time::Duration;
use support::{Rig, log_lines};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Moves the clock until `n` requests arrived, in steps that tell when.
fn run_until(rig: &Rig, n: usize, step: Duration) {
    for _ in 0..1000 {
        if rig.wire.glance(n) {
            return;
        }
        rig.clock.advance(step);
    }
    panic!("it never comes");
}

/// The time between the first attempt and the second, up to a step more.
fn first_wait(answer: Response, step: Duration) -> Duration {
    let rig = Rig::new();
    rig.wire.answer_with(Ok(answer));
    rig.client.capture("e");
    let _ = rig.client.flush(Duration::ZERO);
    rig.settled(1);
    run_until(&rig, 2, step);
    rig.wire.times()[1]
}

#[test]
fn dlv_90_with_3_retries_there_are_exactly_4_requests() {
    log_lines::collect();
    let rig = Rig::new();
    rig.wire.always(503);
    rig.client.capture("e");
    let _ = rig.client.flush(Duration::ZERO);
    run_until(&rig, 4, Duration::from_secs(1));
    rig.until(|stats| stats.failed == 1);
    rig.clock.advance(Duration::from_secs(3600));
    assert!(rig.wire.stays_at(4));
    assert_eq!(rig.client.stats().retries, 3);
    assert_eq!(rig.client.stats().delivered, 0);
    let once = Rig::with(|options| options.max_retries(0));
    once.wire.always(503);
    once.client.capture("e");
    let _ = once.client.flush(Duration::ZERO);
    once.until(|stats| stats.failed == 1);
    assert!(once.wire.stays_at(1));
}

#[test]
fn dlv_91_the_waits_double_and_are_at_most_a_quarter_longer() {
    let rig = Rig::new();
    rig.wire.always(500);
    rig.client.capture("e");
    let _ = rig.client.flush(Duration::ZERO);
    for retry in 1..=3_u32 {
        rig.settled(u64::from(retry));
        let wait = Duration::from_millis(200) * (1 << (retry - 1));
        rig.clock.advance(wait.saturating_sub(MILLISECOND));
        assert!(
            rig.wire.stays_at(retry as usize),
            "too early before retry {retry}"
        );
        rig.clock.advance(wait / 4 + MILLISECOND);
        assert!(
            rig.wire.wait_for(retry as usize + 1),
            "too late for retry {retry}"
        );
    }
}

#[test]
fn dlv_92_retry_after_is_honoured_up_to_30_seconds_and_never_shortens_a_wait() {
    let wait = |value: &str, step| {
        first_wait(
            Response::new(503).with_retry_after(value),
            Duration::from_millis(step),
        )
    };
    let backoff = Duration::from_millis(300);
    let two = wait("2", 100);
    assert!(
        (Duration::from_secs(2)..=Duration::from_millis(2600)).contains(&two),
        "{two:?}"
    );
    let date = wait("Sun, 17 Mar 2030 17:46:50 GMT", 500);
    assert!(
        (Duration::from_millis(9700)..Duration::from_secs(13)).contains(&date),
        "{date:?}"
    );
    for hostile in [
        "99999",
        "18446744073709551616",
        &"9".repeat(60),
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let capped = wait(hostile, 1000);
        assert!(
            (Duration::from_secs(30)..Duration::from_secs(39)).contains(&capped),
            "{hostile}: {capped:?}"
        );
    }
    for ignored in [
        "0",
        "-5",
        "1e9",
        "NaN",
        "",
        "\u{221e}",
        "Sun, 17 Mar 2030 17:46:00 GMT",
        &"9".repeat(10_000),
    ] {
        let short = wait(ignored, 50);
        assert!(short <= backoff, "{ignored}: {short:?}");
    }
}

#[test]
fn dlv_94_when_retries_are_used_up_the_events_are_dropped_and_counted() {
    log_lines::collect();
    let rig = Rig::with(|options| options.max_retries(1));
    for _ in 0..2 {
        rig.wire.answer_with(Err(TransportError::Connection {
            reason: "reset".into(),
        }));
    }
    rig.client.capture("lost");
    let _ = rig.client.flush(Duration::ZERO);
    run_until(&rig, 2, Duration::from_secs(1));
    rig.until(|stats| stats.failed == 1);
    rig.client.capture("later");
    let _ = rig.client.flush(Duration::ZERO);
    run_until(&rig, 3, Duration::from_secs(1));
    assert_eq!(rig.names(), ["lost", "lost", "later"]);
    assert_eq!(
        log_lines::warnings(&["given up", "not reached in 2 attempts"]),
        1
    );
}

#[test]
fn dlv_95_a_batch_that_is_too_large_is_split_and_its_order_kept() {
    let rig = Rig::with(|options| options.max_retries(0).flush_at(10_000));
    rig.wire.hold();
    for n in 0..7 {
        rig.client.capture(format!("{n}"));
    }
    let _ = rig.client.flush(Duration::ZERO);
    assert!(rig.wire.wait_for(1));
    for _ in 0..2 {
        rig.wire.answer(413);
    }
    // Of the first quarter one event is too large by itself.
    rig.wire.answer(413);
    rig.wire.release();
    assert_eq!(rig.client.flush(support::PATIENCE), Ok(()));
    let names: Vec<String> = rig
        .wire
        .names()
        .iter()
        .map(|batch| batch.concat())
        .collect();
    assert_eq!(names, ["0123456", "012", "0", "12", "3456"]);
    let stats = rig.client.stats();
    assert_eq!((stats.delivered, stats.failed), (6, 1));
}

#[test]
fn dlv_95_each_half_has_attempts_of_its_own_and_the_size_comes_back_after_a_success() {
    let rig = Rig::with(|options| options.max_retries(1).flush_at(10_000).max_batch_size(4));
    rig.wire.hold();
    for n in 0..12 {
        rig.client.capture(format!("{}", char::from(b'a' + n)));
    }
    let _ = rig.client.flush(Duration::ZERO);
    assert!(rig.wire.wait_for(1));
    for status in [503, 413, 503] {
        rig.wire.answer(status);
    }
    rig.wire.release();
    run_until(&rig, 4, Duration::from_secs(1));
    rig.events();
    let names: Vec<String> = rig
        .wire
        .names()
        .iter()
        .map(|batch| batch.concat())
        .collect();
    assert_eq!(names, ["abcd", "abcd", "ab", "ab", "cd", "efgh", "ijkl"]);
    assert_eq!(rig.client.stats().failed, 0);
}

#[test]
fn dlv_95_a_single_event_that_is_too_large_is_final_after_one_request() {
    let rig = Rig::new();
    rig.wire.answer(413);
    rig.client.capture("e");
    rig.events();
    assert!(rig.wire.stays_at(1));
    assert_eq!(rig.client.stats().failed, 1);
}

#[test]
fn dlv_96_each_status_is_final_or_tried_again() {
    for status in [
        100, 300, 301, 302, 304, 307, 308, 400, 401, 402, 403, 404, 405, 409, 415, 422, 451, 600,
        999,
    ] {
        let rig = Rig::new();
        rig.wire.answer(status);
        rig.client.capture("e");
        rig.events();
        assert_eq!(
            (rig.client.stats().failed, rig.client.stats().retries),
            (1, 0),
            "{status}"
        );
        assert_eq!(rig.wire.requests().len(), 1, "{status}");
    }
    for status in [408, 429, 500, 501, 502, 503, 504, 520, 599] {
        let rig = Rig::new();
        rig.wire.answer(status);
        rig.client.capture("e");
        let _ = rig.client.flush(Duration::ZERO);
        run_until(&rig, 2, Duration::from_secs(1));
        rig.until(|stats| stats.delivered == 1);
    }
    for status in [200, 201, 204, 299] {
        let rig = Rig::new();
        rig.wire.answer(status);
        rig.client.capture("e");
        rig.events();
        assert_eq!(rig.client.stats().delivered, 1, "{status}");
    }
}

#[test]
fn dlv_97_what_somebody_has_to_act_on_is_said_once() {
    log_lines::collect();
    for (status, option) in [(401, "`api_key`"), (402, "quota"), (404, "`host`")] {
        for _ in 0..2 {
            let rig = Rig::new();
            rig.wire.answer(status);
            rig.client.capture("e");
            rig.events();
        }
        let said = || log_lines::with(&[&format!("({status})"), option]);
        support::eventually(|| !said().is_empty());
        assert_eq!(said().len(), 1, "{status}");
        assert_eq!(said()[0].level, log::Level::Error);
    }
}

#[test]
fn dlv_98_after_an_outage_the_next_batch_backs_off_until_one_succeeds() {
    let rig = Rig::with(|options| options.max_retries(1).max_batch_size(1));
    rig.wire.always(503);
    for name in ["a", "b", "c", "d"] {
        rig.client.capture(name);
    }
    let _ = rig.client.flush(Duration::ZERO);
    // a, and its retry.
    rig.settled(1);
    rig.clock.advance(Duration::from_millis(250));
    rig.until(|stats| stats.failed == 1);
    rig.clock.advance(Duration::from_millis(399));
    assert!(rig.wire.stays_at(2), "b has to wait for 400 ms");
    rig.clock.advance(MILLISECOND);
    assert!(rig.wire.wait_for(3));
    rig.settled(2);
    rig.clock.advance(Duration::from_millis(250));
    rig.until(|stats| stats.failed == 2);
    rig.clock.advance(Duration::from_millis(799));
    assert!(rig.wire.stays_at(4), "c has to wait for 800 ms");
    rig.wire.always(200);
    rig.clock.advance(MILLISECOND);
    assert_eq!(
        rig.names(),
        ["a", "a", "b", "b", "c", "d"],
        "one success ends it"
    );
}

#[test]
fn dlv_98_the_second_half_of_a_split_batch_backs_off_too() {
    let rig = Rig::with(|options| options.max_retries(0));
    rig.wire.answer(413);
    rig.wire.answer(503);
    rig.wire.hold();
    for name in ["a", "b"] {
        rig.client.capture(name);
    }
    let _ = rig.client.flush(Duration::ZERO);
    rig.wire.release();
    rig.until(|stats| stats.failed == 1);
    rig.clock.advance(Duration::from_millis(199));
    assert!(rig.wire.stays_at(2));
    rig.clock.advance(MILLISECOND);
    assert_eq!(rig.names(), ["a", "b", "a", "b"]);
}

#[test]
fn dlv_93_nothing_but_sent_at_changes_between_attempts() {
    let rig = Rig::with(|options| options.compression(posthog::Compression::Gzip));
    rig.wire.answer(500);
    rig.client.capture("e");
    let _ = rig.client.flush(Duration::ZERO);
    run_until(&rig, 2, Duration::from_secs(1));
    let mut bodies = rig.wire.bodies();
    let sent_at: Vec<_> = bodies
        .iter_mut()
        .map(|body| body.as_object_mut().expect("an object").remove("sent_at"))
        .collect();
    assert_eq!(bodies[0], bodies[1]);
    assert_ne!(sent_at[0], sent_at[1]);
}
