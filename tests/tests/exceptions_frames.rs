//! The stack of a failure, as it arrives over HTTP (exceptions.md, section 4).

#[path = "support/reports.rs"]
mod reports;

use posthog::{Options, scoped};
use reports::{Reports, frames};
use serde_json::{Value, json};
use std::{
    num::ParseIntError,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// While names are looked up for one test, the walk of another would be given up.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

const LINE_OF_THE_EXIT: u32 = line!() + 4;
#[scoped(client = client)]
#[inline(never)]
fn quantity(client: &posthog::Client, text: &str) -> Result<u32, ParseIntError> {
    let quantity = parse(text)?;
    Ok(quantity)
}

#[inline(never)]
fn order(client: &posthog::Client) -> bool {
    quantity(client, "three").is_err()
}

/// The frames of the only failure, entry point first.
fn reported(change: impl FnOnce(Options) -> Options) -> Vec<Value> {
    let reports = Reports::with(change);
    assert!(order(&reports.client));
    frames(&reports.entries()[0])
}

fn position(frames: &[Value], function: &str) -> usize {
    frames
        .iter()
        .position(|frame| frame["function"] == format!("exceptions_frames::{function}"))
        .expect("a frame of that function")
}

#[test]
fn exc_51_the_entry_point_comes_first_and_the_crash_site_last() {
    let _alone = alone();
    let frames = reported(|options| options);
    let (order, quantity) = (position(&frames, "order"), position(&frames, "quantity"));
    assert!(order < quantity);
    assert_eq!(quantity, frames.len() - 1);
    let test = frames.iter().position(|frame| {
        frame["function"]
            .as_str()
            .is_some_and(|name| name.contains("exc_51_the_entry_point"))
    });
    assert!(test < Some(order));
}

#[test]
fn exc_55_exc_57_frames_say_what_was_found_and_quote_no_source() {
    let _alone = alone();
    for frame in reported(|options| options) {
        let found = frame.get("function").is_some() || frame.get("filename").is_some();
        assert_eq!(frame["client_resolved"], found, "{frame}");
        for source in ["pre_context", "context_line", "post_context"] {
            assert_eq!(frame.get(source), None);
        }
        assert_eq!(
            (&frame["platform"], &frame["lang"]),
            (&json!("native"), &json!("rust"))
        );
        assert!(frame["in_app"].is_boolean());
        assert_eq!(frame["synthetic"], false);
    }
}

#[test]
fn exc_57_no_line_of_source_is_sent() {
    let _alone = alone();
    assert!(
        reported(|options| options)
            .iter()
            .all(|frame| frame.get("context_line").is_none())
    );
}

#[test]
fn exc_56_functions_are_demangled() {
    let _alone = alone();
    for frame in reported(|options| options) {
        let name = frame["function"].as_str().unwrap_or_default();
        assert!(
            !name.starts_with("_ZN") && !name.starts_with("_R"),
            "{name}"
        );
        let hash = name.rsplit_once("::h").is_some_and(|(_, hash)| {
            hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        assert!(!hash, "{name}");
    }
}

#[test]
fn exc_54_code_of_the_program_is_in_app_and_the_rest_is_not() {
    let _alone = alone();
    let frames = reported(|options| options);
    assert_eq!(frames[position(&frames, "quantity")]["in_app"], true);
    for frame in &frames {
        let name = frame["function"].as_str().unwrap_or_default();
        if ["std::", "core::", "alloc::", "posthog_core::"]
            .iter()
            .any(|foreign| name.starts_with(foreign))
        {
            assert_eq!(frame["in_app"], false, "{name}");
        }
    }
}

#[test]
fn exc_66_the_lists_of_the_application_come_first() {
    let _alone = alone();
    let frames = reported(|options| {
        options
            .in_app_exclude(["exceptions_frames::order"])
            .in_app_include(["core::ops"])
    });
    assert_eq!(frames[position(&frames, "order")]["in_app"], false);
    assert_eq!(frames[position(&frames, "quantity")]["in_app"], true);
    let call = frames.iter().find(|frame| {
        frame["function"]
            .as_str()
            .is_some_and(|name| name.starts_with("core::ops"))
    });
    assert_eq!(call.expect("a frame of core")["in_app"], true);
}

#[inline(never)]
fn deep(client: &posthog::Client, depth: u32) -> bool {
    if depth == 0 {
        return order(client);
    }
    // Not the last thing it does, or the compiler would make a loop of it.
    std::hint::black_box(deep(client, depth - 1))
}

#[test]
fn exc_59_a_stack_has_at_most_64_frames_of_its_crash_site_end() {
    let _alone = alone();
    let reports = Reports::new();
    assert!(deep(&reports.client, 1_000));
    let frames = frames(&reports.entries()[0]);
    assert!((60..=64).contains(&frames.len()), "{}", frames.len());
    assert_eq!(position(&frames, "quantity"), frames.len() - 1);
}

#[test]
fn exc_62_the_stack_of_an_error_that_leaves_is_that_of_the_place_where_it_does() {
    let _alone = alone();
    let frames = reported(|options| options);
    let last = frames.last().expect("a frame");
    assert_eq!(last["function"], "exceptions_frames::quantity");
    assert_eq!(last["filename"], "tests/exceptions_frames.rs");
    assert_eq!(last["lineno"], LINE_OF_THE_EXIT);
}

#[test]
fn exc_63_stacks_can_be_switched_off() {
    let _alone = alone();
    let reports = Reports::with(|options| options.capture_stacktrace(false));
    assert!(order(&reports.client));
    let entry = &reports.entries()[0];
    assert_eq!(entry.get("stacktrace"), None);
    assert_eq!(entry["mechanism"]["synthetic"], false);
    assert_eq!(reports.properties().get("$debug_images"), None);
}

#[test]
fn exc_64_names_are_looked_up_on_the_worker_unless_a_hook_must_see_them() {
    let _alone = alone();
    let deferred = reported(|options| options);
    let at_once = reported(|options| options.before_send(Some));
    let names = |frames: &[Value]| -> Vec<String> {
        frames
            .iter()
            .rev()
            .take(2)
            .map(|frame| frame["function"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(names(&deferred), names(&at_once));
}

#[test]
fn exc_71_exc_72_addresses_are_sent_with_an_image_that_is_listed_and_holds_them() {
    let _alone = alone();
    let reports = Reports::new();
    assert!(order(&reports.client));
    let properties = reports.properties();
    let images = properties["$debug_images"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let number = |value: &Value| {
        let text = value
            .as_str()
            .and_then(|text| text.strip_prefix("0x"))
            .expect("hex");
        assert_eq!(text, text.to_lowercase());
        u64::from_str_radix(text, 16).expect("hex")
    };
    let mut used = Vec::new();
    for frame in frames(&reports.entries()[0]) {
        let Some(address) = frame.get("instruction_addr") else {
            assert_eq!(frame.get("image_addr"), None, "half of it is not sent");
            continue;
        };
        let image = images
            .iter()
            .find(|image| image["image_addr"] == frame["image_addr"])
            .expect("an image that is listed");
        let start = number(&image["image_addr"]);
        let size = image["image_size"].as_u64().expect("a size");
        assert!((start..start + size).contains(&number(address)));
        used.push(image["image_addr"].clone());
    }
    // Only those that frames point to, each once.
    let mut listed: Vec<_> = images
        .iter()
        .map(|image| image["image_addr"].to_string())
        .collect();
    let mut used: Vec<_> = used.iter().map(ToString::to_string).collect();
    listed.sort_unstable();
    used.sort_unstable();
    used.dedup();
    assert_eq!(listed, used);
    // The linkers of Linux leave a build ID as a rule; elsewhere no image is known.
    assert!(
        cfg!(not(target_os = "linux")) || !images.is_empty(),
        "no image has a build ID"
    );
}

#[test]
fn exc_73_inlined_functions_follow_the_one_that_they_were_inlined_into_at_its_address() {
    let _alone = alone();
    let frames = reported(|options| options);
    for (at, frame) in frames.iter().enumerate() {
        if frame.get("inline") == Some(&json!(true)) {
            let outer = &frames[at.checked_sub(1).expect("a frame before")];
            assert_eq!(outer.get("instruction_addr"), frame.get("instruction_addr"));
            assert_eq!(outer.get("image_addr"), frame.get("image_addr"));
        }
    }
}

#[test]
fn exc_96_a_failure_that_is_too_large_loses_its_stack_and_then_its_causes() {
    let _alone = alone();
    let long = "x".repeat(400);
    let reports = Reports::with(|options| options.max_event_bytes(1_400));
    let mut error = anyhow::anyhow!(long.clone());
    for text in [&long, &long, "outer"] {
        error = error.context(text.to_owned());
    }
    reports.client.capture_exception(&*error);
    let entries = reports.entries();
    assert!(entries.len() < 4, "{entries:?}");
    assert_eq!(entries[0]["value"], "outer");
    assert_eq!(entries[0].get("stacktrace"), None);
}

#[test]
fn exc_97_hooks_see_the_whole_event_with_its_stack_and_may_change_it() {
    let _alone = alone();
    let reports = Reports::with(|options| {
        options.before_send(|mut event| {
            let list = &mut event.properties["$exception_list"];
            let frames = list[0]["stacktrace"]["frames"].as_array().expect("frames");
            let known = frames
                .iter()
                .filter(|frame| frame.get("function").is_some());
            let known = known.count();
            list[0]["value"] = json!("changed");
            event.properties.insert("known".to_owned(), json!(known));
            event.properties.remove("$exception_source");
            Some(event)
        })
    });
    let _ = reports.context().try_run(|| parse("three"));
    let properties = reports.properties();
    assert!(properties["known"].as_u64() > Some(3));
    assert_eq!(properties["$exception_list"][0]["value"], "changed");
    assert_eq!(properties.get("$exception_source"), None);
}

#[test]
fn exc_96_what_a_hook_adds_costs_the_stack_before_the_event() {
    let _alone = alone();
    let reports = Reports::with(|options| {
        options.max_event_bytes(4_000).before_send(|mut event| {
            let long = "x".repeat(2_500);
            event.properties.insert("added".to_owned(), json!(long));
            Some(event)
        })
    });
    assert!(order(&reports.client));
    assert_eq!(reports.entries()[0].get("stacktrace"), None);
}

#[scoped(client = client)]
fn at_the_end_of_a_branch(client: &posthog::Client) -> Result<u32, ParseIntError> {
    match parse("1")? {
        0 => Ok(0),
        1 => parse("three"), // here
        _ => {
            parse("2")?;
            Ok(2)
        }
    }
}

#[scoped(client = client)]
async fn at_the_end_of_a_nested_branch(client: &posthog::Client) -> Result<u32, ParseIntError> {
    if parse("1")? == 1 {
        std::future::ready(()).await;
        match parse("2")? {
            2 => {
                parse("3")?;
                parse("four") // here as well
            }
            other => Ok(other),
        }
    } else {
        Ok(1)
    }
}

#[test]
fn exc_62_a_question_mark_that_was_passed_is_not_the_place_of_what_a_branch_behind_it_gives() {
    let _alone = alone();
    let line = |mark: &str| {
        include_str!("exceptions_frames.rs")
            .lines()
            .position(|line| line.ends_with(mark))
            .map(|at| at + 1)
    };
    let reports = Reports::new();
    at_the_end_of_a_branch(&reports.client).expect_err("the error goes on");
    let last = frames(&reports.entries()[0]).pop().expect("a frame");
    assert_eq!(last["lineno"], json!(line("// here")), "{last}");
    let reports = Reports::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime
        .expect("a runtime")
        .block_on(at_the_end_of_a_nested_branch(&reports.client))
        .expect_err("the error goes on");
    let last = frames(&reports.entries()[0]).pop().expect("a frame");
    assert_eq!(last["lineno"], json!(line("// here as well")), "{last}");
}

#[scoped]
async fn waits_for_ever() -> Result<(), ParseIntError> {
    parse("3")?;
    std::future::pending().await
}

#[test]
fn exc_62_an_exit_that_a_cancelled_future_passed_is_not_the_place_of_another_failure() {
    let _alone = alone();
    let reports = Reports::new();
    let line_of_the_future = line!() + 1;
    let outer = reports.context().try_wrap(async {
        tokio::select! {
            biased;
            _ = waits_for_ever() => {}
            () = tokio::task::yield_now() => {}
        }
        parse("three")
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let left = runtime.expect("a runtime").block_on(outer);
    left.expect_err("the error goes on");
    let frames = frames(&reports.entries()[0]);
    let last = frames.last().expect("a frame");
    // Where the future was made, which the executor polls.
    assert_eq!(last["lineno"], line_of_the_future, "{last}");
    assert_eq!(last["in_app"], true);
    let function = last["function"].as_str().unwrap_or_default();
    assert!(
        function.starts_with("exceptions_frames::exc_62_an_exit"),
        "{function}"
    );
}
