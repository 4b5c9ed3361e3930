//! Where a failure is said to have happened: the very `?` or `return`, with and without the feature `backtrace`.

use posthog::{CapturedEvent, capture_exception, context, scoped, testing::record};
use serde_json::Value;
use std::num::ParseIntError;

/// Function, file and line of the innermost frame.
fn place(events: &[CapturedEvent]) -> (String, String, u64) {
    let frames = &events[0].properties["$exception_list"][0]["stacktrace"]["frames"];
    let frame = frames
        .as_array()
        .and_then(|frames| frames.last())
        .expect("a frame");
    let text = |key: &str| frame[key].as_str().unwrap_or_default().to_owned();
    assert_eq!(frame["in_app"], true);
    assert_eq!(frame["client_resolved"], true);
    (
        text("function"),
        text("filename"),
        frame["lineno"].as_u64().unwrap_or_default(),
    )
}

fn assert_place(events: &[CapturedEvent], function: &str, line: u32) {
    let (found, file, at) = place(events);
    assert!(
        found == format!("place::{function}")
            || found.starts_with(&format!("place::{function}::{{{{closure}}}}")),
        "{found}"
    );
    assert_eq!((file.as_str(), at), ("tests/place.rs", u64::from(line)));
}

fn parse(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

const TRIED: u32 = line!() + 4;
fn tried_in_a_context(text: &str) -> Result<u32, ParseIntError> {
    context! {
        let first = parse("1")?;
        let second = parse(text)?;
        Ok(first + second)
    }
}

const RETURNED: u32 = line!() + 4;
fn returned_from_a_context(text: &str) -> Result<u32, ParseIntError> {
    context! {
        if text.is_empty() {
            return parse(text);
        }
        Ok(1)
    }
}

const VALUE: u32 = line!() + 5;
fn value_of_a_context(text: &str) -> Result<u32, ParseIntError> {
    context! {
        let _first = parse("1");
        let _second = parse("2");
        parse(text)
    }
}

const SCOPED: u32 = line!() + 5;
#[scoped]
fn tried_in_a_scoped_function(text: &str) -> Result<u32, ParseIntError> {
    let first = parse("1")?;

    let second = parse(text)?;
    Ok(first + second)
}

const SCOPED_RETURN: u32 = line!() + 4;
#[scoped]
fn returned_from_a_scoped_function(text: &str) -> Result<u32, ParseIntError> {
    if text.is_empty() {
        return parse(text);
    }
    Ok(1)
}

const SCOPED_VALUE: u32 = line!() + 4;
#[scoped]
fn value_of_a_scoped_function(text: &str) -> Result<u32, ParseIntError> {
    let _first = parse("1")?;
    parse(text)
}

const SCOPED_ASYNC: u32 = line!() + 4;
#[scoped]
async fn tried_in_an_async_function(text: &str) -> Result<u32, ParseIntError> {
    let first = std::future::ready(parse("1")).await?;
    let second = parse(text)?;
    Ok(first + second)
}

const CALLED: u32 = line!() + 3;
fn handed_over(text: &str) -> Option<u32> {
    parse(text)
        .inspect_err(|error| _ = capture_exception(error))
        .ok()
}

#[test]
fn exc_62_the_frame_is_the_exit_itself() {
    for (fails, function, line) in [
        (
            tried_in_a_context as fn(&str) -> _,
            "tried_in_a_context",
            TRIED,
        ),
        (returned_from_a_context, "returned_from_a_context", RETURNED),
        (value_of_a_context, "value_of_a_context", VALUE),
        (
            tried_in_a_scoped_function,
            "tried_in_a_scoped_function",
            SCOPED,
        ),
        (
            returned_from_a_scoped_function,
            "returned_from_a_scoped_function",
            SCOPED_RETURN,
        ),
        (
            value_of_a_scoped_function,
            "value_of_a_scoped_function",
            SCOPED_VALUE,
        ),
    ] {
        let events = record(|| fails(""));
        assert_eq!(events.len(), 1, "{function}");
        assert_place(&events, function, line);
    }
}

#[test]
fn exc_62_the_frame_of_an_async_function_is_the_exit_itself() {
    let events = record(|| {
        let mut future = Box::pin(tried_in_an_async_function(""));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_ready());
    });
    let (_, file, line) = place(&events);
    assert_eq!(
        (file.as_str(), line),
        ("tests/place.rs", u64::from(SCOPED_ASYNC))
    );
}

#[test]
fn exc_61_a_call_has_the_place_of_the_call() {
    let events = record(|| handed_over(""));
    let (_, file, line) = place(&events);
    assert_eq!((file.as_str(), line), ("tests/place.rs", u64::from(CALLED)));
}

#[test]
fn exc_61_a_panic_has_the_place_of_the_panic() {
    let line = line!() + 4;
    let events = record(|| {
        std::panic::catch_unwind(|| {
            context! {
                let none = "".find('a'); none.expect("an a")
            }
        })
    });
    let (_, file, at) = place(&events);
    assert_eq!((file.as_str(), at), ("tests/place.rs", u64::from(line)));
    let properties = &events[0].properties;
    assert_eq!(properties["$exception_panic_line"], Value::from(line));
}
