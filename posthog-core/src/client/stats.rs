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
    /// Events that were given up after they had been admitted: the sum of the next five.
    pub failed: u64,
    /// Events of batches that the server refused.
    pub failed_refused: u64,
    /// Events of batches that failed in every attempt.
    pub failed_exhausted: u64,
    /// Events that the service took and threw away.
    pub failed_dropped_by_service: u64,
    /// Events of batches that the server answered with words that make no sense.
    pub failed_unreadable: u64,
    /// Events that were not final when the shutdown's time was up.
    pub failed_at_shutdown: u64,
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
    /// Failures that were one too many of their kind ([`Options::exception_rate_limit`](crate::Options::exception_rate_limit)).
    pub dropped_rate_limited: u64,
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
    RateLimited,
    /// There was nothing to send in the first place; nothing is counted.
    NothingToSend,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Of each lane, under its lock only: see [`Self::admitted`].
    admitted: [AtomicU64; 2],
    pub(crate) delivered: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) exhausted: AtomicU64,
    pub(crate) dropped_by_service: AtomicU64,
    pub(crate) unreadable: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) retries: AtomicU64,
    queue_full: AtomicU64,
    too_large: AtomicU64,
    invalid: AtomicU64,
    hook: AtomicU64,
    closed: AtomicU64,
    rate_limited: AtomicU64,
}

impl Counters {
    pub(crate) fn dropped(&self, reason: DropReason) {
        let counter = match reason {
            DropReason::QueueFull => &self.queue_full,
            DropReason::TooLarge => &self.too_large,
            DropReason::Invalid => &self.invalid,
            DropReason::Hook => &self.hook,
            DropReason::Closed => &self.closed,
            DropReason::RateLimited => &self.rate_limited,
            DropReason::NothingToSend => return,
        };
        add(counter, 1);
    }

    /// Counts an event that entered a lane. The caller holds the lane's lock, and so nobody else adds to its count: this
    /// needs no instruction that locks the memory, for which every capture would wait.
    #[inline]
    pub(crate) fn admitted(&self, ai: bool) {
        let admitted = &self.admitted[usize::from(ai)];
        admitted.store(admitted.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let [refused, exhausted, by_service, unreadable, abandoned] = [
            &self.refused,
            &self.exhausted,
            &self.dropped_by_service,
            &self.unreadable,
            &self.abandoned,
        ]
        .map(of);
        let failed = refused + exhausted + by_service + unreadable + abandoned;
        // Read after what it is the sum of, so that nothing is pending that is not.
        let delivered = of(&self.delivered);
        Stats {
            admitted: self.admitted.iter().map(of).sum(),
            delivered,
            failed,
            failed_refused: refused,
            failed_exhausted: exhausted,
            failed_dropped_by_service: by_service,
            failed_unreadable: unreadable,
            failed_at_shutdown: abandoned,
            retries: of(&self.retries),
            dropped_queue_full: of(&self.queue_full),
            dropped_too_large: of(&self.too_large),
            dropped_invalid: of(&self.invalid),
            dropped_by_hook: of(&self.hook),
            dropped_closed: of(&self.closed),
            dropped_rate_limited: of(&self.rate_limited),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
