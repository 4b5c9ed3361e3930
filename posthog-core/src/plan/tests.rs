use super::{Finding, Plan, Type, Types};

const ORDERS: &str = r#"{
  "strict": true,
  "tags": { "tenant": { "type": "string" }, "order_id": { "type": "integer" } },
  "events": {
    "order_processed": {
      "description": "an order was charged",
      "properties": {
        "total": { "type": "number" },
        "currency": { "enum": ["EUR", "USD"] },
        "coupon": { "type": ["string", "null"] },
        "tenant": { "type": "string" }
      },
      "required": ["total", "currency", "tenant"],
      "additionalProperties": false
    },
    "cart_opened": {}
  }
}"#;

fn plan() -> Plan {
    Plan::read(ORDERS).expect("a plan")
}

#[test]
fn names_are_found_or_unknown_and_those_of_posthog_are_exempt() {
    let plan = plan();
    assert!(matches!(plan.event("order_processed"), Finding::Planned(_)));
    let similar = Some("order_processed");
    assert_eq!(plan.event("order_procesed"), Finding::Unknown { similar });
    assert_eq!(plan.event("something"), Finding::Unknown { similar: None });
    assert_eq!(plan.event("$pageview"), Finding::Free);
    assert_eq!(plan.tag("$current_url"), Finding::Free);
    let similar = Some("tenant");
    assert_eq!(plan.tag("tennant"), Finding::Unknown { similar });
}

#[test]
fn cap_143_events_that_posthog_gives_a_meaning_are_exempt() {
    let plan = Plan::read(r#"{ "events": {} }"#).expect("a plan");
    for name in [
        "$pageview",
        "survey sent",
        "survey shown",
        "survey dismissed",
    ] {
        assert!(matches!(plan.event(name), Finding::Free), "{name}");
    }
    let unknown = Finding::Unknown { similar: None };
    assert_eq!(plan.event("survey lost"), unknown);
}

#[test]
fn without_strict_or_without_the_section_other_names_are_free() {
    let lax = Plan::read(r#"{ "strict": false, "tags": {}, "events": {} }"#).expect("a plan");
    assert_eq!(lax.event("a"), Finding::Free);
    assert_eq!(lax.tag("a"), Finding::Free);
    let silent = Plan::read("{}").expect("a plan");
    assert!(silent.strict);
    assert_eq!(silent.event("a"), Finding::Free);
    assert_eq!(silent.tag("a"), Finding::Free);
}

#[test]
fn properties_are_those_of_the_event_and_the_tags() {
    let plan = plan();
    let Finding::Planned(event) = plan.event("order_processed") else {
        panic!("an event")
    };
    let Finding::Planned(currency) = plan.property(event, "currency") else {
        panic!("a property")
    };
    assert_eq!(currency.types, Some(Types::NONE.with(Type::String)));
    assert!(matches!(
        plan.property(event, "order_id"),
        Finding::Planned(_)
    ));
    let similar = Some("total");
    assert_eq!(plan.property(event, "totl"), Finding::Unknown { similar });
    assert_eq!(plan.property(event, "$groups"), Finding::Free);
    let Finding::Planned(open) = plan.event("cart_opened") else {
        panic!("an event")
    };
    assert_eq!(plan.property(open, "anything"), Finding::Free);
}

#[test]
fn what_is_missing_is_what_no_tag_can_give() {
    let plan = plan();
    let Finding::Planned(event) = plan.event("order_processed") else {
        panic!("an event")
    };
    assert_eq!(plan.missing(event, &["coupon"]), ["total", "currency"]);
    assert_eq!(plan.missing(event, &["total", "currency"]), [""; 0]);
}

#[test]
fn a_malformed_plan_is_one_mistake_at_its_place() {
    for (text, expected) in MALFORMED {
        let mistake = Plan::read(text).expect_err(text);
        assert_eq!(mistake.to_string(), *expected, "{text}");
    }
}

const MALFORMED: &[(&str, &str)] = &[
    ("[]", "1:1: a plan is an object, `{ ... }`, not array"),
    (
        "{ \"strict\": 1 }",
        "1:13: `strict` is `true` or `false`, not number",
    ),
    (
        "{ \"event\": {} }",
        "1:3: unknown key `event`; did you mean `events`",
    ),
    (
        "{ \"version\": 1 }",
        "1:3: unknown key `version`; a plan takes `strict`, `description`, `tags`, `events`",
    ),
    (
        "{ \"tags\": [] }",
        "1:11: `tags` is an object, `{ ... }`, not array",
    ),
    (
        "{ \"tags\": { \"a\": 1 } }",
        "1:18: a property or tag is an object, `{ ... }`, not number",
    ),
    (
        "{ \"tags\": { \" a\": {} } }",
        "1:13: a name is not blank, and has no space around it",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": \"strng\" } } }",
        "1:28: unknown type `strng`; did you mean `string`",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": \"u64\" } } }",
        "1:28: unknown type `u64`; the types are `string`, `number`, `integer`, `boolean`, `array`, `object`, `null`",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": [] } } }",
        "1:28: a `type` is missing in the list",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": 1 } } }",
        "1:28: a `type` is text, such as `\"string\"`, not number",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": [\"null\", \"null\"] } } }",
        "1:37: the type `null` is already listed",
    ),
    (
        "{ \"tags\": { \"a\": { \"enum\": \"x\" } } }",
        "1:28: an `enum` is a list of values, not string",
    ),
    (
        "{ \"tags\": { \"a\": { \"enum\": [] } } }",
        "1:28: an `enum` lists at least one value",
    ),
    (
        "{ \"tags\": { \"a\": { \"enum\": [[]] } } }",
        "1:29: a value of an `enum` is text, a number, a boolean or `null`",
    ),
    (
        "{ \"tags\": { \"a\": { \"enum\": [1, 1] } } }",
        "1:32: `1` is already listed",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": \"string\", \"enum\": [1] } } }",
        "1:18: the `enum` lists `1`, which the `type` `string` rules out",
    ),
    (
        "{ \"tags\": { \"a\": { \"type\": \"string\", \"items\": {} } } }",
        "1:18: what is in an `array` is described, which the `type` rules out",
    ),
    (
        "{ \"tags\": { \"a\": { \"typ\": 1 } } }",
        "1:20: unknown key `typ`; did you mean `type`",
    ),
    (
        "{ \"events\": { \"a\": { \"type\": \"string\" } } }",
        "1:30: the type of an event is `\"object\"`, or not said",
    ),
    (
        "{ \"events\": { \"a\": { \"description\": 1 } } }",
        "1:37: `description` is text, not number",
    ),
    (
        "{ \"events\": { \"a\": { \"required\": {} } } }",
        "1:34: `required` is a list of names, not object",
    ),
    (
        "{ \"events\": { \"a\": { \"required\": [1] } } }",
        "1:35: `required` lists names, not number",
    ),
    (
        "{ \"events\": { \"a\": { \"required\": [\"totl\"], \"properties\": { \"total\": {} } } } }",
        "1:35: `totl` is required and not in `properties`; did you mean `total`",
    ),
    (
        "{ \"events\": { \"a\": { \"required\": [\"x\"] } } }",
        "1:35: `x` is required and not in `properties`; describe it there",
    ),
    (
        "{ \"events\": { \"a\": { \"properties\": { \"x\": {} }, \"required\": [\"x\", \"x\"] } } }",
        "1:67: `x` is already required",
    ),
];
