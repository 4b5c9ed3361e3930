//! `capture!`: the name of the event and every option.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{
    CapturedEvent, Client, Options, SessionId, capture, context,
    testing::{Memory, record},
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

/// The one event that `code` captures.
fn sent<R>(code: impl FnOnce() -> R) -> CapturedEvent {
    let mut events = record(code);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

#[test]
fn a_name_is_any_text_and_is_not_moved() {
    let name = String::from("owned");
    assert_eq!(sent(|| capture!("literal")).event, "literal");
    assert_eq!(sent(|| capture!(name)).event, "owned");
    assert_eq!(sent(|| capture!(&name, "name" = &*name)).event, "owned");
    assert_eq!(sent(|| capture!(name.as_str(), name)).event, "owned");
    assert_eq!(
        sent(|| capture!((format!("number {}", 1)))).event,
        "number 1"
    );
    assert_eq!(sent(|| capture!(concat!("a", "b"), total = 1)).event, "ab");
    assert_eq!(
        sent(|| capture!(if name.is_empty() { "x" } else { "y" },)).event,
        "y"
    );
    assert_eq!(name, "owned");
}

#[test]
fn who_did_it() {
    let id = String::from("u-1");
    assert_eq!(
        sent(|| capture!("e", distinct_id = "u-1")).distinct_id,
        "u-1"
    );
    assert_eq!(sent(|| capture!("e", distinct_id = id)).distinct_id, "u-1");
    assert_eq!(
        sent(|| capture!("e", distinct_id = format!("{id}-b"))).distinct_id,
        "u-1-b"
    );
    assert_eq!(
        sent(|| capture!("e", distinct_id = Some(&id))).distinct_id,
        "u-1"
    );
    assert_eq!(sent(|| capture!("e", distinct_id = 7)).distinct_id, "7");
    let uuid = Uuid::from_u128(7);
    assert_eq!(
        sent(|| capture!("e", distinct_id = uuid)).distinct_id,
        uuid.to_string()
    );
    let of_the_context =
        || context! { <distinct_id = "context"> capture!("e", distinct_id = "call") };
    assert_eq!(sent(of_the_context).distinct_id, "call");
}

#[test]
fn which_session() {
    let id = "0198c5b1-7f2a-7cc1-8ad5-6b9a3d2e1f00";
    let session = |event: CapturedEvent| event.properties["$session_id"].clone();
    assert_eq!(session(sent(|| capture!("e", session_id = id))), id);
    let parsed = SessionId::parse(id).expect("a session ID");
    assert_eq!(
        session(sent(|| capture!("e", session_id = parsed.to_string()))),
        id
    );
}

#[test]
fn when_and_which_uuid() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_577_836_800_123);
    let text = |event: CapturedEvent| event.timestamp.to_string();
    assert!(text(sent(|| capture!("e", timestamp = time))).starts_with("2020-01-01T00:00:00.123"));
    let given = "2020-01-01T01:00:00+01:00";
    assert!(text(sent(|| capture!("e", timestamp = given))).starts_with("2020-01-01T00:00:00"));
    let uuid = Uuid::from_u128(7);
    assert_eq!(sent(|| capture!("e", uuid = uuid)).uuid, uuid);
    assert_eq!(sent(|| capture!("e", uuid = uuid.to_string())).uuid, uuid);
    let mut returned = None;
    let event = sent(|| returned = capture!("e"));
    assert_eq!(returned, Some(event.uuid));
}

#[test]
fn groups_and_person_properties() {
    let plan = "pro";
    let event = sent(|| {
        capture!(
            "e",
            groups = { "company": "acme", "team": format!("{plan} users") },
            set = { "plan": plan, "tags": [1, null] },
            set_once = std::collections::BTreeMap::from([("first", 1)]),
        );
    });
    assert_eq!(
        event.properties["$groups"],
        json!({ "company": "acme", "team": "pro users" })
    );
    assert_eq!(
        event.properties["$set"],
        json!({ "plan": "pro", "tags": [1, null] })
    );
    assert_eq!(event.properties["$set_once"], json!({ "first": 1 }));
}

#[test]
fn switches_and_the_product_tour() {
    let (on, plan) = (true, "pro");
    let event = sent(|| {
        capture!(
            "e",
            disable_geoip = on,
            process_person_profile = (!on),
            cookieless_mode = plan == "pro",
            disable_skew_correction = {
                let off = !on;
                !off
            },
            product_tour_id = format!("tour-{}", 1),
        );
    });
    for (key, value) in [
        ("$geoip_disable", json!(true)),
        ("$process_person_profile", json!(false)),
        ("$cookieless_mode", json!(true)),
        ("$ignore_sent_at", json!(true)),
        ("$product_tour_id", json!("tour-1")),
    ] {
        assert_eq!(event.properties.get(key), Some(&value), "{key}");
    }
    let event = sent(|| {
        capture!(
            "e",
            disable_geoip = false,
            process_person_profile = true,
            distinct_id = "u-1"
        )
    });
    assert_eq!(event.properties.get("$geoip_disable"), None);
}

#[test]
fn to_which_client() {
    fn a_clone(client: &Client) -> Client {
        client.clone()
    }
    let memory = Arc::new(Memory::default());
    let client = Client::with_transport(Options::new("phc_x"), memory.clone()).expect("a client");
    assert!(capture!("e", client = client).is_some());
    assert!(capture!("e", total = 1, client = &client).is_some());
    assert!(capture!("e", client = a_clone(&client), distinct_id = "u-1").is_some());
    client.flush(Duration::from_secs(10)).expect("delivered");
    assert!(!memory.requests().is_empty());
    // A recording has it whichever client is named.
    assert_eq!(sent(|| capture!("e", client = client)).event, "e");
}

#[test]
fn a_property_with_the_name_of_an_option_is_quoted() {
    let client = "acme";
    let event = sent(|| {
        capture!(
            "e",
            "client" = client,
            "distinct_id" = 1,
            "session_id" = 2,
            "timestamp" = 3,
            "uuid" = 4,
            "groups" = 5,
            "set" = 6,
            "set_once" = 7,
            "disable_geoip" = 8,
            "process_person_profile" = 9,
            "cookieless_mode" = 10,
            "disable_skew_correction" = 11,
            "product_tour_id" = 12,
            distinct_id = "u-1",
        );
    });
    assert_eq!(event.distinct_id, "u-1");
    assert_eq!(event.properties["client"], "acme");
    let names = [
        "distinct_id",
        "session_id",
        "timestamp",
        "uuid",
        "groups",
        "set",
        "set_once",
        "disable_geoip",
        "process_person_profile",
        "cookieless_mode",
        "disable_skew_correction",
        "product_tour_id",
    ];
    for (value, name) in (1..).zip(names) {
        assert_eq!(event.properties[name], Value::from(value), "{name}");
    }
}
