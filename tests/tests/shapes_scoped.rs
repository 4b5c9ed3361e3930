//! `#[scoped]` on functions and methods of every signature: what they return, and what they report.

#![deny(warnings, clippy::all, clippy::pedantic)]

use posthog::scoped;
use std::{
    error::Error,
    fmt::{self, Debug},
    future::Future,
    num::ParseIntError,
    pin::Pin,
    task::Poll,
};

#[path = "support/exceptions.rs"]
mod exceptions;

use exceptions::{block_on, fails, passes, reports};

const NO_DIGIT: &str = "ParseIntError: invalid digit found in string";
// `Error` alone is written with its path; boxed, it has none.
const FORMATTING: &str = "Error: an error occurred when formatting an argument";
const FORMATTING_BY_PATH: &str = "core::fmt::Error: an error occurred when formatting an argument";

trait Number {
    fn number(&self) -> i32;
}

#[derive(Debug, Default, PartialEq)]
struct Order {
    total: i32,
    items: Vec<u8>,
    name: String,
}

impl Number for Order {
    fn number(&self) -> i32 {
        self.total
    }
}

struct Point {
    x: i32,
    #[allow(dead_code, reason = "left out by the pattern that is tested")]
    y: i32,
}

#[test]
fn ctx_74_impl_trait_is_returned() {
    #[scoped]
    fn plain(list: &[u32]) -> impl Iterator<Item = u32> + '_ {
        list.iter().copied()
    }
    #[scoped]
    fn in_a_result(text: &str) -> Result<impl Iterator<Item = char> + '_, ParseIntError> {
        let _: i32 = text.parse()?;
        Ok(text.chars())
    }
    #[scoped]
    fn of_a_mutable_borrow(list: &mut [u8]) -> impl Iterator<Item = &mut u8> {
        list.iter_mut()
    }
    #[scoped]
    fn a_future() -> impl Future<Output = i32> {
        async { 3 }
    }
    assert_eq!(passes(|| plain(&[1, 2]).sum::<u32>()), 3);
    assert_eq!(passes(|| in_a_result("12").map(Iterator::count)), Ok(2));
    fails(NO_DIGIT, || in_a_result("x").map(Iterator::count));
    let mut list = vec![1, 2];
    passes(|| of_a_mutable_borrow(&mut list).for_each(|item| *item += 1));
    assert_eq!(list, [2, 3]);
    assert_eq!(passes(|| block_on(a_future())), 3);
}

#[test]
fn ctx_74_lifetimes_are_kept() {
    #[scoped]
    fn only_in_ok(text: Option<&str>) -> Result<&str, String> {
        let Some(text) = text else {
            return Err("none".into());
        };
        Ok(text)
    }
    #[scoped]
    fn of_one_argument<'a>(list: &'a mut [u8], name: &str) -> Result<&'a mut u8, String> {
        if name.is_empty() {
            return Err("no name".into());
        }
        list.first_mut().ok_or_else(|| "no item".to_owned())
    }
    #[scoped]
    fn outlives<'a, 'b: 'a>(first: &'a str, second: &'b str) -> &'a str {
        if first.is_empty() { second } else { first }
    }
    assert_eq!(passes(|| only_in_ok(Some("x"))), Ok("x"));
    fails("String: none", || only_in_ok(None));
    let mut list = vec![1];
    passes(|| of_one_argument(&mut list, "x").map(|item| *item = 7)).expect("an item");
    assert_eq!(list, [7]);
    fails("String: no name", || {
        of_one_argument(&mut list, "").copied_out()
    });
    fails("String: no item", || {
        of_one_argument(&mut [], "x").copied_out()
    });
    assert_eq!(passes(|| outlives("", "second")), "second");
}

/// A result that borrows from nothing.
trait CopiedOut {
    fn copied_out(self) -> Result<u8, String>;
}

impl CopiedOut for Result<&mut u8, String> {
    fn copied_out(self) -> Result<u8, String> {
        self.map(|item| *item)
    }
}

#[test]
fn ctx_74_the_value_is_coerced_to_the_return_type() {
    #[scoped]
    fn trait_object(name: &str) -> Result<Box<dyn Number>, Box<dyn Error>> {
        if name.is_empty() {
            return Err(Box::new(fmt::Error));
        }
        Ok(Box::new(Order::default()))
    }
    #[scoped]
    fn boxed_closure() -> Box<dyn Fn(i32) -> i32> {
        Box::new(|x| x + 1)
    }
    #[scoped]
    fn function_pointer() -> fn(i32) -> i32 {
        |x| x + 1
    }
    #[scoped]
    fn slice(array: &[u8; 2]) -> &[u8] {
        array
    }
    assert_eq!(
        passes(|| trait_object("x")
            .map(|object| object.number())
            .expect("it is made")),
        0
    );
    fails(FORMATTING, || trait_object("").map(drop));
    assert_eq!(
        passes(|| (boxed_closure()(1), function_pointer()(2))),
        (2, 3)
    );
    assert_eq!(passes(|| slice(&[1, 2]).len()), 2);
}

impl Order {
    #[scoped]
    fn add(&mut self) -> &mut Self {
        self.total += 1;
        self
    }
    #[scoped]
    fn try_add(&mut self, n: i32) -> Result<&mut Self, String> {
        if n == 0 {
            return Err("nothing to add".into());
        }
        self.total += n;
        Ok(self)
    }
    #[scoped]
    fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
    #[scoped]
    fn name(&self) -> &str {
        &self.name
    }
    #[scoped]
    fn item(&mut self, index: usize) -> Option<&mut u8> {
        if index > 3 {
            return None;
        }
        self.items.get_mut(index)
    }
    #[scoped]
    fn pinned(self: Pin<&mut Self>) -> i32 {
        let order = self.get_mut();
        order.total += 1;
        order.total
    }
    #[scoped]
    fn pinned_through(mut self: Pin<&mut Self>) -> Pin<&mut Self> {
        self.as_mut().total = 20;
        self
    }
    #[scoped]
    fn boxed(self: Box<Self>) -> i32 {
        self.total
    }
    #[scoped]
    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Result<i32, fmt::Error>> {
        if self.name.is_empty() {
            return Poll::Ready(Err(fmt::Error));
        }
        Poll::Pending
    }
}

#[test]
fn ctx_74_methods_keep_their_receiver() {
    let mut order = Order {
        items: vec![5],
        ..Order::default()
    };
    assert_eq!(passes(|| order.add().add().total), 2);
    fails("String: nothing to add", || {
        order.try_add(0).map(|order| order.total)
    });
    assert_eq!(passes(|| order.try_add(3).map(|order| order.total)), Ok(5));
    order = passes(|| order.renamed("book"));
    assert_eq!(passes(|| order.name().to_owned()), "book");
    assert_eq!(
        passes(|| (order.item(0).copied_value(), order.item(4).copied_value())),
        (Some(5), None)
    );
    assert_eq!(passes(|| Pin::new(&mut order).pinned()), 6);
    assert_eq!(passes(|| Pin::new(&mut order).pinned_through().total), 20);
    let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(passes(|| Pin::new(&mut order).poll(&mut waker)).is_pending());
    order.name.clear();
    let poll = reports(FORMATTING_BY_PATH, || Pin::new(&mut order).poll(&mut waker));
    assert_eq!(poll, Poll::Ready(Err(fmt::Error)));
    assert_eq!(passes(|| Box::new(order).boxed()), 20);
}

trait CopiedValue {
    fn copied_value(self) -> Option<u8>;
}

impl CopiedValue for Option<&mut u8> {
    fn copied_value(self) -> Option<u8> {
        self.map(|item| *item)
    }
}

#[test]
fn ctx_74_methods_of_traits_provided_and_implemented() {
    trait Described {
        fn base(&self) -> i32;
        #[scoped]
        fn provided(&self, text: &str) -> Result<i32, String> {
            if text.is_empty() {
                return Err("no text".into());
            }
            Ok(self.base())
        }
        #[scoped]
        fn by_value(self) -> Self
        where
            Self: Sized,
        {
            self
        }
    }
    struct Overriding;
    impl Described for Order {
        fn base(&self) -> i32 {
            1
        }
    }
    impl Described for Overriding {
        fn base(&self) -> i32 {
            unreachable!()
        }
        #[scoped]
        fn provided(&self, _: &str) -> Result<i32, String> {
            Err("overridden".into())
        }
    }
    fails("String: no text", || Order::default().provided(""));
    assert_eq!(passes(|| Order::default().by_value().provided("x")), Ok(1));
    let object: &dyn Described = &Overriding;
    fails("String: overridden", || object.provided("x"));
}

#[test]
fn ctx_74_arguments_are_patterns() {
    #[scoped]
    fn sum(
        mut x: u32,
        (a, mut b): (u32, u32),
        &Point { x: px, .. }: &Point,
        [first, ..]: [u32; 3],
    ) -> u32 {
        x += 1;
        b += a;
        x + b + px.unsigned_abs() + first
    }
    #[scoped]
    fn unused(text: &str, _named: &str, _: Vec<u8>) -> usize {
        text.len()
    }
    assert_eq!(
        passes(|| sum(1, (2, 3), &Point { x: -4, y: 0 }, [5, 6, 7])),
        16
    );
    assert_eq!(passes(|| unused("abc", "", Vec::new())), 3);
}
