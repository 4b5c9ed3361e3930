//! What the checks of literals let pass, compiled and sent: what is computed, and literals that are right.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{Context, capture, context, scoped, tag, testing::record};
use serde_json::json;

const SESSION: &str = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11";

#[test]
fn cap_140_a_computed_name_or_key_goes_out_as_it_is() {
    let name = "$my_event";
    let events = record(|| {
        capture!(("$my_event"));
        capture!(
            name,
            ("$my_property") = 1,
            ("$geoip_city_name") = "Oslo",
            ("") = 2
        );
        capture!(concat!("$my", "_event"), total = 1);
        context! { <tags(("$session_id") = 1)>
            tag!(("distinct_id"), 2);
            capture!("tagged");
        }
    });
    assert!(events[..3].iter().all(|event| event.event == "$my_event"));
    assert_eq!(events[1].properties["$my_property"], 1);
    assert_eq!(events[1].properties["$geoip_city_name"], "Oslo");
    assert_eq!(events[1].properties[""], 2);
    assert_eq!(events[3].properties["$session_id"], 1);
    assert_eq!(events[3].properties["distinct_id"], 2);
}

#[test]
fn cap_122_a_computed_id_is_left_to_run_time() {
    let nobody = "anonymous";
    let events = record(|| {
        capture!("e", distinct_id = nobody);
        capture!("e", distinct_id = ("anonymous"));
    });
    assert!(events.iter().all(|event| event.distinct_id == "anonymous"));
}

#[test]
fn literals_that_are_right_are_sent() {
    let events = record(|| {
        capture!(
            "$ai_generation",
            $ai_model = "m",
            "$feature/new-checkout" = true,
            $ai_of_tomorrow = 1,
            utm_source = "mail",
            distinct_id = 7,
            session_id = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11",
            uuid = "{0197A2B4-6C1E-7D10-9A53-5C0F4F2E9B12}",
            timestamp = "2031-05-06T23:30:00.250-02:30",
            disable_geoip = false,
            process_person_profile = true,
            product_tour_id = "tour",
            groups = { "company": 5 },
            set = { "plan": "pro" },
            $unset = ["trial"],
        )
    });
    let event = &events[0];
    assert_eq!(event.distinct_id, "7");
    assert_eq!(
        event.uuid.to_string(),
        "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b12"
    );
    assert_eq!(event.timestamp.to_string(), "2031-05-07T02:00:00.250Z");
    let properties =
        json!({ "session": event.properties["$session_id"], "unset": event.properties["$unset"] });
    assert_eq!(
        properties,
        json!({ "session": SESSION, "unset": ["trial"] })
    );
}

#[test]
fn ctx_151_a_head_takes_literals_that_are_right() {
    #[scoped(
        fresh = false,
        distinct_id = "u-1",
        session_id = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11",
        device_id = 5
    )]
    fn ids() -> [Option<String>; 3] {
        let context = Context::current();
        [
            context.distinct_id(),
            context.session_id(),
            context.device_id(),
        ]
    }
    let expected = ["u-1", SESSION, "5"].map(|id| Some(id.to_owned()));
    assert_eq!(ids(), expected);
    let in_head = context! { <distinct_id = "u-1", session_id = ("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11"), device_id = "5">
        let context = Context::current();
        [context.distinct_id(), context.session_id(), context.device_id()]
    };
    assert_eq!(in_head, expected);
}

/// What a `macro_rules!` of the user passes on is the user's: literals are checked, and expressions are not.
#[test]
fn cap_140_names_can_come_through_macros() {
    macro_rules! captured {
        ($name:literal, $key:literal, $value:expr, $computed:expr) => {
            record(|| capture!($name, $key = $value, ($computed) = 1, distinct_id = $value))
        };
    }
    let events = captured!("order_processed", "any key", "user-7", "$my_key");
    assert_eq!(events[0].event, "order_processed");
    assert_eq!(events[0].properties["any key"], "user-7");
    assert_eq!(events[0].properties["$my_key"], 1);
    assert_eq!(events[0].distinct_id, "user-7");
}
