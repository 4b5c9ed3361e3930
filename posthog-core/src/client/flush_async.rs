//! A flush that blocks no thread of the caller's.
//!
//! Without a runtime there is no timer, so a thread waits instead, for as long as somebody wants to know: the future
//! holds the lanes and not the client, so that neither it nor its thread is ever a client's last handle.

use super::FlushError;
use crate::{
    delivery::{Flush, Lanes, may_wait},
    notice, threads,
    user_code::caught,
};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

/// See [`Client::flush_async`](super::Client::flush_async).
#[must_use = "a future does nothing unless it is awaited"]
pub(super) struct FlushAsync(State);

enum State {
    NotStarted {
        lanes: Arc<Lanes>,
        timeout: Duration,
    },
    Waiting(Arc<Waiting>),
    Done(Result<(), FlushError>),
}

/// What the future shares with its thread.
struct Waiting {
    lanes: Arc<Lanes>,
    dropped: AtomicBool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    result: Option<Result<(), FlushError>>,
    waker: Option<Waker>,
}

impl FlushAsync {
    /// `None` where nothing is ever sent.
    pub(super) fn new(lanes: Option<Arc<Lanes>>, timeout: Duration) -> Self {
        Self(match lanes {
            Some(lanes) => State::NotStarted { lanes, timeout },
            None => State::Done(Ok(())),
        })
    }

    fn start(lanes: Arc<Lanes>, timeout: Duration) -> State {
        let flush = lanes.begin_flush(timeout);
        let now = flush.wait(&lanes, &|| true);
        // On the worker and inside a hook nobody waits, here as little as in a blocking flush (DLV-55).
        if now.is_ok() || timeout.is_zero() || !may_wait() {
            return State::Done(now);
        }
        let waiting = Arc::new(Waiting {
            lanes,
            dropped: AtomicBool::new(false),
            told: Mutex::default(),
        });
        let there = Arc::clone(&waiting);
        match threads::start("posthog-flush", Box::new(move || there.run(flush))) {
            Ok(()) => State::Waiting(waiting),
            Err(error) => {
                notice::error_once(format_args!(
                    "no thread could be started, so a flush is not waited for: {error}"
                ));
                State::Done(now)
            }
        }
    }
}

impl Future for FlushAsync {
    type Output = Result<(), FlushError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::NotStarted { lanes, timeout } = &self.0 {
            self.0 = Self::start(Arc::clone(lanes), *timeout);
        }
        match &self.0 {
            State::NotStarted { .. } => Poll::Pending,
            State::Done(result) => Poll::Ready(*result),
            State::Waiting(waiting) => {
                let mut told = waiting.told();
                if let Some(result) = told.result {
                    return Poll::Ready(result);
                }
                told.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for FlushAsync {
    /// Sends its thread home, and does not wait for it.
    fn drop(&mut self) {
        if let State::Waiting(waiting) = &self.0 {
            waiting.dropped.store(true, Ordering::Release);
            waiting.lanes.wake();
        }
    }
}

impl Waiting {
    fn run(&self, flush: Flush) {
        let result = flush.wait(&self.lanes, &|| self.dropped.load(Ordering::Acquire));
        let mut told = self.told();
        told.result = Some(result);
        let waker = told.waker.take();
        drop(told);
        // Waking is the executor's code.
        caught(|| waker.map(Waker::wake));
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
