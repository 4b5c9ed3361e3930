//! Failures that leave several contexts at once, or from inside the arguments of a macro (contexts.md, section 6).

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{capture, context, scoped, tag, testing::record};
use std::io;

fn fails() -> io::Result<u32> {
    Err(io::Error::other("disk on fire"))
}

/// The tag `at` of each exception that `code` captures; `none` where there is no such tag.
fn exceptions<R>(code: impl FnOnce() -> R) -> Vec<String> {
    record(code)
        .into_iter()
        .filter(|event| event.event == "$exception")
        .map(|event| match event.properties.get("at") {
            Some(at) => at.as_str().expect("a text").to_owned(),
            None => "none".to_owned(),
        })
        .collect()
}

#[test]
fn ctx_64_an_exit_of_two_contexts_is_reported_by_the_outer_one_if_the_inner_does_not() {
    fn by_question_mark() -> io::Result<u32> {
        context! { <tags(at = "outer")>
            let x = context! { <capture_exceptions = false; tag!("at", "inner");> fails()? };
            Ok(x)
        }
    }
    fn by_return() -> io::Result<u32> {
        context! { <tags(at = "outer")>
            context! { <capture_exceptions = false; tag!("at", "inner");> return fails(); }
        }
    }
    fn by_value() -> io::Result<u32> {
        context! { <tags(at = "outer")>
            context! { <capture_exceptions = false> fails() }
        }
    }
    fn of_three() -> io::Result<u32> {
        context! { <tags(at = "outer")>
            let x = context! { <capture_exceptions = false> context! { <capture_exceptions = false> fails()? } };
            Ok(x)
        }
    }
    fn in_arguments() -> io::Result<String> {
        context! { <tags(at = "outer")>
            let text = format!("{}", context! { <capture_exceptions = false> fails()? });
            Ok(text)
        }
    }
    for code in [by_question_mark, by_return, by_value, of_three] {
        assert_eq!(exceptions(code), ["outer"]);
    }
    assert_eq!(exceptions(in_arguments), ["outer"]);
}

#[test]
fn ctx_65_the_innermost_context_reports() {
    fn nested() -> io::Result<u32> {
        context! { <tags(at = "outer")>
            let x = context! { <tags(at = "inner")> fails()? };
            Ok(x)
        }
    }
    assert_eq!(exceptions(nested), ["inner"]);
}

#[test]
fn ctx_61_exits_in_a_head() {
    /// The options are evaluated before the inner context is entered, so it is the outer one that is left.
    fn in_options() -> io::Result<u32> {
        context! { <tags(at = "outer")>
            let x = context! { <tags(at = "inner", x = fails()?), distinct_id = fails()?> 1 };
            Ok(x)
        }
    }
    fn in_a_statement() -> io::Result<u32> {
        context! { <tags(at = "head"); let x = fails()?;> Ok(x) }
    }
    assert_eq!(exceptions(in_options), ["outer"]);
    assert_eq!(exceptions(in_a_statement), ["head"]);
}

#[test]
fn ctx_64_a_scoped_function_reports_for_a_context_inside() {
    #[scoped(tags(at = "function"))]
    fn around_a_context() -> io::Result<u32> {
        let x = context! { <capture_exceptions = false; tag!("at", "inner");> fails()? };
        Ok(x)
    }
    #[scoped(tags(at = "function"))]
    #[track_caller]
    fn in_place() -> io::Result<u32> {
        let x = context! { <capture_exceptions = false; tag!("at", "inner");> fails()? };
        Ok(x)
    }
    assert_eq!(exceptions(around_a_context), ["function"]);
    assert_eq!(exceptions(in_place), ["function"]);
}

#[test]
fn ctx_61_exits_in_the_arguments_of_known_macros() {
    fn exits(n: u32) -> io::Result<u32> {
        context! { <tags(at = "here")>
            match n {
                0 => drop(vec![fails()?; 2]),
                1 => assert_eq!(fails()?, 1),
                2 => drop(matches!(fails()?, 1..=3)),
                3 => println!("{x}", x = fails()?),
                4 => drop(capture!("e", object = { "a": [{ "b": fails()? }], "c": u32::min(1, fails()?) })),
                5 => tag!("x", fails()?),
                6 => drop(capture!("e", a = { if n == 6 { return fails(); } 3 }, b = 1)),
                7 => drop(capture!("e", (format!("{}", fails()?)) = 1)),
                8 => tag!(a = 1, b = [1, fails()?]),
                _ => unreachable!("{}", fails()?),
            }
            Ok(1)
        }
    }
    for n in 0..10 {
        assert_eq!(exceptions(|| exits(n)), ["here"], "{n}");
    }
}

#[test]
fn ctx_61_a_context_written_by_a_macro() {
    macro_rules! within {
        ($at:expr, $($body:tt)*) => {
            context! { <tags(at = $at)>
                $($body)*
                let length = $at.len();
                capture!("e", key = $at, object = { "a": $at, "b": [$at] });
                if length > 9 {
                    fails()?;
                }
                fails()
            }
        };
    }
    fn written() -> io::Result<u32> {
        within!("by a macro", tag!("set", 1);)
    }
    fn written_short() -> io::Result<u32> {
        within!("short",)
    }
    assert_eq!(exceptions(written), ["by a macro"]);
    assert_eq!(exceptions(written_short), ["short"]);
}

#[test]
fn a_macro_of_another_crate_with_the_same_name_is_left_alone() {
    mod minijinja {
        macro_rules! values {
            ($($key:ident => $value:expr),*) => { vec![$((stringify!($key), $value.to_string())),*] };
        }
        pub(super) use values as context;
    }
    fn renders() -> String {
        context! {
            let values = minijinja::context! { name => "x", n => 1 };
            format!("{values:?}")
        }
    }
    assert_eq!(renders(), r#"[("name", "x"), ("n", "1")]"#);
}

/// What the documentation of `context!` says it does not see.
#[test]
fn ctx_61_an_exit_inside_of_an_unknown_macro_is_seen_by_scoped_only() {
    macro_rules! leave {
        () => {
            return fails()
        };
    }
    fn in_a_context(leave: bool) -> io::Result<u32> {
        context! {
            if leave {
                leave!();
            }
            Ok(1)
        }
    }
    #[scoped(tags(at = "function"))]
    fn in_a_function(leave: bool) -> io::Result<u32> {
        if leave {
            leave!();
        }
        Ok(1)
    }
    assert_eq!(exceptions(|| in_a_context(true)), [""; 0]);
    assert_eq!(exceptions(|| in_a_function(true)), ["function"]);
}
