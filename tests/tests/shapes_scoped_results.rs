//! `#[scoped]` on functions of every return type: what is looked into for an error, and what is not.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::scoped;
use std::{
    error::Error,
    fmt,
    num::ParseIntError,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{fails, passes, reports};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";
const FORMATTING: &str = "core::fmt::Error: an error occurred when formatting an argument";

#[test]
fn ctx_75_only_a_result_is_looked_into() {
    trait ResultLike {}
    impl<T, E> ResultLike for Result<T, E> {}
    /// A type parameter, although it is a `Result` here.
    #[scoped]
    fn parameter<T: ResultLike>(value: T) -> T {
        value
    }
    #[scoped]
    fn option(value: Option<u8>) -> Option<u8> {
        let value = value?;
        Some(value)
    }
    #[scoped]
    fn control_flow(stop: bool) -> ControlFlow<fmt::Error, u8> {
        if stop {
            ControlFlow::Break(fmt::Error)?;
        }
        ControlFlow::Continue(1)
    }
    #[scoped]
    fn tuple() -> (Result<(), fmt::Error>, u8) {
        (Err(fmt::Error), 1)
    }
    #[scoped]
    fn nothing() {
        let _ = fmt::Error;
    }
    assert_eq!(passes(|| parameter(Err::<(), _>("x"))), Err("x"));
    assert_eq!(passes(|| (option(Some(1)), option(None))), (Some(1), None));
    assert_eq!(
        passes(|| control_flow(true)),
        ControlFlow::Break(fmt::Error)
    );
    assert_eq!(passes(|| control_flow(false)), ControlFlow::Continue(1));
    assert_eq!(passes(tuple), (Err(fmt::Error), 1));
    passes(nothing);
}

#[test]
fn ctx_75_a_result_under_any_name() {
    type Parsed<T> = Result<T, ParseIntError>;
    #[scoped]
    fn alias(text: &str) -> Parsed<i32> {
        text.parse()
    }
    #[scoped]
    fn of_fmt() -> fmt::Result {
        Err(fmt::Error)
    }
    #[scoped]
    fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        let error = fmt::Error;
        Err(error.into())
    }
    #[scoped]
    fn polled() -> Poll<Result<i32, fmt::Error>> {
        Poll::Ready(Err(fmt::Error))
    }
    #[scoped]
    fn polled_item(end: bool) -> Poll<Option<Result<i32, fmt::Error>>> {
        Poll::Ready(if end { None } else { Some(Err(fmt::Error)) })
    }
    fails(NO_DIGIT, || alias("x"));
    fails(FORMATTING, of_fmt);
    fails(
        "Error: an error occurred when formatting an argument",
        boxed,
    );
    assert_eq!(reports(FORMATTING, polled), Poll::Ready(Err(fmt::Error)));
    assert_eq!(
        reports(FORMATTING, || polled_item(false)),
        Poll::Ready(Some(Err(fmt::Error)))
    );
    assert_eq!(passes(|| polled_item(true)), Poll::Ready(None));
}

#[test]
fn ctx_75_an_exit_in_a_macro_is_seen() {
    macro_rules! leave {
        ($error:expr) => {
            return Err($error)
        };
    }
    #[scoped]
    fn left(early: bool) -> Result<u8, String> {
        if early {
            leave!("left early".to_owned());
        }
        Ok(1)
    }
    fails("String: left early", || left(true));
    assert_eq!(passes(|| left(false)), Ok(1));
}

#[test]
fn ctx_75_a_panic_is_reported_whatever_the_return_type() {
    #[scoped]
    fn number() -> u32 {
        panic!("no number")
    }
    #[scoped]
    fn unit() {
        panic!("no unit")
    }
    #[scoped]
    fn result() -> Result<u8, String> {
        panic!("no result")
    }
    let codes: [(&str, fn()); 3] = [
        ("number", || drop(number().to_string())),
        ("unit", unit),
        ("result", || drop(result())),
    ];
    for (what, code) in codes {
        reports(&format!("Panic: no {what}"), || {
            catch_unwind(AssertUnwindSafe(code)).expect_err("it panics")
        });
    }
}
