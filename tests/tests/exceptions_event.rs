//! What the event of a failure says (exceptions.md, sections 1 and 2), as it arrives over HTTP.

#[path = "support/reports.rs"]
mod reports;

use posthog::{Client, Exception, Options, capture_exception, new_context, testing::record};
use reports::Reports;
use serde_json::{Value, json};
use std::{
    error::Error,
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

/// An error with a cause, and that with one, and so on.
#[derive(Debug)]
struct Link {
    text: String,
    cause: Option<Box<Link>>,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

fn chain(texts: &[&str]) -> Link {
    let link = |cause, text: &&str| Link {
        text: (*text).to_owned(),
        cause,
    };
    let (first, rest) = texts.split_first().expect("a text");
    let cause = rest
        .iter()
        .rfold(None, |cause, text| Some(Box::new(link(cause, text))));
    link(cause, first)
}

#[test]
fn exc_1_a_failure_goes_through_the_ordinary_path() {
    let reports = Reports::with(|options| {
        options
            .super_property("service", "orders")
            .before_send(|mut event| {
                event.properties.insert("hooked".to_owned(), json!(true));
                Some(event)
            })
    });
    new_context()
        .tag("order", 551)
        .distinct_id("user-7")
        .session_id("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11")
        .run(|| {
            Exception::new(&chain(&["a"]))
                .groups(json!({ "company": "acme" }))
                .capture_with(&reports.client)
        });
    let event = reports.only();
    assert_eq!(
        (&event["event"], &event["distinct_id"]),
        (&json!("$exception"), &json!("user-7"))
    );
    let properties = &event["properties"];
    for (key, value) in [
        ("order", json!(551)),
        ("service", json!("orders")),
        ("hooked", json!(true)),
        ("$session_id", json!("0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11")),
        ("$groups", json!({ "company": "acme" })),
        ("$context_tags", json!(["order"])),
        ("$is_server", json!(true)),
    ] {
        assert_eq!(properties[key], value, "{key}");
    }
}

#[test]
fn exc_2_the_list_is_outermost_first() {
    let reports = Reports::new();
    reports
        .client
        .capture_exception(&chain(&["outer", "middle", "root"]));
    let values: Vec<_> = reports
        .entries()
        .iter()
        .map(|entry| entry["value"].clone())
        .collect();
    assert_eq!(values, ["outer", "middle", "root"]);
}

#[test]
fn exc_3_type_and_message_repeat_the_outermost_entry() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["outer", "root"]));
    let properties = reports.properties();
    assert_eq!(
        (
            &properties["$exception_type"],
            &properties["$exception_message"]
        ),
        (&json!("Link"), &json!("outer"))
    );
}

#[test]
fn exc_4_the_error_goes_on_as_it_came_whatever_it_does() {
    #[derive(Debug, PartialEq)]
    struct Hostile(u8);
    impl fmt::Display for Hostile {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in display")
        }
    }
    impl Error for Hostile {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            panic!("in source")
        }
    }
    let reports = Reports::new();
    let result: Result<(), _> = reports.context().try_run(|| Err(Hostile(7)));
    assert_eq!(result, Err(Hostile(7)));
    assert!(
        reports
            .client
            .capture_exception(&chain(&["next"]))
            .is_some()
    );
    assert_eq!(reports.messages(), ["", "next"]);
}

#[test]
fn exc_5_it_gives_the_events_uuid_or_none_if_nothing_was_sent() {
    let reports = Reports::new();
    let error = chain(&["a"]);
    let uuid = reports.client.capture_exception(&error).expect("a UUID");
    assert_eq!(reports.only()["uuid"], uuid.to_string());
    reports.client.opt_out();
    assert_eq!(reports.client.capture_exception(&error), None);
    let dropping = Reports::with(|options| options.before_send(|_| None));
    assert_eq!(dropping.client.capture_exception(&error), None);
    let disabled = Client::new(Options::new("phc_test").disabled(true)).expect("a client");
    assert_eq!(disabled.capture_exception(&error), None);
    assert_eq!(capture_exception(&error), None, "no global client");
}

#[test]
fn exc_6_with_no_client_listening_nothing_is_read_of_the_error() {
    static READ: AtomicUsize = AtomicUsize::new(0);
    struct Counting;
    impl fmt::Debug for Counting {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            READ.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
    impl fmt::Display for Counting {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            READ.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
    impl Error for Counting {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            READ.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
    let disabled = Client::new(Options::new("phc_test").disabled(true)).expect("a client");
    let opted_out = Client::new(Options::new("phc_test").opted_out(true)).expect("a client");
    for client in [&disabled, &opted_out] {
        client.capture_exception(&Counting);
        Exception::new(&Counting)
            .property("a", 1)
            .capture_with(client);
        let _ = new_context()
            .client(client)
            .try_run(|| Err::<(), _>(Counting));
    }
    capture_exception(&Counting);
    let _ = new_context().try_run(|| Err::<(), _>(Counting));
    assert_eq!(READ.load(Ordering::Relaxed), 0);
    record(|| capture_exception(&Counting));
    assert!(READ.load(Ordering::Relaxed) > 0, "the test can fail");
}

#[test]
fn exc_7_without_a_distinct_id_it_is_personless() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["a"]));
    let event = reports.only();
    assert_eq!(event["properties"]["$process_person_profile"], false);
    let id: uuid::Uuid = reports::text(&event["distinct_id"])
        .parse()
        .expect("a UUID");
    assert_eq!(id.get_version_num(), 7);
}

#[test]
fn exc_8_the_timestamp_is_that_of_the_capture() {
    let reports = Reports::new();
    let before = SystemTime::now();
    reports.client.capture_exception(&chain(&["a"]));
    let after = SystemTime::now();
    let event = reports.only();
    let at: jiff::Timestamp = reports::text(&event["timestamp"])
        .parse()
        .expect("a timestamp");
    let at = SystemTime::from(at);
    let margin = Duration::from_micros(1);
    assert!(
        before <= at + margin && at <= after,
        "{before:?} {at:?} {after:?}"
    );
}

#[test]
fn exc_10_the_library_is_called_what_the_service_reads_frames_by() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["a"]));
    let properties = reports.properties();
    assert_eq!(properties["$lib"], "posthog-rust");
    let version = reports::text(&properties["$lib_version"]);
    let parts: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
    assert!(
        parts.len() == 3 && parts.iter().all(Result::is_ok),
        "{version}"
    );
}

#[test]
fn exc_12_the_module_is_the_path_before_the_type_and_left_out_where_it_is_unknown() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["outer", "root"]));
    let entries = reports.entries();
    assert_eq!(entries[0]["module"], "exceptions_event");
    assert_eq!(entries[1].get("module"), None);
}

#[test]
fn exc_13_a_type_erased_error_is_named_by_its_debug_text() {
    let reports = Reports::new();
    let boxed: Box<dyn Error> = Box::new(chain(&["a"]));
    reports.client.capture_exception(&*boxed);
    Exception::erased(&*Box::<dyn Error>::from("just text")).capture_with(&reports.client);
    let all = reports.all();
    let of = |at: usize, key: &str| {
        all[at]["properties"]["$exception_list"][0]
            .get(key)
            .cloned()
    };
    assert_eq!(
        (of(0, "type"), of(0, "module")),
        (Some(json!("Link")), None)
    );
    assert_eq!(
        (of(1, "type"), of(1, "value")),
        (Some(json!("Error")), Some(json!("just text")))
    );
}

#[test]
fn exc_14_texts_are_cut_and_an_empty_one_stays_empty() {
    let reports = Reports::new();
    let long = format!("{}é", "x".repeat(9_999));
    reports.client.capture_exception(&chain(&[&long, ""]));
    let entries = reports.entries();
    assert_eq!(entries[0]["value"], "x".repeat(9_999));
    assert_eq!(entries[1]["value"], "");
    assert_eq!(
        reports.properties()["$exception_message"],
        "x".repeat(9_999)
    );
}

#[test]
fn exc_16_a_text_that_fails_is_empty_and_the_capture_goes_on() {
    struct Mute;
    impl fmt::Debug for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl Error for Mute {}
    let reports = Reports::new();
    reports.client.capture_exception(&Mute);
    Exception::erased(&Mute).capture_with(&reports.client);
    let all = reports.all();
    let of = |at: usize, key: &str| &all[at]["properties"]["$exception_list"][0][key];
    assert_eq!(
        (of(0, "type"), of(0, "value")),
        (&json!("Mute"), &json!(""))
    );
    assert_eq!(
        (of(1, "type"), of(1, "value")),
        (&json!("Error"), &json!(""))
    );
}

#[test]
fn exc_17_no_entry_has_a_thread() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["outer", "root"]));
    assert!(
        reports
            .entries()
            .iter()
            .all(|entry| entry.get("thread_id").is_none())
    );
}

#[test]
fn exc_18_a_stack_is_raw_and_never_empty() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["outer", "root"]));
    let entries = reports.entries();
    assert_eq!(entries[0]["stacktrace"]["type"], "raw");
    assert!(!reports::frames(&entries[0]).is_empty());
    assert_eq!(entries[1].get("stacktrace"), None, "exc_26");
}

#[test]
fn exc_19_exc_20_exc_21_each_cause_is_chained_to_the_one_before() {
    let reports = Reports::new();
    reports
        .client
        .capture_exception(&chain(&["outer", "middle", "root"]));
    let mechanisms: Vec<_> = reports
        .entries()
        .iter()
        .map(|entry| entry["mechanism"].clone())
        .collect();
    let cause = |id: u32| json!({ "type": "chained", "source": "cause", "synthetic": false, "exception_id": id, "parent_id": id - 1 });
    assert_eq!(
        mechanisms,
        [
            json!({ "type": "generic", "handled": true, "synthetic": true, "exception_id": 0 }),
            cause(1),
            cause(2),
        ]
    );
}

#[test]
fn exc_20_ids_run_from_0() {
    let reports = Reports::new();
    reports
        .client
        .capture_exception(&chain(&["a", "b", "c", "d"]));
    let ids: Vec<_> = reports
        .entries()
        .iter()
        .map(|entry| entry["mechanism"]["exception_id"].clone())
        .collect();
    assert_eq!(ids, [0, 1, 2, 3]);
}

#[test]
fn exc_21_a_cause_does_not_say_that_it_was_handled() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["a", "b"]));
    assert_eq!(reports.entries()[1]["mechanism"].get("handled"), None);
}

#[test]
fn exc_22_at_most_50_entries_are_listed() {
    let texts: Vec<_> = (0..60).map(|n| n.to_string()).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&texts));
    let entries = reports.entries();
    assert_eq!(entries.len(), 50);
    assert_eq!(entries[49]["value"], "49");
}

#[test]
fn exc_23_an_error_that_is_its_own_cause_is_listed_once_and_a_first_field_is_not_taken_for_its_wrapper()
 {
    #[derive(Debug)]
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("endless")
        }
    }
    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Endless)
        }
    }
    #[derive(Debug)]
    struct Wrapper(Link);
    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapper")
        }
    }
    impl Error for Wrapper {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let reports = Reports::new();
    reports.client.capture_exception(&Endless);
    reports
        .client
        .capture_exception(&Wrapper(chain(&["inner"])));
    let all = reports.all();
    let entries = |at: usize| {
        all[at]["properties"]["$exception_list"]
            .as_array()
            .map_or(0, Vec::len)
    };
    // Errors without a size may share an address: at most the 50 of the limit.
    assert!((1..=50).contains(&entries(0)));
    assert_eq!(entries(1), 2);
}

#[test]
fn exc_26_only_the_outermost_entry_has_the_stack_of_the_place() {
    let reports = Reports::new();
    let _ = reports
        .context()
        .try_run(|| Err::<(), _>(chain(&["outer", "root"])));
    let entries = reports.entries();
    assert!(entries[0].get("stacktrace").is_some());
    assert!(entries[1].get("stacktrace").is_none());
}

fn has_null_or_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.iter().any(has_null_or_empty),
        Value::Object(fields) => fields.values().any(has_null_or_empty),
        _ => false,
    }
}

#[test]
fn exc_27_what_is_not_known_is_left_out() {
    let reports = Reports::new();
    Exception::new(&chain(&["a"]))
        .source(" ")
        .fingerprint("")
        .capture_with(&reports.client);
    let properties = reports.properties();
    assert_eq!(properties.get("$exception_source"), None);
    assert_eq!(properties.get("$exception_fingerprint"), None);
    assert!(!has_null_or_empty(&properties["$exception_list"]));
}

#[test]
fn exc_28_a_single_entry_has_the_id_0_and_neither_parent_nor_source() {
    let reports = Reports::new();
    reports.client.capture_exception(&chain(&["a"]));
    let mechanism = &reports.entries()[0]["mechanism"];
    assert_eq!(mechanism["exception_id"], 0);
    assert_eq!(
        (mechanism.get("parent_id"), mechanism.get("source")),
        (None, None)
    );
}

#[test]
fn exc_29_an_integrations_own_word_for_the_boundary_is_kept() {
    let reports = Reports::new();
    Exception::new(&chain(&["a"]))
        .mechanism("cron")
        .capture_with(&reports.client);
    assert_eq!(reports.entries()[0]["mechanism"]["type"], "cron");
}

#[test]
fn exc_31_synthetic_says_that_the_stack_is_not_the_errors_own() {
    let with = Reports::new();
    with.client.capture_exception(&chain(&["a"]));
    assert_eq!(with.entries()[0]["mechanism"]["synthetic"], true);
    let without = Reports::with(|options| options.capture_stacktrace(false));
    without.client.capture_exception(&chain(&["a"]));
    assert_eq!(without.entries()[0]["mechanism"]["synthetic"], false);
}

#[test]
fn exc_99_a_callers_own_steps_pass_unchanged() {
    let reports = Reports::new();
    let steps = json!([{ "$message": "clicked", "$timestamp": "2031-05-07T02:00:00Z" }]);
    Exception::new(&chain(&["a"]))
        .property("$exception_steps", &steps)
        .capture_with(&reports.client);
    assert_eq!(reports.properties()["$exception_steps"], steps);
}

#[test]
fn the_scrubber_changes_what_is_said_and_not_what_is_told_apart() {
    let reports = Reports::with(|options| {
        options.scrub_exception(|text| {
            assert!(text.value != "bad", "the scrubber panics");
            text.value = text.value.replace("4111-1111", "****");
            if text.exception_type == "Panic" {
                text.value = "a panic".to_owned();
            }
        })
    });
    let outer = reports.context().enter();
    let result: Result<(), _> = reports
        .context()
        .try_run(|| Err(chain(&["card 4111-1111", "bad"])));
    result.expect_err("the error goes on");
    drop(outer);
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        reports.context().run(|| panic!("secret"));
    }));
    let all = reports.all();
    let list = &all[0]["properties"]["$exception_list"];
    assert_eq!(
        (&list[0]["value"], &list[1]["value"]),
        (&json!("card ****"), &json!(""))
    );
    // A cause is known by its `Debug` text only.
    assert_eq!(
        (&list[0]["type"], &list[1]["type"]),
        (&json!("Link"), &json!("Error"))
    );
    assert_eq!(all[0]["properties"]["$exception_message"], "card ****");
    assert_eq!(all[1]["properties"]["$exception_message"], "a panic");
    assert_eq!(all.len(), 2);
}
