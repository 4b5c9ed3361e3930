//! What is reported of programs that panic, and of those that end with an error (exceptions.md, section 6): each is a
//! process of its own, with a client of its own, and sends over HTTP.

use posthog_tests::LocalPostHog;
use serde_json::{Value, json};
use std::process::{Command, Output};

/// What arrived of the program that fails in that way.
struct Ran {
    output: Output,
    events: Vec<Value>,
}

fn run(scenario: &str) -> Ran {
    run_with(scenario, &[])
}

fn run_with(scenario: &str, variables: &[(&str, &str)]) -> Ran {
    let posthog = LocalPostHog::start();
    let output = Command::new(env!("CARGO_BIN_EXE_failing"))
        .args([scenario, &posthog.url()])
        .envs(variables.iter().copied())
        .output()
        .expect("the program runs");
    assert_eq!(posthog.violations(), Vec::<String>::new(), "{scenario}");
    Ran {
        output,
        events: posthog.events(),
    }
}

impl Ran {
    /// Level and message of each failure.
    fn failures(&self) -> Vec<(&str, &str)> {
        self.events
            .iter()
            .filter(|event| event["event"] == "$exception")
            .map(|event| {
                let text = |key: &str| event["properties"][key].as_str().expect("a text");
                (text("$exception_level"), text("$exception_message"))
            })
            .collect()
    }

    /// The only event there is.
    fn only(&self) -> &Value {
        assert_eq!(self.events.len(), 1, "{:?}", self.failures());
        &self.events[0]
    }

    fn properties(&self) -> &Value {
        &self.only()["properties"]
    }

    fn names(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter_map(|event| event["event"].as_str())
            .collect()
    }

    fn said(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.output.stderr)
            .matches(text)
            .count()
    }

    fn ended_well(&self) -> bool {
        self.output.status.success()
    }

    /// The functions of the outermost entry's stack, entry point first.
    fn functions(&self) -> Vec<&str> {
        let list = self.properties()["$exception_list"][0]["stacktrace"]["frames"].as_array();
        list.into_iter()
            .flatten()
            .filter_map(|frame| frame["function"].as_str())
            .collect()
    }
}

#[test]
fn exc_37_an_error_that_leaves_a_scoped_main_with_init_inside_is_reported() {
    let ran = run("scoped_main_returns_an_error");
    assert!(!ran.ended_well(), "the error goes on");
    assert_eq!(ran.names(), ["started", "$exception"]);
    assert_eq!(ran.failures(), [("error", "out of stock")]);
    assert_eq!(ran.events[1]["distinct_id"], "u-1");
    let ran = run("async_scoped_main_returns_an_error");
    assert_eq!(ran.failures(), [("error", "out of stock")]);
    assert_eq!(ran.only()["distinct_id"], "u-1");
}

#[test]
fn exc_88_a_panic_that_leaves_a_scoped_main_with_init_inside_is_reported() {
    let ran = run("scoped_main_panics");
    assert_eq!(ran.failures(), [("fatal", "out of stock")]);
    assert_eq!(ran.only()["distinct_id"], "u-1");
    assert_eq!(ran.said("the previous hook ran"), 1);
}

#[test]
fn cap_7_init_works_again_inside_of_the_scope_that_the_first_client_outlives() {
    let ran = run("init_again_inside_of_a_scope");
    assert!(ran.ended_well());
    assert_eq!(ran.names(), ["again"]);
}

#[test]
fn dlv_65_a_guard_that_is_dropped_inside_of_a_scope_delivers_what_is_queued_before_the_scope_closes()
 {
    let ran = run("exit_inside_of_a_scope");
    assert!(ran.ended_well());
    assert_eq!(ran.names(), ["done"]);
}

#[test]
fn exc_88_a_panic_behind_the_guard_has_its_stack_as_long_as_the_scope_is_open() {
    let ran = run("panic_behind_the_guard_inside_of_a_scope");
    assert_eq!(ran.failures(), [("fatal", "behind the guard")]);
    assert!(ran.functions().len() > 1, "{:?}", ran.functions());
}

#[test]
fn exc_38_a_panic_on_the_main_thread_is_fatal_and_exc_89_the_hook_waits_for_its_delivery() {
    let ran = run("panic_on_main");
    let properties = ran.properties();
    assert_eq!(ran.failures(), [("fatal", "nobody is there")]);
    assert_eq!(properties["$exception_source"], "rust.panic_hook");
    assert_eq!(properties["$process_person_profile"], false);
    assert_eq!(
        properties["$exception_list"][0]["mechanism"],
        json!({ "type": "panic", "handled": false, "synthetic": false, "exception_id": 0 })
    );
    assert_eq!(ran.said("the previous hook ran"), 1);
}

#[test]
fn exc_88_outside_of_capturing_contexts_a_panic_has_the_state_of_the_context_that_there_is() {
    let ran = run("panic_on_main_in_an_uncapturing_context");
    assert_eq!(ran.failures(), [("fatal", "nobody is there")]);
    assert_eq!(ran.only()["distinct_id"], "u-1");
}

#[test]
fn exc_88_outside_of_capturing_contexts_panics_are_captured_only_where_the_option_says_so() {
    assert_eq!(run("panic_on_main_uncaptured").failures(), []);
}

#[test]
fn exc_88_in_a_capturing_context_the_context_sends_it_once() {
    let ran = run("panic_on_main_in_a_context");
    assert_eq!(ran.failures(), [("fatal", "on main")]);
    assert_eq!(ran.only()["distinct_id"], "u-1");
}

#[test]
fn exc_39_a_panic_on_another_thread_or_in_a_task_is_an_error() {
    let ran = run("panic_on_a_thread");
    assert!(ran.ended_well());
    assert_eq!(ran.failures(), [("error", "on a thread")]);
    let ran = run("panic_in_a_task");
    assert!(ran.ended_well());
    assert_eq!(ran.failures(), [("error", "in a task")]);
}

#[test]
fn exc_86_exc_87_a_panic_has_its_message_its_place_and_its_own_stack() {
    let ran = run("panic_on_a_thread");
    let properties = ran.properties();
    let entry = &properties["$exception_list"][0];
    assert_eq!(
        (&entry["type"], &entry["value"]),
        (&json!("Panic"), &json!("on a thread"))
    );
    assert_eq!(
        properties["$exception_list"].as_array().map(Vec::len),
        Some(1)
    );
    let file = properties["$exception_panic_file"]
        .as_str()
        .expect("a file");
    assert!(file.ends_with("src/bin/failing.rs"), "{file}");
    let crash_site = entry["stacktrace"]["frames"]
        .as_array()
        .and_then(|frames| frames.last())
        .expect("a frame");
    assert_eq!(crash_site["lineno"], properties["$exception_panic_line"]);
    assert_eq!(crash_site["colno"], properties["$exception_panic_column"]);
    assert_eq!(ran.functions().last(), Some(&"failing::main::{{closure}}"));
}

#[test]
fn exc_87_a_panic_has_file_line_and_column() {
    let ran = run("panic_on_main");
    let properties = ran.properties();
    assert!(properties["$exception_panic_line"].as_u64() > Some(0));
    assert!(properties["$exception_panic_column"].as_u64() > Some(0));
}

#[test]
fn exc_92_a_panic_that_is_caught_and_resumed_is_one_failure() {
    assert_eq!(
        run("panic_caught_and_resumed_in_a_context").failures(),
        [("fatal", "caught")]
    );
    // On another thread nobody knows it again.
    assert_eq!(
        run("panic_caught").failures(),
        [("fatal", "caught"), ("error", "panic occurred")]
    );
}

#[test]
fn exc_85_after_the_shutdown_the_hook_only_calls_the_previous_one() {
    let ran = run("panic_after_shutdown");
    assert_eq!(ran.failures(), []);
    assert_eq!(ran.said("the previous hook ran"), 1);
}

#[test]
fn exc_85_several_clients_share_one_hook() {
    let ran = run("two_clients");
    assert_eq!(ran.failures(), [("error", "once")]);
    assert_eq!(ran.said("the previous hook ran"), 1);
}

#[test]
fn exc_91_when_a_panic_while_unwinding_aborts_both_are_reported_before() {
    let ran = run("panic_while_unwinding");
    assert!(!ran.ended_well());
    assert_eq!(ran.failures(), [("fatal", "first"), ("fatal", "second")]);
    assert!(
        ran.events
            .iter()
            .all(|event| event["properties"]["order"] == 7)
    );
    assert_eq!(
        run("panic_while_unwinding_without_a_context").failures(),
        [("fatal", "first"), ("fatal", "second")]
    );
}

#[test]
fn exc_91_a_panic_in_a_destructor_is_a_panic_like_any_other() {
    let ran = run("panic_in_drop");
    assert!(ran.ended_well());
    assert_eq!(ran.failures(), [("fatal", "in drop")]);
}

#[test]
fn exc_91_a_panic_out_of_a_function_that_must_not_unwind_is_reported_before_the_abort() {
    let ran = run("panic_through_a_foreign_function");
    assert!(!ran.ended_well());
    assert_eq!(ran.failures(), [("fatal", "must not unwind")]);
    assert_eq!(ran.properties()["order"], 7);
}

#[test]
fn exc_89_a_panic_in_a_thread_locals_destructor_is_reported_before_the_abort() {
    for scenario in [
        "panic_in_a_thread_locals_destructor",
        "panic_in_a_thread_locals_destructor_without_a_context",
        "panic_in_a_thread_locals_destructor_without_a_macro",
    ] {
        let ran = run(scenario);
        assert!(!ran.ended_well());
        assert_eq!(ran.names(), ["before", "$exception"], "{scenario}");
        assert_eq!(ran.failures(), [("fatal", "in a destructor")]);
    }
}

#[test]
fn exc_90_a_panic_that_the_sdk_catches_is_not_captured() {
    assert_eq!(run("panic_in_before_send").names(), ["good"]);
    assert_eq!(run("panic_in_serialize").names(), ["good"]);
}

#[test]
fn exc_90_a_panic_while_the_logger_holds_its_lock_neither_waits_for_it_nor_is_lost() {
    let ran = run("panic_in_the_logger");
    assert_eq!(ran.said("it waits for ever"), 0);
    assert_eq!(ran.failures(), [("fatal", "in the logger")]);
}

#[test]
fn exc_61_an_error_of_anyhow_has_the_stack_of_where_it_was_made_if_it_took_one_down() {
    let ran = run_with("anyhow", &[("RUST_LIB_BACKTRACE", "1")]);
    let functions = ran.functions();
    let last_two = &functions[functions.len() - 2..];
    assert_eq!(
        last_two,
        [
            "failing::outer_with_anyhow::{{closure}}",
            "failing::inner_with_anyhow"
        ]
    );
    let mechanism = &ran.properties()["$exception_list"][0]["mechanism"];
    assert_eq!(mechanism["synthetic"], false);
    let ran = run_with("anyhow", &[("RUST_LIB_BACKTRACE", "0")]);
    assert_eq!(ran.functions().last(), Some(&"failing::outer_with_anyhow"));
    let mechanism = &ran.properties()["$exception_list"][0]["mechanism"];
    assert_eq!(mechanism["synthetic"], true);
}

#[test]
fn exc_90_a_panic_in_a_callback_on_the_worker_is_not_captured() {
    let posthog = LocalPostHog::start();
    posthog.next(posthog_tests::Fault::Status(400));
    let output = Command::new(env!("CARGO_BIN_EXE_failing"))
        .args(["panic_in_on_error", &posthog.url()])
        .output()
        .expect("the program runs");
    assert!(output.status.success());
    let events = posthog.events();
    let names: Vec<_> = events.iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["after"]);
}
