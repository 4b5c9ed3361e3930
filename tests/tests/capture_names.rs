//! The name of an event: what is sent, what is cut, and what is dropped.

mod support;

use posthog::{Event, capture};
use support::{Rig, log_lines, sent};

#[test]
fn cap_30_a_blank_name_is_dropped_with_a_warning_and_costs_no_other_event() {
    log_lines::collect();
    let rig = Rig::new();
    rig.client.capture("before");
    for blank in ["", " ", "\t\r\n", "\u{2003}\u{a0}"] {
        assert_eq!(rig.client.capture(blank), None, "{blank:?}");
    }
    rig.client.capture("after");
    assert_eq!(rig.events().len(), 2);
    assert_eq!(rig.client.stats().dropped_invalid, 4);
    assert_eq!(
        log_lines::warnings(&["its name is blank"]),
        1,
        "said once a minute"
    );
}

#[test]
fn cap_31_a_name_is_sent_verbatim() {
    for name in [
        " Order  Placed ",
        "ORDER placed",
        "q\"\\/\u{1}é\u{1F600}",
        "$pageview",
        "{\"a\":1}",
    ] {
        assert_eq!(sent(Event::new(name))["event"], name);
    }
}

#[test]
fn cap_31_a_literal_name_is_sent_verbatim_with_what_json_escapes_too() {
    #[derive(posthog::Event)]
    #[event(name = "typed \"q\"\\")]
    struct Typed {
        total: u8,
    }
    let rig = Rig::new();
    let client = &rig.client;
    capture!("q\"\\/\u{1}\nr", client = client, total = 1);
    capture!("é {\"a\":1}", client = client);
    capture!("plain", client = client);
    capture!(Typed { total: 2 }, client = client);
    client.capture(Typed { total: 3 });
    let names: Vec<_> = rig
        .events()
        .iter()
        .map(|event| event["event"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "q\"\\/\u{1}\nr",
            "é {\"a\":1}",
            "plain",
            "typed \"q\"\\",
            "typed \"q\"\\",
        ]
    );
}

#[test]
fn cap_32_a_long_name_is_cut_between_two_characters_and_warned_about_once() {
    log_lines::collect();
    let fits = "f".repeat(200);
    assert_eq!(sent(Event::new(&fits))["event"], fits);
    let rig = Rig::new();
    let long = format!("{}ézz", "l".repeat(199));
    for _ in 0..3 {
        assert_eq!(rig.sent(Event::new(&long))["event"], "l".repeat(199));
    }
    let emoji = "\u{1F600}".repeat(60);
    assert_eq!(
        rig.sent(Event::new(&emoji))["event"],
        "\u{1F600}".repeat(50)
    );
    assert_eq!(log_lines::warnings(&["is cut to 200 bytes", "lll"]), 1);
}

#[test]
fn cap_33_an_event_that_the_service_discards_is_dropped_at_capture() {
    log_lines::collect();
    let rig = Rig::new();
    assert_eq!(rig.client.capture("$performance_event"), None);
    assert!(rig.events().is_empty());
    assert_eq!(rig.client.stats().dropped_invalid, 1);
    assert_eq!(log_lines::warnings(&["$performance_event"]), 1);
}

#[test]
fn cap_34_a_name_with_a_call_of_its_own_is_allowed() {
    for name in [
        "$exception",
        "$identify",
        "$create_alias",
        "$groupidentify",
        "$set",
        "$ai_generation",
    ] {
        assert_eq!(sent(Event::new(name).distinct_id("u-1"))["event"], name);
    }
}
