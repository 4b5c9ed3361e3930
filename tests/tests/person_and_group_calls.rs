//! Person and group calls (capture.md, section 10).

#[path = "support/captured.rs"]
mod captured;

use captured::{one, own};
use posthog::{
    CapturedEvent, Event, alias, capture, group_identify, identify, new_context, set, set_once,
    testing::record,
};
use serde_json::{Value, json};

const SESSION: &str = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11";

/// In a context that has everything.
fn in_context<R>(code: impl FnOnce() -> R) -> CapturedEvent {
    one(|| {
        new_context()
            .tag("tenant", "t-7")
            .distinct_id("u-context")
            .session_id(SESSION)
            .run(code)
    })
}

#[test]
fn cap_1_all_calls_exist_and_give_the_uuid() {
    let events = record(|| {
        new_context().distinct_id("u-1").run(|| {
            let uuids = [
                capture("e"),
                identify("u-1", json!({})),
                set(json!({ "a": 1 })),
                set_once(json!({ "a": 1 })),
                alias("u-0", "u-1"),
                group_identify("company", "acme", json!({})),
            ];
            assert!(uuids.iter().all(Option::is_some), "{uuids:?}");
        });
    });
    let names: Vec<_> = events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(
        names,
        [
            "e",
            "$identify",
            "$set",
            "$set",
            "$create_alias",
            "$groupidentify"
        ]
    );
}

#[test]
fn cap_4_every_call_takes_a_timestamp_a_uuid_and_disable_geoip() {
    let uuid = "0197b0aa-51c0-7c44-8f11-a7d0c1b2e3f4";
    for event in [
        Event::new("e"),
        Event::identify("u-1"),
        Event::person().set(json!({ "a": 1 })),
        Event::alias("u-0", "u-1"),
        Event::group_identify("company", "acme", json!({})),
    ] {
        let event = event
            .distinct_id("u-9")
            .timestamp("2031-05-07T02:00:00Z")
            .uuid(uuid)
            .disable_geoip(false);
        let captured = one(|| capture(event));
        assert_eq!(
            (
                captured.uuid.to_string().as_str(),
                captured.timestamp.to_string().as_str()
            ),
            (uuid, "2031-05-07T02:00:00Z")
        );
        assert!(
            !captured.properties.contains_key("$geoip_disable"),
            "{captured:?}"
        );
    }
}

#[test]
fn cap_45_identify_and_alias_drop_ids_that_stand_for_nobody() {
    let events = record(|| {
        assert_eq!(identify("anonymous", json!({})), None);
        assert_eq!(identify(" 'Null' ", json!({})), None);
        assert_eq!(alias("undefined", "u-1"), None);
        assert_eq!(alias("u-1", "0"), None);
    });
    assert_eq!(events, []);
}

#[test]
fn cap_80_a_person_call_that_is_personless_is_dropped() {
    let events = record(|| {
        assert_eq!(
            capture(Event::identify("u-1").process_person_profile(false)),
            None
        );
        assert_eq!(
            capture(Event::alias("u-0", "u-1").process_person_profile(false)),
            None
        );
        assert_eq!(
            capture(Event::group_identify("a", "b", json!({})).process_person_profile(false)),
            None
        );
    });
    assert_eq!(events, []);
}

#[test]
fn cap_84_person_properties_without_anybody_do_nothing() {
    assert_eq!(
        record(|| assert_eq!(
            (set(json!({ "a": 1 })), set_once(json!({ "a": 1 }))),
            (None, None)
        )),
        []
    );
}

#[test]
fn cap_90_identify_needs_an_id_of_its_own_and_always_has_set() {
    let event = in_context(|| {
        capture(
            Event::identify("u-77")
                .set(json!({ "email": "a@b.example" }))
                .set_once(json!({ "first_plan": "free" })),
        )
    });
    assert_eq!(
        (event.event.as_str(), event.distinct_id.as_str()),
        ("$identify", "u-77")
    );
    let expected = json!({ "$set": { "email": "a@b.example" }, "$set_once": { "first_plan": "free" }, "$session_id": SESSION });
    assert_eq!(own(&event), expected);
    assert_eq!(
        own(&one(|| capture(Event::identify("u-77")))),
        json!({ "$set": {} })
    );
    let blank = record(|| {
        new_context()
            .distinct_id("u-context")
            .run(|| identify(" ", json!({})))
    });
    assert_eq!(blank, [], "the context's ID does not stand in");
    let anonymous =
        one(|| capture(Event::identify("u-77").property("$anon_distinct_id", "anon-5")));
    assert_eq!(anonymous.properties["$anon_distinct_id"], "anon-5");
    let twice = record(|| {
        identify("u-1", json!({}));
        identify("u-1", json!({}))
    });
    assert_eq!(twice.len(), 2);
}

#[test]
fn cap_91_set_and_set_once_are_one_event_each_and_empty_ones_none() {
    let event = in_context(|| set(json!({ "plan": "pro" })));
    assert_eq!(
        (event.event.as_str(), event.distinct_id.as_str()),
        ("$set", "u-context")
    );
    assert_eq!(
        own(&event),
        json!({ "$set": { "plan": "pro" }, "$session_id": SESSION })
    );
    assert_eq!(
        own(&in_context(|| set_once(json!({ "a": 1 })))),
        json!({ "$set_once": { "a": 1 }, "$session_id": SESSION })
    );
    let both = in_context(|| {
        capture(
            Event::person()
                .distinct_id("u-2")
                .set(json!({ "a": 1 }))
                .set_once(json!({ "b": 2 })),
        )
    });
    assert_eq!(
        (
            both.distinct_id.as_str(),
            &both.properties["$set"],
            &both.properties["$set_once"]
        ),
        ("u-2", &json!({ "a": 1 }), &json!({ "b": 2 }))
    );
    let empty = record(|| {
        new_context().distinct_id("u-1").run(|| {
            (
                set(json!({})),
                set_once(json!({})),
                capture(Event::person()),
            )
        })
    });
    assert_eq!(empty, []);
}

#[test]
fn cap_92_person_properties_stand_among_the_properties() {
    let event = one(|| {
        capture(
            Event::new("e")
                .set(json!({ "a": 1 }))
                .property("$unset", ["b"]),
        )
    });
    assert_eq!(
        (&event.properties["$set"], &event.properties["$unset"]),
        (&json!({ "a": 1 }), &json!(["b"]))
    );
}

#[test]
fn cap_93_an_alias_names_both_ids() {
    let event = in_context(|| alias("anon-5", "u-77"));
    assert_eq!(
        (event.event.as_str(), event.distinct_id.as_str()),
        ("$create_alias", "anon-5")
    );
    assert_eq!(
        own(&event),
        json!({ "alias": "u-77", "distinct_id": "anon-5", "$session_id": SESSION })
    );
    let from_context = in_context(|| alias("anon-5", None::<&str>));
    assert_eq!(from_context.properties["alias"], "u-context");
    let blank = record(|| {
        assert_eq!(alias("anon-5", " "), None);
        new_context()
            .distinct_id("u-1")
            .run(|| assert_eq!(alias(" ", "u-77"), None));
    });
    assert_eq!(blank, []);
}

#[test]
fn cap_94_an_alias_of_an_id_to_itself_is_dropped() {
    assert_eq!(record(|| alias("u-1", " u-1 ")), []);
}

#[test]
fn cap_95_a_group_has_type_key_and_properties() {
    let event = one(|| group_identify("company", 17, json!({ "tier": 2 })));
    assert_eq!(
        own(&event),
        json!({ "$group_type": "company", "$group_key": "17", "$group_set": { "tier": 2 } })
    );
    let long = "k".repeat(401);
    let dropped = record(|| {
        assert_eq!(group_identify(" ", "acme", json!({})), None);
        assert_eq!(group_identify("company", "", json!({})), None);
        assert_eq!(group_identify("company", long, json!({})), None);
    });
    assert_eq!(dropped, []);
}

#[test]
fn cap_96_a_groups_event_belongs_to_the_call_the_context_or_the_group() {
    let id = |event: Event| one(|| capture(event)).distinct_id;
    let group = |key: &str| Event::group_identify("company", key, json!({}));
    assert_eq!(id(group("acme")), "$company_acme");
    assert_eq!(id(group("acme").distinct_id("u-1")), "u-1");
    assert_eq!(
        in_context(|| capture(group("acme"))).distinct_id,
        "u-context"
    );
    let long = id(group(&"k".repeat(300)));
    assert_eq!(
        long.parse::<uuid::Uuid>()
            .expect("a UUID")
            .get_version_num(),
        5
    );
    assert_eq!(long, id(group(&"k".repeat(300))), "always the same");
}

#[test]
fn cap_97_group_properties_are_not_flattened() {
    assert!(
        !one(|| group_identify("company", "acme", json!({ "tier": 2 })))
            .properties
            .contains_key("tier")
    );
}

#[test]
fn cap_98_a_groups_event_is_never_personless() {
    assert!(
        !one(|| group_identify("company", "acme", json!({})))
            .properties
            .contains_key("$process_person_profile")
    );
}

#[test]
fn cap_99_groups_of_an_event_are_text_and_blank_ones_left_out() {
    let groups = |groups: Value| {
        one(|| capture(Event::new("e").groups(groups)))
            .properties
            .get("$groups")
            .cloned()
    };
    assert_eq!(
        groups(json!({ "company": "acme", "project": 7 })),
        Some(json!({ "company": "acme", "project": "7" }))
    );
    assert_eq!(
        groups(json!({ "company": " ", "": "x", "project": null, "team": "a" })),
        Some(json!({ "team": "a" }))
    );
    assert_eq!(groups(json!({ "company": "" })), None);
    assert_eq!(groups(json!({})), None);
    let events = record(|| {
        capture(Event::new("with").groups(json!({ "company": "acme" })));
        capture("without");
    });
    assert!(
        !events[1].properties.contains_key("$groups"),
        "no state is kept"
    );
}

#[test]
fn cap_100_person_and_group_calls_pass_the_hooks() {
    let memory = std::sync::Arc::new(posthog::testing::Memory::default());
    let options = posthog::Options::new("phc_x").before_send(|mut event| {
        event
            .properties
            .insert("seen".to_owned(), event.event.clone().into());
        (event.event != "$groupidentify").then_some(event)
    });
    let client = posthog::Client::with_transport(options, memory.clone()).expect("a client");
    assert!(client.capture(Event::identify("u-1")).is_some());
    assert!(client.capture(Event::alias("u-0", "u-1")).is_some());
    assert_eq!(
        client.capture(Event::group_identify("company", "acme", json!({}))),
        None
    );
    client
        .flush(std::time::Duration::from_secs(10))
        .expect("delivered");
    let body: Value =
        serde_json::from_slice(&memory.requests()[0].body).expect("a small body is plain JSON");
    let seen: Vec<_> = body["batch"]
        .as_array()
        .expect("a batch")
        .iter()
        .map(|event| &event["properties"]["seen"])
        .collect();
    assert_eq!(seen, ["$identify", "$create_alias"]);
}

#[test]
fn ctx_52_person_and_group_calls_take_the_session_but_no_tags() {
    for event in [
        Event::identify("u-1"),
        Event::person().set(json!({ "a": 1 })),
        Event::alias("u-0", "u-1"),
        Event::group_identify("company", "acme", json!({})),
    ] {
        let captured = in_context(|| capture(event));
        assert_eq!(captured.properties["$session_id"], SESSION);
        assert!(
            !captured.properties.contains_key("tenant")
                && !captured.properties.contains_key("$context_tags"),
            "{captured:?}"
        );
    }
}
