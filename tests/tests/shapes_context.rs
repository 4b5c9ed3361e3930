//! `context!` around code of which the types are found from far away: it changes nothing about inference, and sees each error.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{capture, context, tag};
use std::{
    error::Error,
    fmt::{self, Debug, Display},
    io,
    num::ParseIntError,
    str::FromStr,
    sync::Mutex,
};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{fails, observed, passes, reports};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";

/// Its `FromStr::Err` is anyhow's error.
#[derive(Debug, PartialEq)]
struct Anyhow(i32);

impl FromStr for Anyhow {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(Self(text.parse()?))
    }
}

/// Its `FromStr::Err` is a text.
#[derive(Debug, PartialEq)]
struct Texted(i32);

impl FromStr for Texted {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "no number".to_owned())
    }
}

trait Number {
    fn number(&self) -> i32;
}

impl Number for Anyhow {
    fn number(&self) -> i32 {
        self.0
    }
}

fn on_fire() -> io::Result<i32> {
    Err(io::Error::other("disk on fire"))
}

#[test]
fn ctx_61_a_question_mark_whose_error_type_the_target_decides() {
    fn anyhow(text: &str) -> anyhow::Result<Anyhow> {
        context! { let x: Anyhow = text.parse()?; Ok(x) }
    }
    fn string(text: &str) -> Result<Texted, String> {
        context! { let x: Texted = text.parse()?; Ok(x) }
    }
    fn return_type(text: &str) -> Result<Texted, String> {
        context! { Ok(text.parse()?) }
    }
    fn binding_outside(text: &str) -> Result<i32, String> {
        let x: Texted = context! { text.parse()? };
        Ok(x.0)
    }
    fails(NO_DIGIT, || anyhow("x"));
    fails("String: no number", || string("x"));
    fails("String: no number", || return_type("x"));
    fails("String: no number", || binding_outside("x"));
    assert_eq!(passes(|| anyhow("5")).expect("a number"), Anyhow(5));
    assert_eq!(passes(|| string("5")), Ok(Texted(5)));
    assert_eq!(passes(|| return_type("5")), Ok(Texted(5)));
    assert_eq!(passes(|| binding_outside("5")), Ok(5));
}

#[test]
fn ctx_61_a_question_mark_in_generic_code() {
    fn its_own_error<T: FromStr>(text: &str) -> Result<T, T::Err> {
        context! { let x: T = text.parse()?; Ok(x) }
    }
    fn converted<T>(text: &str) -> anyhow::Result<T>
    where
        T: FromStr,
        anyhow::Error: From<T::Err>,
    {
        context! { let x: T = text.parse()?; Ok(x) }
    }
    fn displayed<E: Display>(error: E) -> Result<(), E> {
        context! { return Err(error); }
    }
    fn an_option<T>(value: Option<T>) -> Option<T> {
        context! { let x = value?; Some(x) }
    }
    // Of `T::Err` nothing is known there but its name.
    let error = reports("String: alloc::string::String", || {
        its_own_error::<Texted>("x")
    });
    assert_eq!(error, Err("no number".to_owned()));
    let error = reports("ParseIntError: core::num::error::ParseIntError", || {
        converted::<i32>("x")
    });
    assert_eq!(
        error.expect_err("it fails").to_string(),
        "invalid digit found in string"
    );
    fails("str: late", || displayed("late"));
    assert_eq!(passes(|| an_option(Some(1))), Some(1));
    assert_eq!(passes(|| an_option(None::<u8>)), None);
}

#[test]
fn ctx_61_a_question_mark_on_what_collects_and_sums() {
    fn collected(texts: &[&str]) -> Result<Vec<Texted>, String> {
        context! {
            let all: Vec<Texted> = texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
            Ok(all)
        }
    }
    fn collected_into_the_value(texts: &[&str]) -> anyhow::Result<Vec<i32>> {
        context! { Ok(texts.iter().map(|text| text.parse::<i32>()).collect::<Result<_, _>>()?) }
    }
    fn summed(texts: &[&str]) -> anyhow::Result<i32> {
        context! { Ok(texts.iter().map(|text| text.parse::<i32>()).sum::<Result<i32, _>>()?) }
    }
    fn for_each(texts: &[&str]) -> anyhow::Result<i32> {
        context! {
            let mut sum = 0;
            texts.iter().try_for_each(|text| {
                // An exit of the closure, and none of the context.
                sum += text.parse::<i32>()?;
                Ok::<_, ParseIntError>(())
            })?;
            Ok(sum)
        }
    }
    fails("String: no number", || collected(&["1", "x"]));
    fails(NO_DIGIT, || collected_into_the_value(&["1", "x"]));
    fails(NO_DIGIT, || summed(&["1", "x"]));
    fails(NO_DIGIT, || for_each(&["1", "x"]));
    assert_eq!(passes(|| collected(&["1"])), Ok(vec![Texted(1)]));
    assert_eq!(
        passes(|| collected_into_the_value(&["1"])).expect("numbers"),
        [1]
    );
    assert_eq!(passes(|| summed(&["1", "2"])).expect("a sum"), 3);
    assert_eq!(passes(|| for_each(&["1", "2"])).expect("a sum"), 3);
}

#[test]
fn ctx_61_errors_that_are_boxed_on_the_way() {
    fn by_question_mark() -> Result<i32, Box<dyn Error>> {
        context! { let x: i32 = Err("boxed")?; Ok(x) }
    }
    fn by_return() -> Result<i32, Box<dyn Error + Send + Sync>> {
        context! { return Err(Box::new(fmt::Error)); }
    }
    fn by_into() -> Result<(), Box<dyn Error + Send + Sync>> {
        context! { let error = fmt::Error; return Err(error.into()); }
    }
    fn of_two_types(n: u32) -> Result<u8, Box<dyn Error>> {
        context! {
            if n > 1000 {
                Err("too big")?;
            }
            let x: u8 = n.try_into()?;
            Ok(x)
        }
    }
    fn in_a_loop() -> Result<(), Box<dyn Error>> {
        context! {
            for i in 0..3 {
                if i == 1 {
                    Err(format!("no {i}"))?;
                }
            }
            Ok(())
        }
    }
    fn eyre_report() -> eyre::Result<()> {
        context! { Err(eyre::eyre!("reported"))?; Ok(()) }
    }
    fails("str: boxed", by_question_mark);
    fails(
        "Error: an error occurred when formatting an argument",
        by_return,
    );
    fails(
        "Error: an error occurred when formatting an argument",
        by_into,
    );
    fails("str: too big", || of_two_types(1001));
    fails(
        "TryFromIntError: out of range integral type conversion attempted",
        || of_two_types(300),
    );
    assert_eq!(passes(|| of_two_types(3)).expect("it fits"), 3);
    fails("String: no 1", in_a_loop);
    fails("Error: reported", eyre_report);
}

#[test]
fn the_value_and_return_keep_their_expected_type() {
    fn boxed_by_value() -> Result<Box<dyn Number>, String> {
        context! { Ok(Box::new(Anyhow(1))) }
    }
    fn boxed_by_return() -> Result<Box<dyn Number>, String> {
        context! { return Ok(Box::new(Anyhow(2))); }
    }
    type Closures = Vec<Box<dyn Fn(i32) -> i32>>;
    fn boxed_closures() -> Result<Closures, String> {
        context! { Ok(vec![Box::new(|x| x + 1), Box::new(|x| x * 2)]) }
    }
    fn a_function_pointer() -> fn(i32) -> i32 {
        context! { |x| x + 1 }
    }
    fn impl_trait() -> impl Iterator<Item = i32> {
        context! { vec![1, 2].into_iter() }
    }
    fn of_map_or_else(value: Option<i32>) -> Result<i32, String> {
        context! { value.map_or_else(|| Err("none".into()), Ok) }
    }
    assert_eq!(passes(boxed_by_value).expect("a number").number(), 1);
    assert_eq!(passes(boxed_by_return).expect("a number").number(), 2);
    let closures = passes(boxed_closures).expect("closures");
    assert_eq!(
        closures
            .iter()
            .map(|closure| closure(3))
            .collect::<Vec<_>>(),
        [4, 6]
    );
    assert_eq!(passes(a_function_pointer)(1), 2);
    assert_eq!(passes(impl_trait).sum::<i32>(), 3);
    assert_eq!(passes(|| of_map_or_else(Some(1))), Ok(1));
    fails("String: none", || of_map_or_else(None));
}

#[test]
fn ctx_61_what_leaves_may_be_borrowed() {
    struct Named(String);
    impl Named {
        fn name(&self) -> Result<&str, String> {
            context! {
                if self.0.is_empty() {
                    return Err("no name".to_owned());
                }
                if self.0 == "short" {
                    return Ok(&self.0);
                }
                Ok(&self.0)
            }
        }
    }

    #[derive(Debug)]
    struct Empty<'a>(&'a str);
    #[derive(Debug, PartialEq)]
    struct Owned(usize);
    impl From<Empty<'_>> for Owned {
        fn from(empty: Empty<'_>) -> Self {
            Self(empty.0.len())
        }
    }
    fn not_empty(text: &str) -> Result<&str, Empty<'_>> {
        if text.is_empty() {
            Err(Empty(text))
        } else {
            Ok(text)
        }
    }
    // The error borrows from a local of one turn of the loop.
    fn in_a_loop(texts: &[&str]) -> Result<usize, Owned> {
        context! {
            let mut sum = 0;
            for text in texts {
                let own = (*text).to_owned();
                let text = not_empty(&own)?;
                sum += text.len();
            }
            Ok(sum)
        }
    }
    fn moved_in_and_out(text: String) -> Result<String, String> {
        context! {
            let moved = text;
            if moved.is_empty() {
                return Err(moved + "empty");
            }
            Ok(moved)
        }
    }
    assert_eq!(passes(|| Named("short".into()).name().map(str::len)), Ok(5));
    assert_eq!(
        passes(|| Named("longer".into()).name().map(str::len)),
        Ok(6)
    );
    fails("String: no name", || {
        Named(String::new()).name().map(str::len)
    });
    assert_eq!(passes(|| in_a_loop(&["a", "bc"])), Ok(3));
    let (result, exceptions) = observed(|| in_a_loop(&["a", ""]));
    assert_eq!((result, exceptions.len()), (Err(Owned(0)), 1));
    assert!(exceptions[0].starts_with("Empty: "), "{exceptions:?}");
    assert_eq!(passes(|| moved_in_and_out("x".into())), Ok("x".to_owned()));
    fails("String: empty", || moved_in_and_out(String::new()));
}

#[test]
fn ctx_61_exits_in_the_arguments_of_macros() {
    fn of_std() -> anyhow::Result<String> {
        context! { let list = vec![on_fire()?, 2]; Ok(format!("{} {list:?}", on_fire()?)) }
    }
    fn of_capture() -> anyhow::Result<()> {
        context! { capture!("order_processed", total = 1, cart = { "items": [1, on_fire()?] }); Ok(()) }
    }
    fn of_tag() -> anyhow::Result<()> {
        context! { tag!("total", on_fire()?); Ok(()) }
    }
    fn with_anyhow(n: u32) -> anyhow::Result<u32> {
        context! {
            if n == 1 {
                anyhow::bail!("bailed at {n}");
            }
            anyhow::ensure!(n != 2, "ensured");
            anyhow::ensure!("3".parse::<u32>()? > n, "{} is too big", n);
            match n {
                0 => Ok(1),
                _ => anyhow::bail!("not handled"),
            }
        }
    }
    fn with_eyre(n: u32) -> eyre::Result<u32> {
        context! {
            if n == 1 {
                eyre::bail!("bailed at {n}")
            }
            let text = String::from("captured");
            eyre::ensure!(n != 2, "ensured {text}");
            Ok(n)
        }
    }
    for code in [|| of_std().map(drop), of_capture, of_tag] {
        fails("std::io::error::Error: disk on fire", code);
    }
    for (n, text) in [(1, "bailed at 1"), (2, "ensured"), (3, "3 is too big")] {
        fails(&format!("Error: {text}"), || with_anyhow(n));
    }
    assert_eq!(passes(|| with_anyhow(0)).expect("it passes"), 1);
    fails("Error: bailed at 1", || with_eyre(1));
    fails("Error: ensured captured", || with_eyre(2));
    assert_eq!(passes(|| with_eyre(3)).expect("it passes"), 3);
}

#[test]
fn ctx_61_errors_of_no_described_kind_go_by_their_type() {
    #[derive(Debug, PartialEq)]
    struct Opaque;
    fn opaque() -> Result<(), Opaque> {
        context! {
            // A body, although it starts with `<`.
            <Vec<u8> as Clone>::clone(&vec![]).clear();
            Err(Opaque)?;
            Ok(())
        }
    }
    let (result, exceptions) = observed(opaque);
    assert_eq!((result, exceptions.len()), (Err(Opaque), 1));
    assert!(
        exceptions[0].starts_with("Opaque: shapes_context::"),
        "{exceptions:?}"
    );
}

#[test]
fn ctx_67_an_option_is_no_error() {
    fn third(list: &Mutex<Vec<i32>>) -> Option<usize> {
        context! {
            let next = list.lock().ok()?.get(2)?.checked_add(1)?;
            usize::try_from(next).ok()
        }
    }
    assert_eq!(passes(|| third(&Mutex::new(vec![]))), None);
    assert_eq!(passes(|| third(&Mutex::new(vec![1, 2, 3]))), Some(4));
}
