//! The one thread that sends for a lane, and who does its work where no thread can be had.

use super::{Lane, Shared, State, report::To};
use crate::{
    client::in_hook,
    delivery::{
        answer::Answer,
        batch::Batch,
        schedule::{Failed, Step},
    },
    notice, threads,
    user_code::caught,
};
use std::{cell::Cell, sync::Arc, sync::MutexGuard, time::Duration};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Worker {
    NotStarted,
    Running,
    Ended,
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// The worker cannot wait for itself, and a hook must not keep its capture waiting (DLV-55, DLV-64).
pub(crate) fn may_wait() -> bool {
    !IS_WORKER.try_with(Cell::get).unwrap_or(false) && !in_hook()
}

/// Runs code that sends on this thread: what it calls must not wait for it.
pub(super) fn as_worker<R>(code: impl FnOnce() -> R) -> R {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            IS_WORKER.set(self.0);
        }
    }
    let _before = Before(IS_WORKER.replace(true));
    code()
}

impl Lane {
    pub(super) fn start_worker(&self) {
        let shared = Arc::clone(&self.0);
        let name = format!("posthog-{}", shared.wire.form.lane());
        // Only the logger can panic in there; the worker goes on where it was (DLV-36).
        let work = move || while caught(|| shared.work()).is_none() {};
        let started = threads::start(&name, Box::new(work));
        if let Err(error) = started {
            notice::error_once(format_args!(
                "no worker could be started, so events wait in the queue: {error}"
            ));
            // The next event, flush or shutdown tries again, and who waits does its work meanwhile.
            self.0.lock().worker = Worker::NotStarted;
            self.0.changed.notify_all();
        }
    }

    /// Starts the worker where an earlier try has failed and events wait for it.
    pub(super) fn start_if_needed(&self, mut state: MutexGuard<'_, State>) {
        let needed = state.worker == Worker::NotStarted && state.schedule.open() > 0;
        if needed {
            state.worker = Worker::Running;
        }
        drop(state);
        if needed {
            self.start_worker();
        }
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// The worker's life.
    fn work(&self) {
        IS_WORKER.set(true);
        self.drive(None, To::Callback, &|_| false);
        // Here because nobody may be waiting for the shutdown (DLV-64); before the end because somebody may be.
        let _ = self.conclude(self.lock());
        self.lock().worker = Worker::Ended;
        self.changed.notify_all();
    }

    /// Does the worker's work on the thread of who waits for it, until `done` or the time is up: the system gives no
    /// thread (DLV-149). The caller has put the worker down as running, so that nobody else begins.
    ///
    /// As in sync mode the callback is not called: the caller may hold a lock that it wants, and would never get out of
    /// here (DLV-141).
    pub(super) fn stand_in(&self, deadline: Duration, done: &dyn Fn(&State) -> bool) {
        // A logger or a transport that flushes finds itself on the worker.
        as_worker(
            || {
                while caught(|| self.drive(Some(deadline), To::Log, done)).is_none() {}
            },
        );
        let mut state = self.lock();
        state.worker = Worker::NotStarted;
        self.changed.notify_all();
        if state.shut_down.is_some() {
            // The shutdown was over while a batch was in hand, which may be open again.
            let _ = self.conclude(state);
        }
    }

    /// Does what the schedule says, until that is done or the time of this or of the shutdown is up. It survives whatever
    /// the transport does (DLV-36).
    fn drive(&self, deadline: Option<Duration>, to: To, done: &dyn Fn(&State) -> bool) {
        let mut state = self.lock();
        loop {
            let now = self.clock.now();
            let end = [deadline, state.deadline].into_iter().flatten().min();
            if end.is_some_and(|end| now >= end) || state.shut_down.is_some() || done(&state) {
                return;
            }
            match state.schedule.step(now) {
                // What threads send themselves is part of the drain, and may need all of its time.
                Step::Stop if state.direct.open() > 0 => {
                    let left = end.map(|end| end.saturating_sub(now));
                    state = self.sleep(state, left);
                }
                Step::Stop => return,
                Step::Wait { until } => {
                    let until = [until, end].into_iter().flatten().min();
                    state = self.sleep(state, until.map(|until| until.saturating_sub(now)));
                }
                Step::Send(batch) => {
                    let left = end.map(|end| end.saturating_sub(now));
                    drop(state);
                    let timeout =
                        left.map_or(self.request_timeout, |left| left.min(self.request_timeout));
                    let Some(after) = self.attempt(batch, timeout, to) else {
                        return;
                    };
                    state = after;
                }
            }
        }
    }

    /// Sends a batch once and takes note of how it went. `None` if nothing can be reached from this thread.
    fn attempt(
        &self,
        mut batch: Batch,
        timeout: Duration,
        to: To,
    ) -> Option<MutexGuard<'_, State>> {
        // What is in hand must not be lost, whatever panics (DLV-36).
        let answer = caught(|| self.send(&mut batch, timeout)).unwrap_or(Answer::Later {
            status: None,
            asked: Duration::ZERO,
        });
        let delivered = batch.delivered_by(&answer);
        let mut state = self.lock();
        let now = self.clock.now();
        let mut outcome = match delivered {
            Some(delivered) => state.schedule.sent_whole(delivered),
            None => state.schedule.sent(batch, answer, now, self.clock.random()),
        };
        // The transport may want for threads too, or had no time left: that is no reason to lose events.
        let unreached = |failed: &mut Failed| to == To::Log && failed.status.is_none();
        let kept = outcome.failed.take_if(unreached);
        let is_over = kept.is_some();
        if let Some(failed) = kept {
            state.schedule.put_back(failed.batch, now);
        }
        // Under the lock: whoever waited for these events finds them in the books.
        self.count(&outcome);
        // Nobody else waits for what became of a batch; and a thread that looks in vain costs more than most batches.
        if state.ends_flush() {
            self.changed.notify_all();
        }
        if let Some(mut failed) = outcome.failed {
            drop(state);
            // Not under the lock, and with the books in order: the logger and the callback are the user's code.
            self.report(&self.describe(&mut failed), to);
            state = self.lock();
        }
        (!is_over).then_some(state)
    }
}
