//! Levels, sources, and what each boundary says where nobody else does (exceptions.md, section 3).

#[path = "support/reports.rs"]
mod reports;

use posthog::{Event, Exception, Level, ToLevel, context, scoped};
use reports::Reports;
use serde_json::{Value, json};
use std::{error::Error, fmt};

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl Error for Declined {}

fn decline() -> Result<(), Declined> {
    Err(Declined)
}

/// Level, type and handling of the mechanism, and source.
fn boundary(properties: &Value) -> [Value; 4] {
    let mechanism = &properties["$exception_list"][0]["mechanism"];
    [
        properties["$exception_level"].clone(),
        mechanism["type"].clone(),
        mechanism["handled"].clone(),
        properties["$exception_source"].clone(),
    ]
}

fn said(level: &str, kind: &str, handled: bool, source: Value) -> [Value; 4] {
    [json!(level), json!(kind), json!(handled), source]
}

#[test]
fn exc_36_a_call_is_a_handled_error_without_a_source() {
    let reports = Reports::new();
    reports.client.capture_exception(&Declined);
    assert_eq!(
        boundary(&reports.properties()),
        said("error", "generic", true, Value::Null)
    );
}

#[test]
fn exc_37_an_error_that_leaves_a_context_is_handled_there() {
    #[scoped(client = client)]
    fn scoped_function(client: &posthog::Client) -> Result<(), Declined> {
        decline()
    }
    let reports = Reports::new();
    scoped_function(&reports.client).expect_err("the error goes on");
    let in_a_context = || -> Result<(), Declined> {
        context! { <client = &reports.client> decline() }
    };
    in_a_context().expect_err("the error goes on");
    for event in reports.all() {
        let expected = said("error", "generic", true, json!("rust.context"));
        assert_eq!(boundary(&event["properties"]), expected);
    }
}

/// What an integration can say about its boundary arrives as it said it.
fn assert_kept(level: &str, kind: &str, handled: bool, source: &str) {
    let reports = Reports::new();
    Exception::new(&Declined)
        .level(level)
        .mechanism(kind)
        .handled(handled)
        .source(source)
        .capture_with(&reports.client);
    assert_eq!(
        boundary(&reports.properties()),
        said(level, kind, handled, json!(source))
    );
}

#[test]
fn exc_40_a_middleware_can_say_that_the_failure_became_a_response() {
    assert_kept("error", "middleware", true, "axum.middleware");
}

#[test]
fn exc_41_a_middleware_can_say_that_the_failure_escaped() {
    assert_kept("error", "middleware", false, "tower.layer");
}

#[test]
fn exc_42_a_task_can_say_that_it_failed() {
    assert_kept("error", "task", false, "tokio.task");
}

#[test]
fn exc_43_a_logger_can_say_how_bad_its_record_is() {
    assert_kept("warning", "logger", true, "rust.log");
    assert_kept("fatal", "logger", true, "rust.tracing");
}

#[test]
fn exc_30_what_is_handed_over_is_handled_unless_the_caller_says_otherwise() {
    let reports = Reports::new();
    Exception::new(&Declined).capture_with(&reports.client);
    Exception::new(&Declined)
        .handled(false)
        .capture_with(&reports.client);
    let all = reports.all();
    let handled = |at: usize| &all[at]["properties"]["$exception_list"][0]["mechanism"]["handled"];
    assert_eq!((handled(0), handled(1)), (&json!(true), &json!(false)));
}

#[test]
fn exc_33_an_unknown_level_leaves_the_boundarys() {
    let reports = Reports::new();
    Exception::new(&Declined)
        .level("terrible")
        .capture_with(&reports.client);
    Exception::new(&Declined)
        .level("Critical")
        .capture_with(&reports.client);
    Exception::new(&Declined)
        .level(Level::Info)
        .level("nonsense")
        .capture_with(&reports.client);
    let levels: Vec<_> = reports
        .all()
        .iter()
        .map(|event| event["properties"]["$exception_level"].clone())
        .collect();
    assert_eq!(levels, ["error", "fatal", "info"]);
    assert_eq!("trace".to_level(), Some(Level::Debug));
}

#[test]
fn exc_34_the_source_is_the_hook_that_caught_it_and_never_guessed() {
    let reports = Reports::new();
    Exception::new(&Declined)
        .source("tower.layer")
        .capture_with(&reports.client);
    assert_eq!(reports.properties()["$exception_source"], "tower.layer");
    let reports = Reports::new();
    Exception::new(&Declined).capture_with(&reports.client);
    assert_eq!(reports.properties().get("$exception_source"), None);
}

#[test]
fn exc_35_each_field_is_decided_by_itself() {
    let reports = Reports::new();
    Exception::new(&Declined)
        .mechanism(json!({ "handled": false }))
        .capture_with(&reports.client);
    assert_eq!(
        boundary(&reports.properties()),
        said("error", "generic", false, Value::Null)
    );
}

#[test]
fn exc_32_a_field_of_the_wrong_type_is_dropped_and_further_ones_are_kept() {
    let reports = Reports::new();
    Exception::new(&Declined)
        .mechanism(
            json!({ "type": 7, "handled": "yes", "source": "", "parent_id": -1, "attempt": 3 }),
        )
        .capture_with(&reports.client);
    assert_eq!(
        reports.entries()[0]["mechanism"],
        json!({ "type": "generic", "handled": true, "synthetic": true, "exception_id": 0, "attempt": 3 })
    );
}

#[test]
fn exc_46_the_applications_properties_cannot_replace_what_the_failure_says() {
    const RESERVED: [&str; 17] = [
        "$exception_list",
        "$exception_level",
        "$exception_source",
        "$exception_type",
        "$exception_message",
        "$exception_fingerprint",
        "$debug_images",
        "$exception_handled",
        "$exception_types",
        "$exception_values",
        "$exception_sources",
        "$exception_functions",
        "$exception_fingerprint_version",
        "$exception_fingerprint_record",
        "$exception_issue_id",
        "$exception_release",
        "$cymbal_errors",
    ];
    let plain = Reports::new();
    plain.client.capture_exception(&Declined);
    let mut expected = plain.properties();
    let reports = Reports::with(|options| options.super_property("$exception_level", "debug"));
    let mut exception = Exception::new(&Declined);
    let mut context = posthog::new_context();
    for key in RESERVED {
        exception = exception.property(key, "the application's");
        context = context.tag(key, "the context's");
    }
    context.run(|| exception.capture_with(&reports.client));
    let mut properties = reports.properties();
    for differing in ["$exception_list", "$debug_images", "$context_tags"] {
        for properties in [&mut properties, &mut expected] {
            properties
                .as_object_mut()
                .expect("properties")
                .remove(differing);
        }
    }
    assert_eq!(properties, expected);
    // A hand-made event is the caller's own affair.
    let reports = Reports::new();
    reports
        .client
        .capture(Event::new("$exception").property("$exception_list", "the application's"));
    assert_eq!(reports.properties()["$exception_list"], "the application's");
}

#[test]
fn exc_47_every_other_property_is_kept_and_wins_over_tags() {
    let reports = Reports::new();
    posthog::new_context()
        .tag("order", 1)
        .tag("handled", "tag")
        .run(|| {
            Exception::new(&Declined)
                .property("order", 2)
                .property("handled", true)
                .capture_with(&reports.client)
        });
    let properties = reports.properties();
    assert_eq!(
        (&properties["order"], &properties["handled"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(
        properties["$exception_list"][0]["mechanism"]["handled"],
        true
    );
}

#[test]
fn exc_48_a_call_takes_who_when_and_which_as_any_event_does() {
    let reports = Reports::new();
    let uuid = "0197b0aa-51c0-7c44-8f11-a7d0c1b2e3f4";
    let given = Exception::new(&Declined)
        .distinct_id("user-7")
        .session_id("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11")
        .groups(json!({ "company": "acme" }))
        .timestamp("2031-05-06T23:30:00-02:30")
        .uuid(uuid)
        .capture_with(&reports.client);
    assert_eq!(given.map(|uuid| uuid.to_string()).as_deref(), Some(uuid));
    let event = reports.only();
    assert_eq!(
        (&event["distinct_id"], &event["timestamp"], &event["uuid"]),
        (
            &json!("user-7"),
            &json!("2031-05-07T02:00:00Z"),
            &json!(uuid)
        )
    );
    assert_eq!(event["properties"]["$groups"], json!({ "company": "acme" }));
}

#[test]
fn exc_49_a_fingerprint_is_sent_if_it_was_given_and_is_not_blank() {
    let reports = Reports::new();
    Exception::new(&Declined)
        .fingerprint("declined cards")
        .capture_with(&reports.client);
    Exception::new(&Declined)
        .fingerprint("  ")
        .capture_with(&reports.client);
    let all = reports.all();
    assert_eq!(
        all[0]["properties"]["$exception_fingerprint"],
        "declined cards"
    );
    assert_eq!(all[1]["properties"].get("$exception_fingerprint"), None);
}

#[test]
fn exc_50_what_an_issue_is_to_be_called_passes() {
    let reports = Reports::new();
    Exception::new(&Declined)
        .property("$issue_name", "Declined cards")
        .property("$issue_description", "by the bank")
        .property("$issue_severity", "low")
        .capture_with(&reports.client);
    let properties = reports.properties();
    assert_eq!(properties["$issue_name"], "Declined cards");
    assert_eq!(properties["$issue_severity"], "low");
}
