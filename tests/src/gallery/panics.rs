//! Panics through contexts.

use posthog::{Context, capture, context, scoped};
use std::{
    panic::{self, AssertUnwindSafe},
    thread,
};

pub(super) const ALL: &[(&str, fn())] = &[
    ("a panic with a text", text),
    ("a panic with a formatted text", formatted),
    ("a panic with a payload of its own", payload),
    ("`unwrap` of an `Err`", unwrap),
    ("an index out of bounds", index),
    ("a panic through contexts", nested),
    ("a panic that is caught and resumed", resumed),
    ("a panic in a destructor", in_drop),
    ("a panic on another thread", on_a_thread),
    ("a panic while a value is serialized", in_serialize),
    (
        "a panic in the destructor of what a context holds",
        in_drop_of_a_context,
    ),
];

/// Catches what it is about.
fn caught(panics: impl FnOnce()) {
    panic::catch_unwind(AssertUnwindSafe(panics)).expect_err("it panics");
}

fn text() {
    caught(|| {
        context! { <distinct_id = "user-7", tags(order = 551)> panic!("the till is empty") }
    });
}

fn formatted() {
    #[scoped]
    fn ship(order: u32) {
        panic!("order {order} is out of stock");
    }
    caught(|| ship(551));
}

fn payload() {
    caught(|| {
        context! { panic::panic_any(551) }
    });
}

fn unwrap() {
    #[scoped]
    fn quantity(text: &str) -> u32 {
        text.parse().unwrap()
    }
    caught(|| {
        quantity("three");
    });
}

fn index() {
    #[scoped]
    fn nth(orders: &[u32], n: usize) -> u32 {
        orders[n]
    }
    caught(|| {
        nth(&[1, 2], 7);
    });
}

fn nested() {
    #[scoped(tags(depth = 2))]
    fn inner() {
        panic!("the till is empty");
    }
    #[scoped(tags(depth = 1))]
    fn outer() {
        inner();
    }
    caught(outer);
}

fn resumed() {
    #[scoped(tags(depth = 1))]
    fn outer() {
        let payload = panic::catch_unwind(|| {
            context! { <tags(depth = 2)> panic!("the till is empty") }
        });
        let Err(payload) = payload;
        panic::resume_unwind(payload);
    }
    caught(outer);
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the till fell down");
    }
}

fn in_drop() {
    #[scoped]
    fn close() {
        drop(Bomb);
    }
    caught(close);
}

fn in_drop_of_a_context() {
    #[scoped(tags(step = "closing"))]
    fn close() {
        let _bomb = Bomb;
        capture!("closed");
    }
    caught(close);
}

fn on_a_thread() {
    let here = Context::current();
    let thread = thread::spawn(move || {
        let _scope = here.attach();
        context! { <tags(thread = "till")> panic!("the till is empty") }
    });
    thread.join().expect_err("it panics");
}

fn in_serialize() {
    struct Unserializable;
    impl serde::Serialize for Unserializable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in serialize");
        }
    }
    context! {
        capture!("bad", value = Unserializable);
        capture!("good");
    }
}
