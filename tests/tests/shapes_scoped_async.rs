//! `#[scoped]` on `async` functions and methods of every signature: what they return, and what they report.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{Context, scoped};
use std::{error::Error, fmt, future::ready, num::ParseIntError, panic::catch_unwind, pin::Pin};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, fails, passes, pause, reports};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";
const FORMATTING: &str = "core::fmt::Error: an error occurred when formatting an argument";

#[derive(Default)]
struct Order {
    total: i32,
    name: String,
}

struct Point {
    x: i32,
    #[allow(dead_code, reason = "left out by the pattern that is tested")]
    y: i32,
}

trait Number {
    fn number(&self) -> i32;
}

impl Number for Order {
    fn number(&self) -> i32 {
        self.total
    }
}

/// Whether the code runs in the context of a function that is `#[scoped(tags(inside = true))]`.
fn inside() -> bool {
    Context::current().tags().contains_key("inside")
}

#[test]
fn ctx_74_impl_trait_from_an_async_function() {
    #[scoped]
    async fn plain(list: &[u32]) -> impl Iterator<Item = u32> + '_ {
        pause().await;
        list.iter().copied()
    }
    #[scoped]
    async fn in_a_result(text: &str) -> Result<impl Iterator<Item = char> + '_, ParseIntError> {
        pause().await;
        let _: i32 = text.parse()?;
        Ok(text.chars())
    }
    assert_eq!(passes(|| block_on(plain(&[1, 2])).sum::<u32>()), 3);
    assert_eq!(
        passes(|| block_on(in_a_result("12")).map(Iterator::count)),
        Ok(2)
    );
    fails(NO_DIGIT, || block_on(in_a_result("x")).map(Iterator::count));
}

#[test]
fn ctx_74_async_values_are_coerced_to_the_return_type() {
    #[scoped]
    async fn object(name: &str) -> Result<Box<dyn Number + Send>, Box<dyn Error + Send + Sync>> {
        pause().await;
        if name.is_empty() {
            return Err(Box::new(fmt::Error));
        }
        Ok(Box::new(Order::default()))
    }
    #[scoped]
    async fn alias(text: &str) -> Result<i32, ParseIntError> {
        text.parse()
    }
    #[scoped]
    async fn awaits_a_result(text: String, _unused: Vec<u8>) -> Result<usize, fmt::Error> {
        let length = ready(if text.is_empty() {
            Err(fmt::Error)
        } else {
            Ok(text.len())
        });
        let length = length.await?;
        Ok(length)
    }
    assert_eq!(
        passes(|| block_on(object("x"))
            .map(|object| object.number())
            .expect("it is made")),
        0
    );
    fails(
        "Error: an error occurred when formatting an argument",
        || block_on(object("")).map(drop),
    );
    fails(NO_DIGIT, || block_on(alias("x")));
    fails(FORMATTING, || {
        block_on(awaits_a_result(String::new(), Vec::new()))
    });
    assert_eq!(
        passes(|| block_on(awaits_a_result("abc".into(), Vec::new()))),
        Ok(3)
    );
}

impl Order {
    #[scoped]
    async fn add(&mut self) -> &mut Self {
        pause().await;
        self.total += 1;
        self
    }
    #[scoped]
    async fn name(&self, greeting: &str) -> Result<&str, String> {
        pause().await;
        if greeting.is_empty() {
            return Err("no greeting".into());
        }
        Ok(&self.name)
    }
    #[scoped]
    async fn pinned(self: Pin<&mut Self>) -> i32 {
        pause().await;
        self.total
    }
    #[scoped]
    async fn consumed(self) -> String {
        self.name
    }
}

#[test]
fn ctx_74_async_methods_with_elided_lifetimes() {
    let mut order = Order {
        name: "book".into(),
        ..Order::default()
    };
    assert_eq!(
        passes(|| block_on(async { order.add().await.add().await.total })),
        2
    );
    assert_eq!(
        passes(|| block_on(order.name("hi")).map(str::to_owned)),
        Ok("book".to_owned())
    );
    fails("String: no greeting", || {
        block_on(order.name("")).map(str::to_owned)
    });
    assert_eq!(passes(|| block_on(Pin::new(&mut order).pinned())), 2);
    assert_eq!(passes(|| block_on(order.consumed())), "book");
}

#[test]
fn ctx_74_async_functions_in_traits() {
    trait Charge {
        async fn charge(&self) -> Result<i32, String>;
        #[scoped]
        async fn provided(&self) -> Result<i32, String> {
            self.charge().await
        }
    }
    impl Charge for Order {
        #[scoped]
        async fn charge(&self) -> Result<i32, String> {
            pause().await;
            if self.name.is_empty() {
                Err("no name".into())
            } else {
                Ok(self.total)
            }
        }
    }
    // Both functions are scoped, and the error is reported once.
    fails("String: no name", || block_on(Order::default().provided()));
    let named = Order {
        total: 3,
        name: "book".into(),
    };
    assert_eq!(passes(|| block_on(named.provided())), Ok(3));
}

#[test]
fn ctx_74_async_arguments_and_generics() {
    #[scoped]
    async fn patterns(mut x: u32, (a, mut b): (u32, u32), &Point { x: px, .. }: &Point) -> u32 {
        pause().await;
        x += 1;
        b += a;
        x + b + px.unsigned_abs()
    }
    #[scoped]
    async fn generic<T, const N: usize>(values: [T; N]) -> usize
    where
        T: Clone + Send + 'static,
    {
        pause().await;
        values.len()
    }
    #[scoped]
    async fn async_closure(change: impl AsyncFn(i32) -> i32) -> i32 {
        change(3).await
    }
    #[scoped]
    async fn only_in_ok(text: Option<&str>) -> Result<&str, String> {
        let Some(text) = text else {
            return Err("none".into());
        };
        Ok(text)
    }
    #[scoped]
    async fn nothing() {
        pause().await;
    }
    #[scoped]
    async fn recursive(n: u32) -> u32 {
        if n == 0 {
            0
        } else {
            Box::pin(recursive(n - 1)).await + 1
        }
    }
    assert_eq!(
        passes(|| block_on(patterns(1, (2, 3), &Point { x: -4, y: 0 }))),
        11
    );
    assert_eq!(passes(|| block_on(generic([1, 2]))), 2);
    assert_eq!(passes(|| block_on(async_closure(async |x| x + 1))), 4);
    fails("String: none", || block_on(only_in_ok(None)));
    assert_eq!(passes(|| block_on(only_in_ok(Some("x")))), Ok("x"));
    passes(|| block_on(nothing()));
    assert_eq!(passes(|| block_on(recursive(3))), 3);
}

#[test]
fn ctx_74_an_async_function_that_does_not_return() {
    #[scoped]
    async fn forever(turns: u32) -> ! {
        let mut turn = 0;
        loop {
            pause().await;
            assert!(turn < turns, "out of turns");
            turn += 1;
        }
    }
    let panicked = reports("Panic: out of turns", || {
        catch_unwind(|| block_on(forever(2))).is_err()
    });
    assert!(panicked);
    // Dropped halfway, which is no failure.
    passes(|| {
        block_on(async {
            tokio::select! {
                biased;
                () = pause() => {}
                _ = forever(u32::MAX) => {}
            }
        });
    });
}

#[tokio::main(flavor = "current_thread")]
#[scoped]
async fn scoped_below_main() -> Result<(), fmt::Error> {
    pause().await;
    Err(fmt::Error)
}

#[scoped]
#[tokio::main(flavor = "current_thread")]
async fn scoped_above_main() -> Result<(), fmt::Error> {
    pause().await;
    Err(fmt::Error)
}

#[test]
fn ctx_74_around_and_inside_of_tokio_main() {
    fails(FORMATTING, scoped_below_main);
    fails(FORMATTING, scoped_above_main);
}

#[tokio::test]
#[scoped(tags(inside = true))]
async fn ctx_74_scoped_below_tokio_test() {
    pause().await;
    assert!(inside());
}

#[scoped(tags(inside = true))]
#[tokio::test]
async fn ctx_74_scoped_above_tokio_test() -> Result<(), String> {
    pause().await;
    inside()
        .then_some(())
        .ok_or_else(|| "no context".to_owned())
}
