//! `context!` around code that jumps: to the code inside it is an ordinary block, and what belongs to it stands at its head.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{Context, capture, context, tag, testing::record};
use std::{io, num::ParseIntError};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, fails, observed, passes, pause};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";
const ON_FIRE: &str = "std::io::error::Error: disk on fire";

fn on_fire() -> io::Result<i32> {
    Err(io::Error::other("disk on fire"))
}

fn tags() -> serde_json::Value {
    Context::current().tags().into()
}

#[test]
fn ctx_61_a_question_mark_in_let_else_match_and_guards() {
    fn let_else(text: &str) -> anyhow::Result<i32> {
        context! {
            let Ok(x) = text.parse::<i32>() else {
                on_fire()?;
                return Ok(1);
            };
            Ok(x)
        }
    }
    fn arms(n: i32) -> anyhow::Result<i32> {
        context! {
            Ok(match n {
                0 => on_fire()?,
                1 if on_fire()? > 1 => 2,
                _ => {
                    if let x @ 1..=2 = "1".parse::<i32>()? { x } else { 7 }
                }
            })
        }
    }
    fails(ON_FIRE, || let_else("x"));
    assert_eq!(passes(|| let_else("5")).expect("a number"), 5);
    fails(ON_FIRE, || arms(0));
    fails(ON_FIRE, || arms(1));
    assert_eq!(passes(|| arms(2)).expect("a number"), 1);
}

#[test]
fn ctx_67_break_and_continue_reach_the_loops_outside() {
    fn sum(lines: &[&str]) -> anyhow::Result<i32> {
        let mut sum = 0;
        'lines: for line in lines {
            context! {
                for word in line.split(',') {
                    if word.is_empty() {
                        continue 'lines;
                    }
                    if word == "!" {
                        break 'lines;
                    }
                    let n: i32 = word.parse()?;
                    sum += n;
                    if n > 5 {
                        break;
                    }
                }
            }
        }
        Ok(sum)
    }
    fn unlabelled(words: &[&str]) -> anyhow::Result<usize> {
        let mut seen = 0;
        for word in words {
            context! { <tags(word = *word)>
                let Some(first) = word.chars().next() else { continue };
                if first == '!' {
                    break;
                }
                seen += 1;
                "1".parse::<u8>()?;
            }
        }
        Ok(seen)
    }
    assert_eq!(
        passes(|| sum(&["1,2", ",9", "8,9", "!", "x"])).expect("a sum"),
        11
    );
    fails(NO_DIGIT, || sum(&["1,2", "x"]));
    assert_eq!(
        passes(|| unlabelled(&["", "a", "b", "!", "c"])).expect("a count"),
        2
    );
}

#[test]
fn ctx_61_a_loop_whose_value_is_the_error() {
    fn retried() -> io::Result<()> {
        context! {
            loop {
                match on_fire() {
                    Ok(1) => break Ok(()),
                    Ok(_) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    fn broken_off() -> io::Result<()> {
        context! {
            loop {
                if let Err(error) = on_fire() {
                    break Err(error);
                }
            }
        }
    }
    fails(ON_FIRE, retried);
    fails(ON_FIRE, broken_off);
}

#[test]
fn ctx_61_closures_constants_and_contexts_inside() {
    fn closure_around(text: &str) -> Result<i32, ParseIntError> {
        let parse = || {
            context! { let n = text.parse::<i32>()?; Ok::<_, ParseIntError>(n) }
        };
        parse()
    }
    fn items_inside() -> anyhow::Result<i32> {
        context! {
            const N: i32 = const { match Some(1) { Some(x) => x, None => 0 } };
            fn nested() -> io::Result<i32> {
                on_fire()?;
                Ok(N)
            }
            // An error that stays inside.
            let _ = nested();
            context! { <fresh> on_fire()?; }
            Ok(N)
        }
    }
    fails(NO_DIGIT, || closure_around("x"));
    assert_eq!(passes(|| closure_around("4")), Ok(4));
    fails(ON_FIRE, items_inside);
}

#[test]
fn blocks_that_end_in_a_jump_need_no_value() {
    fn returns_everywhere(early: bool) -> u32 {
        context! {
            if early {
                return 1;
            }
            match 3 {
                3 => return 4,
                _ => unreachable!(),
            }
        }
    }
    fn of_an_if_and_a_match(n: u32) -> Result<u32, String> {
        context! {
            if n == 0 {
                return Err("zero".into());
            }
            match n {
                1 => return Ok(1),
                2 => {
                    let x = 3;
                    return Ok(x);
                }
                _ => panic!("too many"),
            }
        }
    }
    fn assigns_outside() -> u32 {
        let value;
        context! { value = 3; }
        value
    }
    fn never() -> ! {
        context! { panic!("does not return") }
    }
    assert_eq!(
        passes(|| (returns_everywhere(true), returns_everywhere(false))),
        (1, 4)
    );
    fails("String: zero", || of_an_if_and_a_match(0));
    assert_eq!(
        passes(|| (of_an_if_and_a_match(1), of_an_if_and_a_match(2))),
        (Ok(1), Ok(3))
    );
    assert_eq!(passes(assigns_outside), 3);
    let (panicked, exceptions) = observed(|| std::panic::catch_unwind(|| never()).is_err());
    assert_eq!(
        (panicked, exceptions),
        (true, vec!["Panic: does not return".to_owned()])
    );
}

#[test]
fn ctx_76_an_async_block_gives_a_future_that_carries_the_context() {
    async fn of_a_block() -> anyhow::Result<i32> {
        context! { <tags(step = 1)> async move {
            pause().await;
            assert_eq!(tags(), serde_json::json!({ "step": 1 }));
            Ok::<_, anyhow::Error>(on_fire()?)
        } }
        .await
    }
    async fn inside_a_block() -> anyhow::Result<()> {
        async {
            context! { on_fire()?; }
            Ok::<_, anyhow::Error>(())
        }
        .await
    }
    fn returned() -> impl Future<Output = u32> + Send {
        context! { async { pause().await; 3 } }
    }
    // Already converted to anyhow's error, which goes by its source's `Debug`: a `Custom` one here.
    let (result, exceptions) = observed(|| block_on(of_a_block()));
    assert_eq!(result.expect_err("it fails").to_string(), "disk on fire");
    assert_eq!(exceptions, ["Custom: disk on fire"]);
    fails(ON_FIRE, || block_on(inside_a_block()));
    assert_eq!(passes(|| block_on(returned())), 3);
}

#[test]
fn ctx_73_options_stand_in_the_head() {
    fn with_comparison(v: &[u32]) -> serde_json::Value {
        context! { <capture_exceptions = (v.len() > 1), distinct_id = "u-1"; tag!("length", v.len());> tags() }
    }
    fn with_generics() -> (Option<String>, u32) {
        context! { <fresh = <bool as Default>::default(), distinct_id = Some(1).map(|id: u8| -> u8 { id })>
            (Context::current().distinct_id(), 3)
        }
    }
    fn with_statements() -> serde_json::Value {
        context! { <fresh = (1 < 2); tag!("a", 1); let b = 2; tag!(b);> tags() }
    }
    assert_eq!(
        passes(|| with_comparison(&[1])),
        serde_json::json!({ "length": 1 })
    );
    assert_eq!(passes(with_generics), (Some("1".to_owned()), 3));
    assert_eq!(
        passes(with_statements),
        serde_json::json!({ "a": 1, "b": 2 })
    );
}

#[test]
fn a_head_alone_and_a_body_that_begins_like_one() {
    let events = record(|| {
        context!(< tag!("a", 1); capture!("order_processed"); >);
        context! { < > };
        context! { <fresh, capture_exceptions = false> };
        context! {};
        let made: Vec<u8> = context! { <Vec<u8> as Default>::default() };
        context! { <Vec<u8>>::new().clear(); }
        assert!(made.is_empty());
    });
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].properties["a"], 1);
}
