//! What code reports: the exceptions that are captured while it runs.

#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

#[path = "futures.rs"]
mod futures;

pub(crate) use futures::block_on;

use posthog::testing::record;
use std::fmt::Display;

/// Asserts that `code` returns an error, and that this error was captured, as `Type: text`.
#[track_caller]
pub(crate) fn fails<T, E: Display>(exception: &str, code: impl FnOnce() -> Result<T, E>) {
    let Err(error) = reports(exception, code) else {
        panic!("there is no `{exception}`");
    };
    let (_, text) = exception.split_once(": ").expect("`Type: text`");
    assert_eq!(error.to_string(), text);
}

/// What `code` returns, having captured this exception, `Type: text`, and no other.
#[track_caller]
pub(crate) fn reports<R>(exception: &str, code: impl FnOnce() -> R) -> R {
    let (left, captured) = observed(code);
    assert_eq!(captured, [exception]);
    left
}

/// What `code` returns, having captured no exception.
#[track_caller]
pub(crate) fn passes<R>(code: impl FnOnce() -> R) -> R {
    let (left, captured) = observed(code);
    assert!(captured.is_empty(), "{captured:?}");
    left
}

/// What `code` returns, and `Type: text` of each exception that it captured.
pub(crate) fn observed<R>(code: impl FnOnce() -> R) -> (R, Vec<String>) {
    let mut left = None;
    let events = record(|| left = Some(code()));
    let exceptions = events
        .iter()
        .filter(|event| event.event == "$exception")
        .map(|event| {
            let outermost = &event.properties["$exception_list"][0];
            let text = |key| outermost[key].as_str().expect("a text");
            format!("{}: {}", text("type"), text("value"))
        })
        .collect();
    (left.expect("the code ran"), exceptions)
}

/// Lets something else run, once.
pub(crate) async fn pause() {
    tokio::task::yield_now().await;
}
