//! Events that make no person.

mod support;

use posthog::Event;
use serde_json::{Value, json};
use support::{Rig, log_lines};

fn profile(event: Event) -> Option<Value> {
    let event = Rig::new().sent(event.distinct_id("u-1"));
    event["properties"].get("$process_person_profile").cloned()
}

#[test]
fn cap_80_the_option_sets_the_property() {
    assert_eq!(
        profile(Event::new("e").process_person_profile(false)),
        Some(json!(false))
    );
    assert_eq!(
        profile(Event::new("e").process_person_profile(true)),
        Some(json!(true))
    );
}

#[test]
fn cap_81_a_property_that_is_no_boolean_is_read_as_one_or_left_out() {
    for (given, sent) in [
        (json!(" True "), Some(json!(true))),
        (json!("1"), Some(json!(true))),
        (json!(0), Some(json!(false))),
        (json!("FALSE"), Some(json!(false))),
        (json!("0"), Some(json!(false))),
        (json!(-3), Some(json!(true))),
        (json!("yes"), None),
        (json!(null), None),
        (json!([true]), None),
    ] {
        assert_eq!(
            profile(Event::new("e").property("$process_person_profile", &given)),
            sent,
            "{given}"
        );
    }
}

#[test]
fn cap_81_a_cookieless_mode_that_is_no_boolean_never_reaches_the_service() {
    let event = Rig::new().sent(
        Event::new("e")
            .property("$cookieless_mode", "perhaps")
            .property("$ignore_sent_at", "1"),
    );
    assert_eq!(event["properties"].get("$cookieless_mode"), None);
    assert_eq!(event["properties"]["$ignore_sent_at"], true);
}

#[test]
fn cap_81_what_a_hook_leaves_is_read_the_same_way() {
    let rig = Rig::with(|options| {
        options.before_send(|mut event| {
            event
                .properties
                .insert("$cookieless_mode".into(), json!("perhaps"));
            event
                .properties
                .insert("$process_person_profile".into(), json!("false"));
            Some(event)
        })
    });
    let event = rig.sent(Event::new("e"));
    assert_eq!(event["properties"].get("$cookieless_mode"), None);
    assert_eq!(event["properties"]["$process_person_profile"], false);
}

#[test]
fn cap_81_what_a_hook_leaves_wrong_goes_by_itself() {
    let rig = Rig::with(|options| {
        options.before_send(|mut event| {
            let wrong = [
                ("$cookieless_mode", json!({})),
                ("$geoip_disable", json!([])),
                ("$groups", json!(null)),
                ("$ignore_sent_at", json!("perhaps")),
            ];
            let wrong = wrong.map(|(key, value)| (key.to_owned(), value));
            event.properties.extend(wrong);
            Some(event)
        })
    });
    let before = Rig::new().sent(
        Event::new("e")
            .property("mine", 1)
            .property("a", [json!(null)]),
    );
    let after = rig.sent(
        Event::new("e")
            .property("mine", 1)
            .property("a", [json!(null)]),
    );
    let mut expected = before["properties"].clone();
    expected
        .as_object_mut()
        .expect("an object")
        .remove("$geoip_disable");
    assert_eq!(after["properties"], expected);
}

#[test]
fn cap_131_each_option_has_its_property() {
    let event = Event::new("e")
        .cookieless_mode(true)
        .disable_skew_correction(false)
        .product_tour_id("tour");
    let event = Rig::new().sent(event);
    assert_eq!(event["properties"]["$cookieless_mode"], true);
    assert_eq!(event["properties"]["$ignore_sent_at"], false);
    assert_eq!(event["properties"]["$product_tour_id"], "tour");
}

#[test]
fn cap_82_what_is_about_a_person_and_personless_is_dropped_with_a_warning() {
    log_lines::collect();
    for name in [
        "$identify",
        "$create_alias",
        "$merge_dangerously",
        "$groupidentify",
    ] {
        let rig = Rig::new();
        assert_eq!(
            rig.client.capture(
                Event::new(name)
                    .distinct_id("u-1")
                    .process_person_profile(false)
            ),
            None
        );
        assert_eq!(rig.client.capture(name), None, "of nobody");
        assert!(
            rig.client
                .capture(Event::new(name).distinct_id("u-1"))
                .is_some()
        );
        assert_eq!(rig.events().len(), 1);
        assert_eq!(rig.client.stats().dropped_invalid, 2);
        assert_eq!(
            log_lines::warnings(&[&format!("`{name}`"), "personless"]),
            1
        );
    }
}

#[test]
fn cap_82_a_hook_cannot_make_an_event_about_a_person_personless() {
    let rig = Rig::with(|options| {
        options.before_send(|mut event| {
            event
                .properties
                .insert("$process_person_profile".into(), json!(0));
            Some(event)
        })
    });
    assert_eq!(
        rig.client
            .capture(Event::new("$identify").distinct_id("u-1")),
        None
    );
    assert!(
        rig.client
            .capture(Event::new("e").distinct_id("u-1"))
            .is_some()
    );
}

#[test]
fn cap_83_the_sdk_never_makes_an_event_personful() {
    assert_eq!(profile(Event::new("e")), None);
    assert_eq!(
        profile(Event::new("e").groups(json!({ "company": "acme" }))),
        None
    );
    assert_eq!(profile(Event::new("e").set(json!({ "a": 1 }))), None);
    let nobody = Rig::new().sent(Event::new("e").groups(json!({ "company": "acme" })));
    assert_eq!(nobody["properties"]["$process_person_profile"], false);
}
