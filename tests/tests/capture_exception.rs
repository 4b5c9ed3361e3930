//! `capture_exception!`: errors of any type, with what goes with them.

#[path = "support/reports.rs"]
mod reports;

use posthog::{CapturedEvent, Level, capture_exception, context, testing::record};
use reports::Reports;
use serde_json::json;
use std::{cell::Cell, error::Error, fmt, rc::Rc};

#[derive(Debug)]
struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl Error for Declined {}

/// Type and message.
fn said(event: &CapturedEvent) -> (&str, &str) {
    let text = |key: &str| event.properties[key].as_str().unwrap_or_default();
    (text("$exception_type"), text("$exception_message"))
}

#[test]
fn exc_36_an_error_of_any_type_can_be_handed_over() {
    struct Silent;
    let boxed: Box<dyn Error> = Box::new(Declined);
    let text = String::from("just text");
    let events = record(|| {
        capture_exception!(Declined);
        capture_exception!(&Declined);
        capture_exception!(Rc::new(Declined));
        capture_exception!(boxed);
        capture_exception!(&*boxed);
        capture_exception!(anyhow::Error::new(Declined).context("order 551"));
        capture_exception!(eyre::Report::new(Declined));
        capture_exception!(text);
        capture_exception!("a str");
        capture_exception!(Silent);
    });
    let found: Vec<_> = events.iter().map(said).collect();
    let declined = ("Declined", "card declined");
    assert_eq!(
        found,
        [
            declined,
            declined,
            declined,
            declined,
            declined,
            ("Error", "order 551"),
            declined,
            ("String", "just text"),
            ("str", "a str"),
            (
                "Silent",
                "capture_exception::exc_36_an_error_of_any_type_can_be_handed_over::Silent"
            ),
        ]
    );
    // They were only borrowed.
    assert_eq!(
        (boxed.to_string(), text.len()),
        ("card declined".to_owned(), 9)
    );
}

#[test]
fn exc_48_options_and_properties_go_with_it() {
    let reports = Reports::new();
    let level = Level::Warning;
    let extra = json!({ "attempt": 3 });
    let uuid = capture_exception!(
        Declined,
        client = &reports.client,
        level = level,
        fingerprint = format!("declined {}", 7),
        mechanism = "task",
        handled = false,
        source = "cron.nightly",
        order = 551,
        "level" = "a property",
        distinct_id = "user-7",
        groups = { "company": "acme" },
        ..extra
    );
    let event = reports.only();
    assert_eq!(
        uuid.map(|uuid| uuid.to_string()),
        event["uuid"].as_str().map(str::to_owned)
    );
    assert_eq!(event["distinct_id"], "user-7");
    let properties = &event["properties"];
    for (key, value) in [
        ("$exception_level", json!("warning")),
        ("$exception_fingerprint", json!("declined 7")),
        ("$exception_source", json!("cron.nightly")),
        ("order", json!(551)),
        ("level", json!("a property")),
        ("attempt", json!(3)),
        ("$groups", json!({ "company": "acme" })),
    ] {
        assert_eq!(properties[key], value, "{key}");
    }
    assert_eq!(
        properties["$exception_list"][0]["mechanism"],
        json!({ "type": "task", "handled": false, "synthetic": true, "exception_id": 0 })
    );
}

#[test]
fn exc_6_with_no_client_listening_no_argument_is_evaluated() {
    let evaluated = Cell::new(0);
    let count = || {
        evaluated.set(evaluated.get() + 1);
        Declined
    };
    let nothing = capture_exception!(count(), order = %count(), level = { count(); "error" });
    assert_eq!((nothing, evaluated.get()), (None, 0));
    record(|| capture_exception!(count(), order = %count()));
    assert_eq!(evaluated.get(), 2);
}

#[test]
fn exc_79_what_is_handed_over_in_a_context_is_not_captured_again_when_it_leaves() {
    fn pay() -> Result<(), Declined> {
        context! {
            let outcome = Err(Declined);
            if let Err(error) = &outcome {
                capture_exception!(error, level = "fatal");
            }
            outcome
        }
    }
    let events = record(pay);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].properties["$exception_level"], "fatal");
}

#[test]
fn exits_in_its_arguments_leave_the_context_around_it() {
    fn quantity(text: &str) -> Result<(), std::num::ParseIntError> {
        context! {
            capture_exception!(Declined, quantity = text.parse::<u32>()?);
            Ok(())
        }
    }
    let events = record(|| quantity("three"));
    let found: Vec<_> = events.iter().map(said).collect();
    assert_eq!(found, [("ParseIntError", "invalid digit found in string")]);
}
