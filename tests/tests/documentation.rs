//! The examples of PostHog's documentation of contexts, in its order, over HTTP: each asserts the JSON that arrived.

use posthog::{capture, context, identify_context, scoped, set_context_session, tag};
use posthog_tests::LocalPostHog;
use serde_json::{Value, json};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

/// Runs code with a global client, and gives what the server has when its guard is gone.
fn arrived(code: impl FnOnce()) -> Vec<Value> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one_at_a_time = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let server = LocalPostHog::start();
    let guard = posthog::init(posthog::Options::new("phc_project_key").host(server.url()))
        .expect("a client");
    code();
    drop(guard);
    assert_eq!(server.violations(), Vec::<String>::new());
    server.events()
}

/// The event without what differs from run to run, each of which is checked, and without what the SDK adds to all.
fn essence(event: &Value) -> Value {
    let mut event = event.clone();
    let fields = event.as_object_mut().expect("an event");
    let uuid = fields.remove("uuid").expect("a UUID");
    assert_eq!(
        uuid.as_str()
            .and_then(|uuid| uuid.parse::<uuid::Uuid>().ok())
            .expect("a UUID")
            .get_version_num(),
        7
    );
    let timestamp = fields.remove("timestamp").expect("a timestamp");
    assert!(timestamp.as_str().is_some_and(
        |text| text.ends_with('Z') && text.len() == "2031-05-07T02:00:00.250000Z".len()
    ));
    let properties = fields["properties"].as_object_mut().expect("properties");
    assert_eq!(properties.remove("$lib"), Some(json!("posthog-rust")));
    for added in ["$lib_version", "$is_server", "$geoip_disable", "$os"] {
        assert!(properties.remove(added).is_some(), "{added}");
    }
    properties.remove("$os_version");
    if let Some(list) = properties.get_mut("$exception_list") {
        let outermost = list[0].as_object_mut().expect("an entry");
        assert!(outermost.remove("stacktrace").is_some(), "a stack");
        properties.remove("$debug_images");
    }
    event
}

fn essences(events: &[Value]) -> Vec<Value> {
    events.iter().map(essence).collect()
}

const SESSION: &str = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11";

#[test]
fn ctx_11_a_context_gives_its_events_tags_session_and_user() {
    let (user_id, session_id) = ("user-7", SESSION);
    let events = arrived(|| {
        context! {
            tag!("transaction_id", "abc123");
            tag!("some_arbitrary_value", { "tags": "can be dicts" });
            set_context_session(session_id).expect("a UUIDv7");
            identify_context(user_id);
            capture!("order_processed");
        }
    });
    let expected = json!({
        "event": "order_processed",
        "distinct_id": "user-7",
        "properties": {
            "transaction_id": "abc123",
            "some_arbitrary_value": { "tags": "can be dicts" },
            "$context_tags": ["some_arbitrary_value", "transaction_id"],
            "$session_id": SESSION,
        },
    });
    assert_eq!(essences(&events), [expected]);
}

#[test]
fn ctx_2_a_context_reaches_the_functions_called_in_it() {
    fn some_function() {
        capture!("order_processed");
    }
    fn outer_function() {
        context! {
            tag!("some-key", "value-4");
            some_function();
        }
    }
    let events = arrived(|| {
        context! { identify_context("user-7"); outer_function(); }
    });
    let expected = json!({
        "event": "order_processed",
        "distinct_id": "user-7",
        "properties": { "some-key": "value-4", "$context_tags": ["some-key"] },
    });
    assert_eq!(essences(&events), [expected]);
}

#[test]
fn ctx_21_an_inner_contexts_tags_override_the_outer_ones_inside_it() {
    let events = arrived(|| {
        context! {
            identify_context("user-7");
            tag!("some-key", "value-1");
            tag!("some-other-key", "another-value");
            context! {
                tag!("some-key", "value-2");
                capture!("order_processed");
            }
            capture!("order_processed");
        }
    });
    let event = |value: &str| {
        json!({
            "event": "order_processed",
            "distinct_id": "user-7",
            "properties": {
                "some-key": value,
                "some-other-key": "another-value",
                "$context_tags": ["some-key", "some-other-key"],
            },
        })
    };
    assert_eq!(essences(&events), [event("value-2"), event("value-1")]);
}

#[test]
fn ctx_23_a_fresh_context_inherits_nothing() {
    let events = arrived(|| {
        context! {
            tag!("some-key", "value-1");
            tag!("outer", true);
            identify_context("user-7");
            context! { <fresh = true>
                tag!("some-key", "value-2");
                capture!("order_processed", distinct_id = "user-8");
            }
        }
    });
    let expected = json!({
        "event": "order_processed",
        "distinct_id": "user-8",
        "properties": { "some-key": "value-2", "$context_tags": ["some-key"] },
    });
    assert_eq!(essences(&events), [expected]);
}

#[test]
fn ctx_31_identify_context_says_who_acts() {
    let events = arrived(|| {
        context! {
            identify_context("distinct-id");
            capture!("order_processed");
        }
    });
    let expected =
        json!({ "event": "order_processed", "distinct_id": "distinct-id", "properties": {} });
    assert_eq!(essences(&events), [expected]);
}

#[test]
fn ctx_46_one_event_may_name_another_user() {
    let events = arrived(|| {
        context! {
            identify_context("distinct-id");
            capture!("order_processed");
            capture!("order_processed", distinct_id = "another-distinct-id");
        }
    });
    let ids: Vec<_> = events.iter().map(|event| &event["distinct_id"]).collect();
    assert_eq!(ids, ["distinct-id", "another-distinct-id"]);
}

#[test]
fn ctx_32_a_session_from_a_request_header_is_passed_on() {
    let header = Some(SESSION);
    let events = arrived(|| {
        context! {
            if let Some(session) = header {
                set_context_session(session).expect("a UUIDv7");
            }
            capture!("order_processed");
        }
    });
    assert_eq!(events[0]["properties"]["$session_id"], SESSION);
    assert_eq!(
        events[0]["properties"]["$process_person_profile"], false,
        "nobody was named"
    );
}

#[derive(Debug)]
struct OrderError(&'static str);

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for OrderError {}

#[test]
fn ctx_64_a_context_that_does_not_capture_exceptions_lets_them_pass() {
    fn process() -> Result<(), OrderError> {
        context! { <capture_exceptions = false>
            tag!("transaction_id", "abc123");
            tag!("some_arbitrary_value", { "tags": "can be dicts" });
            capture!("order_processed");
            return Err(OrderError("Order processing failed"));
        }
    }
    let events = arrived(|| assert!(process().is_err()));
    let names: Vec<_> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["order_processed"]);
    assert_eq!(
        events[0]["properties"]["$context_tags"],
        json!(["some_arbitrary_value", "transaction_id"])
    );
}

#[test]
fn ctx_73_a_scoped_function_reports_the_error_that_leaves_it() {
    struct User {
        distinct_id: String,
    }
    #[scoped(fresh = true)]
    fn process_order(user: &User, order_id: u32) -> Result<(), OrderError> {
        identify_context(&user.distinct_id);
        tag!(order_id);
        capture!("order_processed");
        Err(OrderError("Order processing failed"))
    }
    let events = arrived(|| {
        context! {
            tag!("outer", 1);
            let user = User { distinct_id: "user-7".to_owned() };
            assert!(process_order(&user, 551).is_err());
        }
    });
    let expected = [
        json!({
            "event": "order_processed",
            "distinct_id": "user-7",
            "properties": { "order_id": 551, "$context_tags": ["order_id"] },
        }),
        json!({
            "event": "$exception",
            "distinct_id": "user-7",
            "properties": {
                "$exception_level": "error",
                "$exception_source": "rust.context",
                "$exception_type": "OrderError",
                "$exception_message": "Order processing failed",
                "$exception_list": [{
                    "type": "OrderError",
                    "module": "documentation",
                    "value": "Order processing failed",
                    "mechanism": { "type": "generic", "handled": true, "synthetic": true, "exception_id": 0 },
                }],
                "order_id": 551,
                "$context_tags": ["order_id"],
            },
        }),
    ];
    assert_eq!(essences(&events), expected);
}
