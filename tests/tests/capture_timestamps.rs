//! When an event happened, and its UUID.

mod support;

use posthog::{Event, Timestamp};
use std::time::{Duration, SystemTime};
use support::{Rig, log_lines, sent, start};
use uuid::Uuid;

fn time_of(event: Event) -> String {
    sent(event)["timestamp"]
        .as_str()
        .expect("a string")
        .to_owned()
}

const NOW: &str = "2030-03-17T17:46:40.250000Z";

#[test]
fn cap_105_the_default_is_the_time_of_the_call_in_utc_to_the_microsecond() {
    let rig = Rig::new();
    rig.client.capture("first");
    rig.clock.advance(Duration::from_micros(1_500_001));
    rig.client.capture("second");
    let times: Vec<_> = rig
        .events()
        .iter()
        .map(|event| event["timestamp"].clone())
        .collect();
    assert_eq!(times, [NOW, "2030-03-17T17:46:41.750001Z"]);
}

#[test]
fn cap_105_the_digits_that_are_given_are_kept() {
    for text in [
        "2031-05-07T02:00:00Z",
        "2031-05-07T02:00:00.5Z",
        "2031-05-07T02:00:00.120Z",
        "2031-05-07T02:00:00.123456789Z",
    ] {
        assert_eq!(time_of(Event::new("e").timestamp(text)), text);
    }
    assert_eq!(time_of(Event::new("e").timestamp(start())), NOW);
    let given: Timestamp = "2031-05-07T02:00:00.25Z".parse().expect("a timestamp");
    assert_eq!(
        time_of(Event::new("e").timestamp(given)),
        "2031-05-07T02:00:00.25Z"
    );
}

#[test]
fn cap_106_another_offset_is_the_same_instant_in_utc() {
    assert_eq!(
        time_of(Event::new("e").timestamp("2031-05-06T23:30:00-02:30")),
        "2031-05-07T02:00:00Z"
    );
    assert_eq!(
        time_of(Event::new("e").timestamp("2031-05-07T02:00:00.50+14:00")),
        "2031-05-06T12:00:00.50Z"
    );
}

#[test]
fn cap_107_what_is_no_timestamp_is_the_current_time_with_a_warning() {
    log_lines::collect();
    for text in [
        "",
        "yesterday",
        "2031-05-07",
        "2031-05-07T02:00:00",
        "1900000000",
        "2031-02-30T00:00:00Z",
        "2031-05-07T02:00:00.Z",
        "\u{1F600}.5",
    ] {
        assert_eq!(time_of(Event::new("e").timestamp(text)), NOW, "{text}");
    }
    assert_eq!(
        log_lines::warnings(&["timestamp", "current time"]),
        1,
        "once a minute"
    );
}

#[test]
fn cap_108_the_future_and_the_past_are_accepted() {
    for text in [
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.5Z",
        "9999-12-30T00:00:00Z",
    ] {
        assert_eq!(time_of(Event::new("e").timestamp(text)), text);
    }
}

#[test]
fn cap_109_a_year_of_another_length_is_the_current_time() {
    for text in [
        "-000001-01-01T00:00:00Z",
        "+010000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "0000-01-01T00:00:00+01:00",
    ] {
        assert_eq!(time_of(Event::new("e").timestamp(text)), NOW, "{text}");
    }
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert_eq!(time_of(Event::new("e").timestamp(far)), NOW);
}

#[test]
fn cap_110_the_default_uuid_is_of_version_7_and_the_one_that_is_sent() {
    let rig = Rig::new();
    let uuid = rig.client.capture("e").expect("accepted");
    assert_eq!(uuid.get_version_num(), 7);
    assert_eq!(rig.events()[0]["uuid"], uuid.to_string());
}

#[test]
fn cap_110_a_uuid_in_any_form_becomes_lower_case_with_hyphens() {
    let usual = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    for text in [
        "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
        "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "6ba7b8109dad11d180b400c04fd430c8",
        " 6ba7b810-9dad-11d1-80b4-00c04fd430c8\n",
    ] {
        assert_eq!(sent(Event::new("e").uuid(text))["uuid"], usual, "{text}");
    }
    let parsed = Uuid::parse_str(usual).expect("a UUID");
    assert_eq!(sent(Event::new("e").uuid(parsed))["uuid"], usual);
}

#[test]
fn cap_110_an_invalid_uuid_is_replaced_with_an_error_in_the_log() {
    log_lines::collect();
    for text in [
        "",
        "no",
        "6ba7b810-9dad-11d1-80b4",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let uuid = sent(Event::new("e").uuid(text))["uuid"]
            .as_str()
            .map(Uuid::parse_str);
        assert_eq!(
            uuid.expect("a string").expect("a UUID").get_version_num(),
            7,
            "{text}"
        );
    }
    let lines = log_lines::with(&["UUID given"]);
    assert_eq!(lines.len(), 1, "once a minute");
    assert_eq!(lines[0].level, log::Level::Error);
}

#[test]
fn cap_111_one_uuid_given_twice_is_sent_twice_and_the_sdk_repeats_none() {
    let rig = Rig::new();
    let uuid = Uuid::from_u128(7);
    assert_eq!(rig.client.capture(Event::new("e").uuid(uuid)), Some(uuid));
    assert_eq!(rig.client.capture(Event::new("e").uuid(uuid)), Some(uuid));
    assert_eq!(rig.events().len(), 2);
    let event = Event::new("e");
    let (first, second) = (rig.client.capture(event.clone()), rig.client.capture(event));
    assert!(first.is_some() && first != second);
}

#[test]
fn cap_23_every_attempt_carries_the_same_event() {
    let rig = Rig::with(|options| options.max_retries(2));
    rig.wire.answer(503);
    rig.wire.answer(500);
    rig.client.capture("e");
    assert!(rig.client.flush(Duration::ZERO).is_err());
    for retries in 1..=2 {
        rig.settled(retries);
        rig.clock.advance(Duration::from_secs(60));
    }
    assert!(rig.wire.wait_for(3));
    let events = rig.wire.events();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| *event == events[0]));
    let sent_at: Vec<_> = rig
        .wire
        .bodies()
        .iter()
        .map(|body| body["sent_at"].clone())
        .collect();
    assert!(
        sent_at[0] != sent_at[1] && sent_at[1] != sent_at[2],
        "{sent_at:?}"
    );
}
