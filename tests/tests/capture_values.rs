//! The values of properties, the ugliest first.

mod support;

use posthog::{Context, Event, Properties, identify_context, new_context, tag};
use serde::{Serialize, Serializer, ser::Error};
use serde_json::{Value, json, value::RawValue};
use std::{
    cell::Cell,
    collections::BTreeMap,
    panic::{catch_unwind, panic_any},
    time::Duration,
};
use support::{Rig, log_lines, sent};

/// Runs a function where a value should be written.
struct Acts<F>(F);

impl<F: Fn()> Serialize for Acts<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0();
        serializer.serialize_str("acted")
    }
}

struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("out of order"))
    }
}

/// Panics with something that panics again when it is thrown away.
struct PanicsTwice;

impl Drop for PanicsTwice {
    fn drop(&mut self) {
        panic!("while the payload of a panic is dropped");
    }
}

/// Contains itself.
struct Endless;

impl Serialize for Endless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([Endless])
    }
}

fn property(value: impl Serialize) -> Value {
    sent(Event::new("e").property("value", value))["properties"]["value"].clone()
}

#[test]
fn cap_22_a_value_that_panics_drops_its_event_and_nothing_else() {
    log_lines::collect();
    let rig = Rig::new();
    let panics = || Acts(|| panic!("in a value"));
    assert_eq!(
        rig.client
            .capture(Event::new("panics").property("a", panics())),
        None
    );
    let inside = Event::new("panics inside")
        .property("a", json!([1]))
        .property("b", [Some(panics())]);
    assert_eq!(rig.client.capture(inside), None);
    let replaced = Event::new("panics, then replaced")
        .property("a", panics())
        .property("a", 1);
    assert_eq!(rig.client.capture(replaced), None);
    assert_eq!(
        rig.client
            .capture(Event::new("panics in set").set(panics())),
        None
    );
    rig.client.capture("fine");
    assert_eq!(rig.names(), ["fine"]);
    assert_eq!(rig.client.stats().dropped_invalid, 4);
    assert_eq!(log_lines::warnings(&["`panics`", "panicked"]), 1);
}

#[test]
fn cap_22_a_value_that_panicked_in_a_set_of_properties_drops_the_event_that_takes_them() {
    let rig = Rig::new();
    let mut properties = Properties::new();
    properties.insert("a", 1);
    properties.insert("b", Acts(|| panic!("in a value")));
    assert_eq!(
        rig.client.capture(Event::new("e").properties(&properties)),
        None
    );
    assert_eq!(rig.client.stats().dropped_invalid, 1);
}

#[test]
fn cap_22_a_panic_whose_payload_panics_too_stays_inside() {
    let rig = Rig::new();
    let captured = catch_unwind(|| Event::new("e").property("a", Acts(|| panic_any(PanicsTwice))));
    let event = captured.expect("no panic leaves a value");
    assert_eq!(rig.client.capture(event), None);
}

#[test]
fn cap_3_a_value_may_capture_tag_flush_and_open_contexts() {
    let rig = Rig::new();
    let depth = Cell::new(0);
    new_context().run(|| {
        identify_context("u-1");
        let busy = Acts(|| {
            if depth.replace(depth.get() + 1) == 0 {
                tag("tagged inside", true);
                rig.client.capture(Event::new("inner").property("a", 1));
                let _ = rig.client.flush(Duration::ZERO);
                let _scope = new_context().enter();
                identify_context("u-2");
            }
        });
        assert!(
            rig.client
                .capture(Event::new("outer").property("busy", &busy))
                .is_some()
        );
        tag("busy", &busy);
        assert!(rig.client.capture("after").is_some());
    });
    assert!(Context::current().distinct_id().is_none());
    let mut names = rig.names();
    names.sort();
    assert_eq!(names, ["after", "inner", "outer"]);
    let events = rig.events();
    let outer = events
        .iter()
        .find(|event| event["event"] == "outer")
        .expect("sent");
    assert_eq!(outer["properties"]["busy"], "acted");
    assert_eq!(outer["properties"]["tagged inside"], true);
}

#[test]
fn cap_50_values_keep_their_type_and_are_otherwise_untouched() {
    let value = json!({
        "text": "2031-05-07T02:00:00+02:00", "number": 1.5, "zero": -0.0, "true": true, "list": [1, "1", null, [], {}],
        "": "an empty key", "$custom": 1, "distinct_id": 1, "q\"\\\u{0}é": "\u{0}\u{7f}\u{2028}\u{1F600}",
    });
    let event =
        sent(Event::new("e").properties(&value.as_object().expect("a map").iter().collect()));
    for (key, value) in value.as_object().expect("a map") {
        assert_eq!(event["properties"][key], *value, "{key}");
    }
    assert_eq!(property(&value), value);
    assert_eq!(
        property(BTreeMap::from([(1u8, 'x'), (2, 'y')])),
        json!({ "1": "x", "2": "y" })
    );
    let raw = RawValue::from_string("{\"a\": [1.0e2,  true]}".to_owned()).expect("JSON");
    assert_eq!(property(raw), json!({ "a": [100.0, true] }));
}

#[test]
fn cap_50_a_float_is_the_same_after_a_hook_saw_it() {
    let rig = Rig::with(|options| options.before_send(Some));
    let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
    let floats: Vec<f64> = (0..2000)
        .map(|_| {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from_bits(bits)
        })
        .filter(|float| float.is_finite())
        .collect();
    rig.client
        .capture(Event::new("e").property("floats", &floats));
    rig.client.flush(support::PATIENCE).expect("delivered");
    let request = rig.wire.requests().pop().expect("a request");
    let text = support::text(&request);
    let sent = text
        .split("\"floats\":")
        .nth(1)
        .and_then(|rest| rest.split(']').next())
        .expect("the floats");
    let expected: Vec<String> = floats
        .iter()
        .map(|float| json!(float).to_string())
        .collect();
    let same = sent == format!("[{}", expected.join(","));
    assert!(same, "a float was changed");
}

#[test]
fn cap_51_numbers_that_json_lacks_become_null_and_huge_integers_text() {
    log_lines::collect();
    assert_eq!(
        property([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5]),
        json!([null, null, null, 1.5])
    );
    assert_eq!(property(f32::NAN), Value::Null);
    assert_eq!(property((u64::MAX, i64::MIN)), json!([u64::MAX, i64::MIN]));
    assert_eq!(property(u128::from(u64::MAX)), json!(u64::MAX));
    assert_eq!(property(i128::MIN), json!(i128::MIN.to_string()));
    assert!(
        log_lines::with(&["\"value\"", "not finite"])
            .iter()
            .all(|line| line.level == log::Level::Debug)
    );
    assert!(!log_lines::with(&["\"value\"", "not finite"]).is_empty());
}

#[test]
fn cap_52_dates_keep_their_offset_and_bytes_become_text() {
    struct Bytes;
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(b"ok\xff\"")
        }
    }
    assert_eq!(property(Bytes), "ok\u{FFFD}\"");
    assert_eq!(
        property("2031-05-06T23:30:00-02:30"),
        "2031-05-06T23:30:00-02:30"
    );
}

#[test]
fn cap_53_a_value_that_fails_drops_its_key_only_with_a_warning_that_names_it() {
    log_lines::collect();
    let keys_that_are_no_text = BTreeMap::from([((1, 2), 3)]);
    let event = sent(
        Event::new("e")
            .property("before", 1)
            .property("failing value", Fails)
            .property("deep", json!({ "a": 1 }))
            .property("failing deep", [[Some(Fails)]])
            .property("failing key", keys_that_are_no_text)
            .property("after", 2),
    );
    let properties = event["properties"].as_object().expect("an object");
    assert_eq!(
        (&properties["before"], &properties["after"]),
        (&json!(1), &json!(2))
    );
    assert!(
        !properties.keys().any(|key| key.starts_with("failing")),
        "{properties:?}"
    );
    for key in ["failing value", "failing deep", "failing key"] {
        assert_eq!(log_lines::warnings(&[key, "left out"]), 1, "{key}");
    }
}

#[test]
fn cap_53_a_value_that_fails_leaves_the_one_before_it_in_place() {
    let event = sent(Event::new("e").property("a", 1).property("a", Fails));
    assert_eq!(event["properties"]["a"], 1);
}

#[test]
fn cap_54_what_nests_deeper_than_64_levels_becomes_null() {
    log_lines::collect();
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    assert_eq!(property(nested(64)), nested(64));
    let cut = property(nested(65)).to_string();
    assert_eq!(cut, format!("{}null{}", "[".repeat(64), "]".repeat(64)));
    assert_eq!(
        property(Endless).to_string(),
        cut,
        "however deep it would go"
    );
    assert_eq!(
        log_lines::warnings(&["\"value\"", "64 levels"]),
        1,
        "once a minute"
    );
}

#[test]
fn cap_55_null_is_sent_as_null() {
    let event = sent(
        Event::new("e")
            .property("none", None::<u8>)
            .property("unit", ()),
    );
    let properties = event["properties"].as_object().expect("an object");
    assert_eq!(
        (properties.get("none"), properties.get("unit")),
        (Some(&Value::Null), Some(&Value::Null))
    );
}

#[test]
fn cap_56_a_value_that_changes_later_changes_nothing() {
    let rig = Rig::new();
    let value = std::cell::RefCell::new(1);
    let event = Event::new("e").property("a", &value);
    let mut properties = Properties::new();
    properties.insert("b", 1);
    let event = event.properties(&properties);
    *value.borrow_mut() = 2;
    properties.insert("b", 2);
    let event = rig.sent(event);
    assert_eq!(
        (&event["properties"]["a"], &event["properties"]["b"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn cap_2_a_value_that_is_borrowed_elsewhere_fails_and_nothing_panics() {
    let value = std::cell::RefCell::new(1);
    let _held = value.borrow_mut();
    let event = sent(Event::new("e").property("a", &value).property("b", 1));
    assert_eq!(event["properties"].get("a"), None);
    assert_eq!(event["properties"]["b"], 1);
}
