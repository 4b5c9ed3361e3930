//! `capture!` and `tag!`: every way to write a key and a value, and what is sent for it.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{CapturedEvent, Context, capture, context, tag, testing::record};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};

#[derive(Serialize)]
struct User {
    id: u32,
}

/// The properties of the one event that `code` captures, without those that every event has.
fn sent<R>(code: impl FnOnce() -> R) -> Value {
    let mut events = record(code);
    assert_eq!(events.len(), 1, "{events:?}");
    let CapturedEvent { mut properties, .. } = events.remove(0);
    for key in [
        "$lib",
        "$lib_version",
        "$os",
        "$os_version",
        "$is_server",
        "$process_person_profile",
        "$geoip_disable",
    ] {
        properties.remove(key);
    }
    Value::Object(properties)
}

/// The tags that `code` sets.
fn tags(code: impl FnOnce()) -> Value {
    context! {
        code();
        Context::current().tags().into()
    }
}

#[test]
fn keys_in_all_forms() {
    let name = "computed";
    let properties = sent(|| {
        capture!(
            "order_processed",
            plain = 1,
            "with spaces" = 2,
            $current_url = "https://example.com",
            (name) = 3,
            (name.to_owned() + " too") = 4,
        );
    });
    let expected = json!({
        "plain": 1, "with spaces": 2, "$current_url": "https://example.com", "computed": 3, "computed too": 4,
    });
    assert_eq!(properties, expected);
}

#[test]
fn keywords_are_keys() {
    let r#type = 5;
    let properties = sent(|| {
        capture!("order_processed", r#type, match = 1, fn = 2, r#loop = 3, self = 4, async = { "await": 1 }, $locale = 6);
    });
    let expected = json!({ "type": 5, "match": 1, "fn": 2, "loop": 3, "self": 4, "async": { "await": 1 }, "$locale": 6 });
    assert_eq!(properties, expected);
}

#[test]
fn shorthand_and_sigils() {
    let total = 3;
    let plan: Option<&str> = None;
    let error = fmt::Error;
    let properties = sent(|| {
        capture!(
            "order_processed",
            total,
            plan,
            text = %error,
            debugged = ?error,
            of_an_expression = %(1 + total),
            nested = { "text": %error, "debugged": ?Some(total), "list": [%total, ?plan] },
        );
    });
    let text = error.to_string();
    let expected = json!({
        "total": 3, "plan": null, "text": text, "debugged": "Error", "of_an_expression": "4",
        "nested": { "text": text, "debugged": "Some(3)", "list": ["3", "None"] },
    });
    assert_eq!(properties, expected);
}

#[test]
fn json_literals() {
    let (total, name, user) = (3, String::from("computed"), User { id: 7 });
    let properties = sent(|| {
        capture!(
            "order_processed",
            object = { "a": [1, "two", null, [], {}, { "b": -1 }, total + 1, user.id], "c": total * 2 },
            computed = { (name.clone()): true, (name.len()  .to_string()): 1 },
            rust = { "block": { let twice = total * 2; twice + 1 }, "repeated": [0; 3], "struct": &user },
            empty = {},
            empty_list = [],
            mixed = [1, null, { "a": 2 }],
            kinds = [1, "two", 3.0, true],
            trailing = { "a": [1, 2,], "b": 3, },
            null = null,
        );
    });
    let expected = json!({
        "object": { "a": [1, "two", null, [], {}, { "b": -1 }, 4, 7], "c": 6 },
        "computed": { "computed": true, "8": 1 },
        "rust": { "block": 7, "repeated": [0, 0, 0], "struct": { "id": 7 } },
        "empty": {},
        "empty_list": [],
        "mixed": [1, null, { "a": 2 }],
        "kinds": [1, "two", 3.0, true],
        "trailing": { "a": [1, 2], "b": 3 },
        "null": null,
    });
    assert_eq!(properties, expected);
}

#[test]
fn rust_expressions_stay_rust() {
    let (a, b, list, user) = (2, 3, vec![1], User { id: 7 });
    let properties = sent(|| {
        capture!(
            "order_processed",
            block = {
                let half = b;
                half + 1
            },
            text_block = { "only a text" },
            array = ["a", "b"],
            options = [None, Some(1)],
            indexed = [1, 2][1],
            repeated = [0; 2],
            range = ..b,
            negative = -1,
            not = !list.is_empty(),
            called = (if a < b {
                i32::wrapping_add
            } else {
                i32::wrapping_mul
            })(2, 1),
            compared = a < b,
            turbofish = "1".parse::<u8>().unwrap_or(9),
            chosen = if a < b { 1 } else { 2 },
            matched = match a {
                2 => "x",
                _ => "y",
            },
            reference = &list,
            parentheses = (1 + a),
            tuple = (a, b),
            structure = User { id: 1 },
            field = user.id,
            cast = f64::from(a) * 0.5,
        );
    });
    let expected = json!({
        "block": 4, "text_block": "only a text", "array": ["a", "b"], "options": [null, 1], "indexed": 2,
        "repeated": [0, 0], "range": { "end": 3 }, "negative": -1, "not": true, "called": 3, "compared": true,
        "turbofish": 1, "chosen": 1, "matched": "x", "reference": [1], "parentheses": 3, "tuple": [2, 3],
        "structure": { "id": 1 }, "field": 7, "cast": 1.0,
    });
    assert_eq!(properties, expected);
}

#[test]
fn a_spread_merges_and_a_written_key_beats_it() {
    let user = User { id: 1 };
    let map = BTreeMap::from([("id", 2), ("plan", 3)]);
    let properties = sent(|| {
        capture!(
            "order_processed",
            ..user,
            ..&map,
            plan = 4,
            ..json!({ "plan": 5, "last": [6] })
        );
    });
    assert_eq!(properties, json!({ "id": 2, "plan": 4, "last": [6] }));
    assert_eq!(map.len(), 2);
}

#[test]
fn in_the_macros_of_others() {
    macro_rules! captures {
        ($value:expr, $name:ident, $text:literal, $key:tt) => {
            capture!($text, $name = $value, "quoted" = $value, object = { "a": $value, $text: 2, "list": [$value] }, $key = 3)
        };
    }
    let n = 1;
    let properties = sent(|| captures!(n + 1, total, "order_processed", plan));
    let expected = json!({ "total": 2, "quoted": 2, "object": { "a": 2, "order_processed": 2, "list": [2] }, "plan": 3 });
    assert_eq!(properties, expected);
}

#[test]
fn tags_are_written_as_properties() {
    let (total, plan, name) = (1, "pro", String::from("computed"));
    assert_eq!(tags(|| tag!("key", 1)), json!({ "key": 1 }));
    assert_eq!(
        tags(|| tag!("nested", { "tags": "can be dicts" })),
        json!({ "nested": { "tags": "can be dicts" } })
    );
    assert_eq!(
        tags(|| tag!("list", [1, { "a": null }])),
        json!({ "list": [1, { "a": null }] })
    );
    assert_eq!(
        tags(|| tag!("error", %fmt::Error)),
        json!({ "error": fmt::Error.to_string() })
    );
    assert_eq!(tags(|| tag!((name), total)), json!({ "computed": 1 }));
    assert_eq!(
        tags(|| tag!((name.clone() + "!"), ?plan)),
        json!({ "computed!": "\"pro\"" })
    );
    assert_eq!(
        tags(|| tag!(total = 2, plan)),
        json!({ "total": 2, "plan": "pro" })
    );
    assert_eq!(tags(|| tag!(total)), json!({ "total": 1 }));
    assert_eq!(
        tags(|| tag!("a" = 1, $os = 2, (name) = 3, type = 4)),
        json!({ "a": 1, "$os": 2, "computed": 3, "type": 4 })
    );
}
