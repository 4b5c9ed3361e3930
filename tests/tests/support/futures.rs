//! Futures by hand: polled once, or run on this thread.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// Polls once.
pub(crate) fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Pending at the first poll, ready at the second; it wakes nobody.
pub(crate) fn yield_now() -> impl Future<Output = ()> + Send {
    let mut polled = false;
    poll_fn(move |_| {
        if mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

/// Runs a future on this thread, where it is recorded.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
