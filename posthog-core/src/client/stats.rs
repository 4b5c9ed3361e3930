//! What became of the events: every one that was captured is counted under what happened to it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the client was made. `admitted` is `delivered` plus `failed` plus what is pending still.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Events that entered the queue.
    pub admitted: u64,
    /// Events that the service acknowledged.
    pub delivered: u64,
    /// Events that were given up after they had entered the queue, for whatever reason the log gave.
    pub failed: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Events dropped because the queue was full.
    pub dropped_queue_full: u64,
    /// Events dropped because they were too large.
    pub dropped_too_large: u64,
    /// Events dropped because they could not be accepted: a blank name, an ID that is too long, a value that panicked.
    pub dropped_invalid: u64,
    /// Events dropped by a `before_send` hook, or because one panicked.
    pub dropped_by_hook: u64,
    /// Events captured after the shutdown began.
    pub dropped_closed: u64,
}

impl Stats {
    /// Events that are queued or being sent.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.admitted.saturating_sub(self.delivered + self.failed)
    }
}

/// Why an event did not enter the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DropReason {
    QueueFull,
    TooLarge,
    Invalid,
    Hook,
    Closed,
    /// There was nothing to send in the first place; nothing is counted.
    NothingToSend,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) admitted: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) retries: AtomicU64,
    queue_full: AtomicU64,
    too_large: AtomicU64,
    invalid: AtomicU64,
    hook: AtomicU64,
    closed: AtomicU64,
}

impl Counters {
    pub(crate) fn dropped(&self, reason: DropReason) {
        let counter = match reason {
            DropReason::QueueFull => &self.queue_full,
            DropReason::TooLarge => &self.too_large,
            DropReason::Invalid => &self.invalid,
            DropReason::Hook => &self.hook,
            DropReason::Closed => &self.closed,
            DropReason::NothingToSend => return,
        };
        add(counter, 1);
    }

    pub(crate) fn read(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            admitted: of(&self.admitted),
            delivered: of(&self.delivered),
            failed: of(&self.failed),
            retries: of(&self.retries),
            dropped_queue_full: of(&self.queue_full),
            dropped_too_large: of(&self.too_large),
            dropped_invalid: of(&self.invalid),
            dropped_by_hook: of(&self.hook),
            dropped_closed: of(&self.closed),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
