//! `#[scoped]` keeps what stands around a body: generics, bounds, visibility, documentation and other attributes.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{
    Client, Context, Options, capture, scoped, tag,
    testing::{Memory, record},
};
use std::{
    error::Error,
    fmt::{self, Debug},
    panic::{Location, catch_unwind},
    sync::Arc,
    time::Duration,
};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{fails, observed, passes, reports};

const FORMATTING: &str = "core::fmt::Error: an error occurred when formatting an argument";

#[test]
fn ctx_74_generics_bounds_and_const_generics() {
    #[scoped]
    fn array<const N: usize, T>(values: [T; N]) -> [T; N]
    where
        T: Clone + Debug,
    {
        values.clone()
    }
    #[scoped]
    fn any_error<E>(error: E) -> Result<(), E> {
        Err(error)
    }
    #[scoped]
    fn bounded_error<E: Error>(error: E) -> Result<(), E> {
        Err(error)
    }
    #[scoped]
    fn impl_argument(change: impl FnOnce(i32) -> i32) -> i32 {
        change(2)
    }
    assert_eq!(passes(|| array([1, 2])), [1, 2]);
    let (error, exceptions) = observed(|| any_error(fmt::Error));
    assert_eq!(error, Err(fmt::Error));
    assert_eq!(
        exceptions,
        ["core::fmt::Error: core::fmt::Error"],
        "only its name is known"
    );
    fails(FORMATTING, || bounded_error(fmt::Error));
    let own = String::from("moved in");
    assert_eq!(
        passes(|| impl_argument(|x| x + i32::try_from(own.len()).expect("short"))),
        10
    );
}

#[test]
fn ctx_74_a_function_that_does_not_return() {
    #[scoped]
    fn stops() -> ! {
        panic!("out of stock")
    }
    let panicked = reports("Panic: out of stock", || catch_unwind(|| stops()).is_err());
    assert!(panicked);
}

#[test]
fn ctx_74_recursion_nests() {
    #[scoped(tags(depth = depth))]
    fn recursive(depth: u32) -> Result<u32, String> {
        if depth == 3 {
            return Err("too deep".into());
        }
        recursive(depth + 1)
    }
    #[scoped]
    fn counted(n: u32) -> u32 {
        if n == 0 { 0 } else { 1 + counted(n - 1) }
    }
    let events = record(|| recursive(0));
    assert_eq!(
        (events.len(), &events[0].properties["depth"]),
        (1, &serde_json::json!(3))
    );
    assert_eq!(passes(|| counted(3)), 3);
}

#[test]
fn ctx_74_other_kinds_of_functions() {
    #[scoped]
    extern "C-unwind" fn of_c(x: i32) -> i32 {
        x
    }
    #[scoped]
    fn with_inner_attributes() -> u32 {
        #![allow(unused_variables, reason = "what it allows is part of the function")]
        //! Documentation, too.
        let unused = 1;
        2
    }
    #[scoped]
    fn r#match(r#type: u8) -> u8 {
        r#type
    }
    let pointer: extern "C-unwind" fn(i32) -> i32 = of_c;
    assert_eq!(passes(|| pointer(3)), 3);
    assert_eq!(passes(with_inner_attributes), 2);
    assert_eq!(passes(|| r#match(4)), 4);
}

#[test]
fn ctx_74_unused_arguments_and_moved_ones() {
    struct TellsTags<'a>(&'a mut Option<serde_json::Value>);
    impl Drop for TellsTags<'_> {
        fn drop(&mut self) {
            *self.0 = Some(Context::current().tags().into());
        }
    }
    #[scoped(tags(step = 1))]
    fn uses(argument: TellsTags) {
        drop(argument);
    }
    #[scoped(tags(step = 1))]
    fn ignores(_argument: TellsTags) {}
    let (mut used, mut ignored) = (None, None);
    passes(|| uses(TellsTags(&mut used)));
    passes(|| ignores(TellsTags(&mut ignored)));
    assert_eq!(used, Some(serde_json::json!({ "step": 1 })));
    assert_eq!(
        ignored,
        Some(serde_json::json!({})),
        "dropped behind the context"
    );
}

#[test]
fn ctx_74_track_caller_gives_the_callers_line() {
    #[scoped]
    #[track_caller]
    fn line() -> u32 {
        Location::caller().line()
    }
    #[scoped]
    #[track_caller]
    fn checked(fail: bool) -> Result<u32, fmt::Error> {
        if fail {
            Err(fmt::Error)?;
        }
        Ok(Location::caller().line())
    }
    let (line, here) = passes(|| (line(), line!()));
    assert_eq!(line, here);
    fails(FORMATTING, || checked(true));
    let (line, here) = passes(|| (checked(false), line!()));
    assert_eq!(line, Ok(here));
}

#[test]
fn ctx_74_lints_of_other_attributes_still_fire() {
    #[scoped]
    #[must_use]
    fn must_use_below() -> i32 {
        3
    }
    #[inline]
    #[must_use]
    #[scoped]
    fn must_use_above() -> i32 {
        4
    }
    #[scoped]
    #[deprecated]
    fn outdated() -> i32 {
        5
    }
    // Each of these is an error if its lint does not fire.
    #[expect(unused_must_use)]
    fn unused() {
        must_use_below();
    }
    #[expect(unused_must_use)]
    fn unused_as_well() {
        must_use_above();
    }
    #[expect(deprecated)]
    fn calls_outdated() -> i32 {
        outdated()
    }
    passes(unused);
    passes(unused_as_well);
    assert_eq!(passes(calls_outdated), 5);
    assert_eq!(passes(|| must_use_below() + must_use_above()), 7);
}

#[test]
fn ctx_74_cfg_removes_the_function() {
    #[scoped]
    #[cfg(any())]
    fn chosen() -> Nonexistent {}
    #[cfg(any())]
    #[scoped]
    fn chosen() -> Nonexistent {}
    #[cfg_attr(all(), scoped(tags(step = 1)))]
    fn chosen() -> bool {
        Context::current().tags().contains_key("step")
    }
    assert!(passes(chosen));
}

mod visible {
    use posthog::scoped;

    /// Only seen by its parent.
    #[scoped]
    pub(super) fn to_the_parent() -> Result<u8, String> {
        self::inner::to_the_module()
    }

    mod inner {
        #[posthog::scoped]
        pub(in super::super::visible) fn to_the_module() -> Result<u8, String> {
            Err("from inside".into())
        }
    }
}

#[test]
fn ctx_74_visibility_is_kept() {
    fails("String: from inside", visible::to_the_parent);
}

#[test]
#[scoped(tags(step = 1))]
fn ctx_74_scoped_below_test() {
    assert!(Context::current().tags().contains_key("step"));
}

#[scoped(tags(step = 1))]
#[test]
fn ctx_74_scoped_above_test() -> Result<(), String> {
    let tags = Context::current().tags();
    tags.contains_key("step")
        .then_some(())
        .ok_or_else(|| "no context".to_owned())
}

#[test]
fn ctx_73_the_options_are_those_of_new_context() {
    #[scoped(
        fresh,
        capture_exceptions = false,
        tags(order = order, "kind" = ?order, nested = { "a": [1, null] }),
        distinct_id = format!("u-{order}"),
        session_id = "0198c5b1-7f2a-7cc1-8ad5-6b9a3d2e1f00",
        device_id = 7,
    )]
    fn all(order: u32) -> Result<(), fmt::Error> {
        assert_eq!(Context::current().device_id().as_deref(), Some("7"));
        capture!("inside");
        Err(fmt::Error)
    }
    let events = record(|| {
        let _outer = posthog::new_context().tag("outer", 1).enter();
        all(5)
    });
    let [event] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.event.as_str(), event.distinct_id.as_str()),
        ("inside", "u-5")
    );
    for (key, value) in [
        ("order", serde_json::json!(5)),
        ("kind", "5".into()),
        ("nested", serde_json::json!({ "a": [1, null] })),
        ("$session_id", "0198c5b1-7f2a-7cc1-8ad5-6b9a3d2e1f00".into()),
    ] {
        assert_eq!(event.properties[key], value, "{key}");
    }
    assert!(!event.properties.contains_key("outer"));
}

#[test]
fn ctx_73_a_client_for_the_exceptions_is_an_argument() {
    #[scoped(client = client)]
    fn fails_with(client: &Client) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }
    let memory = Arc::new(Memory::default());
    let client = Client::with_transport(Options::new("phc_x"), memory.clone()).expect("a client");
    fails_with(&client).expect_err("the error goes on");
    client.flush(Duration::from_secs(10)).expect("delivered");
    assert_eq!(memory.requests().len(), 1);
}

#[test]
fn ctx_73_the_whole_body_is_inside() {
    #[scoped]
    fn body(n: u8) -> Result<u8, String> {
        tag!("first", 1);
        capture!("first");
        let value = {
            tag!("last", 2);
            n
        };
        capture!("last");
        Ok(value)
    }
    let events = record(|| {
        let outer = posthog::new_context().enter();
        assert_eq!(body(1), Ok(1));
        capture!("behind");
        drop(outer);
    });
    let keys = |index: usize| {
        let properties = &events[index].properties;
        ["first", "last"].map(|key| properties.contains_key(key))
    };
    assert_eq!(
        [keys(0), keys(1), keys(2)],
        [[true, false], [true, true], [false, false]]
    );
}
