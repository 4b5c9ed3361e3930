//! Who wins where two say something about one property, and what the SDK adds by itself.

mod support;

use posthog::{CaptureMode, Event, Options, identify_context, new_context, tag};
use serde_json::{Value, json};
use std::{sync::Barrier, thread};
use support::{Rig, sent};

fn properties(event: &Value) -> &serde_json::Map<String, Value> {
    event["properties"].as_object().expect("an object")
}

#[test]
fn cap_60_the_call_beats_the_context_which_beats_the_client_which_beats_the_machine() {
    let rig = Rig::with(|options| {
        options
            .super_property("$os", "of super")
            .super_property("a", "of super")
            .super_property("b", "of super")
            .super_property("c", "of super")
    });
    let event = new_context().run(|| {
        tag("b", "of tag");
        tag("c", "of tag");
        rig.sent(Event::new("e").property("c", "of call"))
    });
    for (key, winner) in [
        ("$os", "of super"),
        ("a", "of super"),
        ("b", "of tag"),
        ("c", "of call"),
    ] {
        assert_eq!(properties(&event)[key], winner, "{key}");
    }
    assert_eq!(properties(&event)["$context_tags"], json!(["b", "c"]));
}

#[test]
fn cap_60_options_beat_properties_beat_tags() {
    let event = new_context().run(|| {
        tag("$process_person_profile", true);
        tag("$groups", json!({ "of": "tag" }));
        sent(
            Event::new("e")
                .process_person_profile(false)
                .property("$process_person_profile", true)
                .groups(json!({ "of": "option" }))
                .property("$groups", json!({ "of": "property" })),
        )
    });
    assert_eq!(properties(&event)["$process_person_profile"], false);
    assert_eq!(properties(&event)["$groups"], json!({ "of": "option" }));
}

#[test]
fn cap_61_the_library_cannot_be_overridden() {
    let rig = Rig::with(|options| {
        options
            .super_property("$lib", "super")
            .super_property("$is_server", 1)
    });
    let event = new_context().run(|| {
        tag("$lib", "tag");
        tag("$lib_version", "tag");
        rig.sent(
            Event::new("e")
                .property("$lib", "call")
                .property("$lib_version", 1)
                .property("$is_server", false),
        )
    });
    let library = ["$lib", "$lib_version", "$is_server"].map(|key| properties(&event)[key].clone());
    assert_eq!(
        library,
        [
            json!("posthog-rust"),
            json!(env!("CARGO_PKG_VERSION")),
            json!(true)
        ]
    );
}

#[test]
fn cap_63_an_option_replaces_the_whole_object() {
    for event in [
        Event::new("e")
            .property("$set", json!({ "a": 1, "b": 1 }))
            .set(json!({ "a": 2 })),
        Event::new("e")
            .set(json!({ "a": 2 }))
            .property("$set", json!({ "a": 1, "b": 1 })),
    ] {
        assert_eq!(properties(&sent(event))["$set"], json!({ "a": 2 }));
    }
    let event = Event::new("e")
        .set_once(json!({ "a": 2 }))
        .property("$set_once", json!({ "b": 1 }));
    assert_eq!(properties(&sent(event))["$set_once"], json!({ "a": 2 }));
}

#[test]
fn cap_70_the_library_is_named_on_every_event() {
    let event = sent(Event::new("e"));
    assert_eq!(properties(&event)["$lib"], "posthog-rust");
    assert_eq!(
        properties(&event)["$lib_version"],
        env!("CARGO_PKG_VERSION")
    );
}

#[test]
fn cap_70_the_first_events_of_many_threads_at_once_have_what_belongs_to_each() {
    const THREADS: usize = 8;
    for round in 0..50 {
        let mode = [CaptureMode::V0, CaptureMode::V1][round % 2];
        let rig = Rig::with(|options| options.capture_mode(mode));
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (together, client) = (&together, &rig.client);
                scope.spawn(move || {
                    let event = Event::new("e")
                        .property("number", number)
                        .disable_geoip(number % 2 == 0);
                    let event = if number % 4 < 2 {
                        event.distinct_id("user-1")
                    } else {
                        event
                    };
                    together.wait();
                    client.capture(event).expect("an accepted event");
                });
            }
        });
        let events = rig.events();
        assert_eq!(events.len(), THREADS);
        for event in &events {
            let properties = properties(event);
            let number = properties["number"].as_u64().expect("a number");
            let geoip = properties.get("$geoip_disable");
            assert_eq!(geoip.is_some(), number.is_multiple_of(2), "{event}");
            let profile = if mode == CaptureMode::V1 {
                event["options"].get("process_person_profile")
            } else {
                properties.get("$process_person_profile")
            };
            assert_eq!(profile.is_some(), number % 4 >= 2, "{event}");
            let library = properties.get("$lib");
            assert_eq!(library.is_some(), mode == CaptureMode::V0, "{event}");
        }
    }
}

#[test]
fn cap_71_what_is_known_of_the_machine_is_sent_and_never_empty() {
    let event = sent(Event::new("e"));
    let known = |key: &str| {
        properties(&event)
            .get(key)
            .is_none_or(|value| value.as_str().is_some_and(|text| !text.is_empty()))
    };
    assert!(known("$os") && known("$os_version"));
    assert_eq!(
        properties(&event).contains_key("$os"),
        !std::env::consts::OS.is_empty()
    );
}

#[test]
fn cap_72_an_event_of_no_server_says_nothing_about_servers() {
    assert_eq!(properties(&sent(Event::new("e")))["$is_server"], true);
    let rig = Rig::with(|options| options.is_server(false));
    assert_eq!(
        properties(&rig.sent(Event::new("e"))).get("$is_server"),
        None
    );
}

#[test]
fn cap_73_only_true_is_sent_and_the_call_decides_before_the_property_before_the_client() {
    let geoip = |options: fn(Options) -> Options, event| {
        properties(&Rig::with(options).sent(event))
            .get("$geoip_disable")
            .cloned()
    };
    let on = |options: Options| options.disable_geoip(true);
    let off = |options: Options| options.disable_geoip(false);
    let event = || Event::new("e");
    assert_eq!(geoip(on, event()), Some(json!(true)));
    assert_eq!(geoip(off, event()), None);
    assert_eq!(
        geoip(off, event().property("$geoip_disable", true)),
        Some(json!(true))
    );
    assert_eq!(geoip(on, event().property("$geoip_disable", "false")), None);
    assert_eq!(
        geoip(on, event().property("$geoip_disable", "perhaps")),
        Some(json!(true))
    );
    assert_eq!(
        geoip(
            on,
            event()
                .property("$geoip_disable", true)
                .disable_geoip(false)
        ),
        None
    );
    assert_eq!(
        geoip(
            off,
            event()
                .property("$geoip_disable", false)
                .disable_geoip(true)
        ),
        Some(json!(true))
    );
}

#[test]
fn cap_74_by_default_the_senders_address_is_not_looked_up() {
    assert_eq!(properties(&sent(Event::new("e")))["$geoip_disable"], true);
}

#[test]
fn cap_75_the_sdk_adds_nothing_else() {
    let known = [
        "$geoip_disable",
        "$is_server",
        "$lib",
        "$lib_version",
        "$os",
        "$os_version",
        "mine",
    ];
    let event = sent(Event::new("e").distinct_id("u-1").property("mine", 1));
    let mut keys: Vec<_> = properties(&event).keys().map(String::as_str).collect();
    keys.retain(|key| !known.contains(key));
    assert_eq!(keys, Vec::<&str>::new());
    let event = new_context().run(|| {
        identify_context("u-1");
        sent(Event::new("e"))
    });
    assert!(
        properties(&event)
            .keys()
            .all(|key| known.contains(&key.as_str())),
        "{event}"
    );
}
