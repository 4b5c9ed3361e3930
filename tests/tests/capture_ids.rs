//! Whose event it is.

mod support;

use posthog::{Event, identify_context, new_context};
use serde_json::Value;
use support::{Rig, log_lines, sent};
use uuid::Uuid;

fn id_of(event: &Value) -> &str {
    event["distinct_id"].as_str().expect("a string")
}

fn is_personless(event: &Value) -> bool {
    event["properties"]["$process_person_profile"] == false
}

#[test]
fn cap_40_an_id_is_a_string_on_the_wire_whatever_it_was() {
    assert_eq!(id_of(&sent(Event::new("e").distinct_id(42u8))), "42");
    assert_eq!(
        id_of(&sent(Event::new("e").distinct_id(i64::MIN))),
        "-9223372036854775808"
    );
    assert_eq!(
        id_of(&sent(Event::new("e").distinct_id(u128::MAX))),
        u128::MAX.to_string()
    );
    let uuid = Uuid::from_u128(0xABCD_EF00);
    assert_eq!(
        id_of(&sent(Event::new("e").distinct_id(uuid))),
        "00000000-0000-0000-0000-0000abcdef00"
    );
}

#[test]
fn cap_41_the_call_beats_the_context_and_a_blank_id_counts_as_none() {
    let rig = Rig::new();
    new_context().run(|| {
        identify_context("of-context");
        assert_eq!(
            id_of(&rig.sent(Event::new("e").distinct_id("of-call"))),
            "of-call"
        );
        for blank in ["", " ", "\t\n\u{a0}"] {
            assert_eq!(
                id_of(&rig.sent(Event::new("e").distinct_id(blank))),
                "of-context"
            );
        }
        assert_eq!(
            id_of(&rig.sent(Event::new("e").distinct_id(None::<u8>))),
            "of-context"
        );
    });
    let blank = rig.sent(Event::new("e").distinct_id("\u{2003}"));
    assert!(Uuid::parse_str(id_of(&blank)).is_ok() && is_personless(&blank));
}

#[test]
fn cap_42_white_space_around_an_id_is_trimmed_and_inside_it_kept() {
    assert_eq!(
        id_of(&sent(Event::new("e").distinct_id("\n a b\u{a0}"))),
        "a b"
    );
}

#[test]
fn cap_43_nul_in_an_id_is_replaced() {
    assert_eq!(
        id_of(&sent(Event::new("e").distinct_id("a\0b"))),
        "a\u{FFFD}b"
    );
    assert_eq!(id_of(&sent(Event::new("e").distinct_id("\0"))), "\u{FFFD}");
}

#[test]
fn cap_44_an_id_over_200_characters_drops_the_event_and_is_never_cut() {
    log_lines::collect();
    let fits = "é".repeat(200);
    assert_eq!(id_of(&sent(Event::new("e").distinct_id(&fits))), fits);
    let rig = Rig::new();
    let long = "secretive".repeat(23);
    assert_eq!(
        rig.client
            .capture(Event::new("too long").distinct_id(&long)),
        None
    );
    new_context().run(|| {
        identify_context(&long);
        assert_eq!(rig.client.capture("too long in context"), None);
    });
    assert!(rig.events().is_empty());
    assert_eq!(rig.client.stats().dropped_invalid, 2);
    assert_eq!(log_lines::warnings(&["`too long`", "a length of 207"]), 1);
    assert!(
        log_lines::with(&["secretive"]).is_empty(),
        "the length only"
    );
}

#[test]
fn cap_45_an_illegal_id_is_sent_and_warned_about_once_per_value() {
    log_lines::collect();
    let rig = Rig::new();
    for _ in 0..3 {
        assert_eq!(id_of(&rig.sent(Event::new("e").distinct_id("NaN"))), "NaN");
    }
    assert_eq!(
        id_of(&rig.sent(Event::new("e").distinct_id("'Undefined'"))),
        "'Undefined'"
    );
    assert_eq!(log_lines::warnings(&["NaN"]), 1);
    assert_eq!(log_lines::warnings(&["'Undefined'"]), 1);
}

#[test]
fn cap_46_an_event_of_nobody_gets_a_uuidv7_and_says_that_it_is_personless() {
    let event = sent(Event::new("e"));
    let id = Uuid::parse_str(id_of(&event)).expect("a UUID");
    assert_eq!(id.get_version_num(), 7);
    assert!(is_personless(&event));
    assert_ne!(event["uuid"], event["distinct_id"]);
    // An explicit value survives.
    let event = sent(Event::new("e").process_person_profile(true));
    assert_eq!(event["properties"]["$process_person_profile"], true);
    let event = sent(Event::new("e").property("$process_person_profile", "1"));
    assert_eq!(event["properties"]["$process_person_profile"], true);
    // One that means nothing does not.
    assert!(is_personless(&sent(
        Event::new("e").property("$process_person_profile", "perhaps")
    )));
}

#[test]
fn cap_47_two_personless_captures_have_different_ids() {
    let rig = Rig::new();
    let (first, second) = (rig.sent(Event::new("e")), rig.sent(Event::new("e")));
    assert_ne!(id_of(&first), id_of(&second));
}

#[test]
fn cap_48_the_id_never_appears_among_the_properties() {
    let event = sent(Event::new("e").distinct_id("u-77").property("a", 1));
    let properties = event["properties"].as_object().expect("an object");
    assert!(!properties.contains_key("distinct_id"));
    assert!(!event["properties"].to_string().contains("u-77"));
}
