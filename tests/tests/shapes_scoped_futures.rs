//! `#[scoped]` on functions that return a future: which of them is a scoped future, and what it reports.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::{Context, scoped};
use std::{
    fmt,
    future::{Future, Ready, ready},
    num::ParseIntError,
    pin::{Pin, pin},
    task::{Poll, Waker},
};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, fails, passes, pause};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[derive(Default)]
struct Order {
    name: String,
}

/// Whether the code runs in the context of a function that is `#[scoped(tags(inside = true))]`.
fn inside() -> bool {
    Context::current().tags().contains_key("inside")
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
            if n == 0 {
                Err("too deep".into())
            } else {
                recursive(n - 1).await
            }
        })
    }
    #[scoped(tags(inside = true))]
    fn alias(n: &u32) -> BoxFuture<'_, Result<bool, String>> {
        let copy = *n;
        Box::pin(async move {
            pause().await;
            if *n == 0 {
                Err("nothing".into())
            } else {
                Ok(inside() && copy == *n)
            }
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
    fn behind_statements(
        text: &str,
    ) -> impl Future<Output = Result<u8, ParseIntError>> + Send + use<> {
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
        fn poll_scoped(
            self: Pin<&mut Self>,
            context: &mut std::task::Context<'_>,
        ) -> Poll<Result<bool, fmt::Error>> {
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
    assert_eq!(
        passes(|| pin!(Tells).poll_scoped(&mut waker)),
        Poll::Ready(Ok(true))
    );
}

#[test]
fn ctx_76_a_scoped_future_is_send_when_its_body_is() {
    fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
    #[scoped(tags(inside = true))]
    async fn by_reference(text: &str) -> Result<usize, String> {
        pause().await;
        if inside() {
            Ok(text.len())
        } else {
            Err("outside".into())
        }
    }
    #[scoped]
    fn opaque() -> impl Future<Output = u8> {
        async { 1 }
    }
    let text = String::from("abc");
    assert_eq!(passes(|| block_on(is_send(by_reference(&text)))), Ok(3));
    assert_eq!(passes(|| block_on(is_send(opaque()))), 1);
}
