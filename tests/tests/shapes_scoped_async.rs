//! `#[scoped]` on functions that are `async` or return a future: which of them is a scoped future, and what it reports.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{Context, scoped};
use std::{
    error::Error,
    fmt,
    future::{Future, Ready, ready},
    num::ParseIntError,
    panic::catch_unwind,
    pin::{Pin, pin},
    task::{Poll, Waker},
};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, fails, passes, pause, reports};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";
const FORMATTING: &str = "core::fmt::Error: an error occurred when formatting an argument";

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

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
    assert_eq!(passes(|| block_on(in_a_result("12")).map(Iterator::count)), Ok(2));
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
        let length = ready(if text.is_empty() { Err(fmt::Error) } else { Ok(text.len()) });
        let length = length.await?;
        Ok(length)
    }
    assert_eq!(passes(|| block_on(object("x")).map(|object| object.number()).expect("it is made")), 0);
    fails("Error: an error occurred when formatting an argument", || block_on(object("")).map(drop));
    fails(NO_DIGIT, || block_on(alias("x")));
    fails(FORMATTING, || block_on(awaits_a_result(String::new(), Vec::new())));
    assert_eq!(passes(|| block_on(awaits_a_result("abc".into(), Vec::new()))), Ok(3));
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
    let mut order = Order { name: "book".into(), ..Order::default() };
    assert_eq!(passes(|| block_on(async { order.add().await.add().await.total })), 2);
    assert_eq!(passes(|| block_on(order.name("hi")).map(str::to_owned)), Ok("book".to_owned()));
    fails("String: no greeting", || block_on(order.name("")).map(str::to_owned));
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
            if self.name.is_empty() { Err("no name".into()) } else { Ok(self.total) }
        }
    }
    // Both functions are scoped, and the error is reported once.
    fails("String: no name", || block_on(Order::default().provided()));
    let named = Order { total: 3, name: "book".into() };
    assert_eq!(passes(|| block_on(named.provided())), Ok(3));
}

#[test]
fn ctx_74_async_trait() {
    #[async_trait::async_trait]
    trait Charge: Sync {
        async fn charge(&self, text: &str) -> Result<i32, String>;
        async fn borrow<'a>(&'a mut self, text: &'a str) -> &'a str;
        #[scoped(tags(inside = true))]
        async fn provided(&self) -> bool {
            pause().await;
            inside()
        }
    }
    #[async_trait::async_trait]
    impl Charge for Order {
        #[scoped(tags(inside = true))]
        async fn charge(&self, text: &str) -> Result<i32, String> {
            pause().await;
            assert!(inside());
            text.parse().map_err(|_| "no number".to_owned())
        }
        #[scoped]
        async fn borrow<'a>(&'a mut self, text: &'a str) -> &'a str {
            pause().await;
            self.name = text.to_owned();
            text
        }
    }
    // What `#[scoped]` is given is `fn … { Box::pin(async move { … }) }`.
    let mut order: Box<dyn Charge> = Box::new(Order::default());
    fails("String: no number", || block_on(order.charge("x")));
    assert_eq!(passes(|| block_on(order.charge("4"))), Ok(4));
    assert_eq!(passes(|| block_on(order.borrow("book")).len()), 4);
    assert!(passes(|| block_on(order.provided())));
}

#[test]
fn ctx_74_boxed_futures() {
    #[scoped(tags(inside = true))]
    fn recursive(n: u32) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
        Box::pin(async move {
            pause().await;
            assert!(inside());
            if n == 0 { Err("too deep".into()) } else { recursive(n - 1).await }
        })
    }
    #[scoped(tags(inside = true))]
    fn alias(n: &u32) -> BoxFuture<'_, Result<bool, String>> {
        let copy = *n;
        Box::pin(async move {
            pause().await;
            if *n == 0 { Err("nothing".into()) } else { Ok(inside() && copy == *n) }
        })
    }
    #[scoped(tags(inside = true))]
    fn by_path(_: u8) -> BoxFuture<'static, bool> {
        std::boxed::Box::pin(async { inside() })
    }
    #[scoped]
    fn local(text: &str) -> Pin<Box<dyn Future<Output = Result<u8, ParseIntError>> + '_>> {
        Box::pin(async move {
            pause().await;
            text.parse()
        })
    }
    // One exception, although four of these futures end with the error.
    fails("String: too deep", || block_on(recursive(3)));
    fails("String: nothing", || block_on(alias(&0)));
    assert_eq!(passes(|| block_on(alias(&1))), Ok(true));
    assert!(passes(|| block_on(by_path(1))));
    fails(NO_DIGIT, || block_on(local("x")));
}

#[test]
fn ctx_74_a_body_that_ends_in_an_async_block() {
    #[scoped(tags(inside = true))]
    fn only_the_block(text: &str) -> impl Future<Output = Result<u8, ParseIntError>> + '_ {
        async move {
            pause().await;
            assert!(inside());
            text.parse()
        }
    }
    #[scoped(tags(inside = true))]
    fn behind_statements(text: &str) -> impl Future<Output = Result<u8, ParseIntError>> + Send + use<> {
        assert!(inside());
        let own = text.to_owned();
        async move {
            pause().await;
            assert!(inside());
            own.parse()
        }
    }
    fails(NO_DIGIT, || block_on(only_the_block("x")));
    assert_eq!(passes(|| block_on(only_the_block("1"))), Ok(1));
    fails(NO_DIGIT, || block_on(behind_statements("x")));
    assert_eq!(passes(|| block_on(behind_statements("1"))), Ok(1));
}

#[test]
fn ctx_74_a_future_made_otherwise_is_scoped_while_it_is_made() {
    /// A future by hand.
    struct Tells;
    impl Future for Tells {
        type Output = Result<bool, fmt::Error>;
        fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Self::Output> {
            Poll::Ready(if inside() { Ok(true) } else { Err(fmt::Error) })
        }
    }
    impl Tells {
        #[scoped(tags(inside = true))]
        fn poll_scoped(self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<Result<bool, fmt::Error>> {
            self.poll(context)
        }
    }
    #[scoped(tags(inside = true))]
    fn named() -> Tells {
        assert!(inside());
        Tells
    }
    #[scoped(tags(inside = true))]
    fn opaque() -> impl Future<Output = Result<bool, fmt::Error>> {
        Tells
    }
    #[scoped(tags(inside = true))]
    fn ready_made() -> Ready<bool> {
        ready(inside())
    }
    assert_eq!(passes(|| block_on(named())), Err(fmt::Error));
    assert_eq!(passes(|| block_on(opaque())), Err(fmt::Error));
    assert!(passes(|| block_on(ready_made())));
    let mut waker = std::task::Context::from_waker(Waker::noop());
    assert_eq!(passes(|| pin!(Tells).poll_scoped(&mut waker)), Poll::Ready(Ok(true)));
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
        let Some(text) = text else { return Err("none".into()) };
        Ok(text)
    }
    #[scoped]
    async fn nothing() {
        pause().await;
    }
    #[scoped]
    async fn recursive(n: u32) -> u32 {
        if n == 0 { 0 } else { Box::pin(recursive(n - 1)).await + 1 }
    }
    assert_eq!(passes(|| block_on(patterns(1, (2, 3), &Point { x: -4, y: 0 }))), 11);
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
    let panicked = reports("Panic: out of turns", || catch_unwind(|| block_on(forever(2))).is_err());
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

#[test]
fn ctx_76_a_scoped_future_is_send_when_its_body_is() {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    #[scoped(tags(inside = true))]
    async fn by_reference(text: &str) -> Result<usize, String> {
        pause().await;
        if inside() { Ok(text.len()) } else { Err("outside".into()) }
    }
    #[scoped]
    fn opaque() -> impl Future<Output = u8> {
        async { 1 }
    }
    let text = String::from("abc");
    assert_eq!(passes(|| block_on(is_send(by_reference(&text)))), Ok(3));
    assert_eq!(passes(|| block_on(is_send(opaque()))), 1);
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
    inside().then_some(()).ok_or_else(|| "no context".to_owned())
}
