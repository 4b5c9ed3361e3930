//! Delivery on the caller's own thread, past the queue: sync mode, and single events that are wanted at once.

use super::{Lane, Shared, report::explain, worker::as_worker};
use crate::{
    assemble::Assembled,
    client::{DropReason, add},
    delivery::{
        failure::{DeliveryFailure, DeliveryFailureKind},
        form::Form,
        queue::Queue,
        schedule::{Failed, Schedule, Step},
    },
};
use std::time::Duration;

/// Events that threads send themselves. Each has a number, for they do not end in the order in which they began.
#[derive(Default)]
pub(super) struct Direct {
    begun: u64,
    /// Those that are not final yet, in the order in which they began.
    open: Vec<u64>,
    /// How many a shutdown's deadline has ended.
    lost: u64,
}

impl Direct {
    fn begin(&mut self) -> u64 {
        let number = self.begun;
        self.begun += 1;
        self.open.push(number);
        number
    }

    /// How many have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// How many of the first `begun` are not final yet.
    pub(super) fn pending(&self, begun: u64) -> u64 {
        self.open.partition_point(|number| *number < begun) as u64
    }

    /// How many a shutdown's deadline has ended.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    fn end(&mut self, number: u64) {
        self.open.retain(|open| *open != number);
    }

    fn lose(&mut self, number: u64) {
        self.end(number);
        self.lost += 1;
    }

    /// How many are not final yet.
    pub(super) fn open(&self) -> u64 {
        self.open.len() as u64
    }
}

impl Lane {
    /// Sends an event on this thread, past the queue, and waits until it is final (DLV-146). `None` if it was delivered.
    ///
    /// A shutdown ends it at its deadline, as it ends the worker (DLV-60).
    pub(in crate::delivery) fn deliver_now(
        &self,
        event: Assembled,
    ) -> Result<Option<DeliveryFailure>, DropReason> {
        let shared = &*self.0;
        let mut state = shared.lock();
        if state.shut_down.is_some() || state.deadline.is_some() {
            return Err(DropReason::Closed);
        }
        let number = state.direct.begin();
        shared.counters.admitted(shared.wire.form == Form::Ai);
        drop(state);
        // A transport or a logger that flushes would wait for what it is itself called for.
        let failure = as_worker(|| shared.deliver(event, number));
        shared.lock().direct.end(number);
        shared.changed.notify_all();
        if let Some(status) = failure.as_ref().and_then(|failure| failure.status) {
            explain(status, shared.wire.form);
        }
        Ok(failure)
    }
}

impl Shared {
    /// Sends one event, with the retries of any other.
    fn deliver(&self, mut event: Assembled, number: u64) -> Option<DeliveryFailure> {
        let mut schedule = Schedule::new(self.limits, Queue::new(1, usize::MAX));
        // An empty queue takes it.
        let _ = schedule.admit(event.incoming(), || self.clock.now());
        schedule.close();
        loop {
            // Locked before the look at the clock: a move of it wakes whoever holds the lock or waits, and nobody else.
            let mut state = self.lock();
            let now = self.clock.now();
            let left = state.deadline.map(|deadline| deadline.saturating_sub(now));
            if left.is_some_and(|left| left.is_zero()) {
                let batch = schedule.surrender();
                add(&self.counters.abandoned, batch.events.len() as u64);
                // Under the lock: who waits for the shutdown learns of it as of everything that it lost (DLV-62).
                state.direct.lose(number);
                drop(state);
                let mut failed = Failed {
                    kind: DeliveryFailureKind::Exhausted,
                    batch,
                    status: None,
                    asked: Duration::ZERO,
                };
                return Some(self.describe(&mut failed));
            }
            match schedule.step(now) {
                Step::Send(mut batch) => {
                    drop(state);
                    let timeout =
                        left.map_or(self.request_timeout, |left| left.min(self.request_timeout));
                    let answer = self.send(&mut batch, timeout);
                    let outcome =
                        schedule.sent(batch, answer, self.clock.now(), self.clock.random());
                    self.count(&outcome);
                    if let Some(mut failed) = outcome.failed {
                        return Some(self.describe(&mut failed));
                    }
                }
                Step::Wait { until } => {
                    let until = until.map(|until| until.saturating_sub(now));
                    drop(self.sleep(state, [until, left].into_iter().flatten().min()));
                }
                Step::Stop => return None,
            }
        }
    }
}
