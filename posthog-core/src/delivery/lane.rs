//! A lane: the schedule behind a lock, and the one thread that sends.

use super::{
    queue::Queue,
    retry::{GiveUp, RetryPolicy},
    schedule::{Batch, Limits, Schedule, Step},
    v0,
};
use crate::{
    client::{Counters, DropReason, FlushError, add, in_hook},
    clock::Clock,
    fresh_uuid::fresh_uuid,
    host::Host,
    key::ApiKey,
    notice,
    options::Config,
    transport::{Response, Transport, TransportError},
    user_code::caught,
};
use std::{
    cell::Cell,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// What a lane has to know.
pub(crate) struct LaneOptions {
    limits: Limits,
    max_queue_size: usize,
    max_queue_bytes: usize,
    request_timeout: Duration,
    wire: v0::Wire,
}

impl LaneOptions {
    pub(crate) fn new(config: &Config, key: &ApiKey, host: &Host) -> Self {
        let Config {
            flush_at,
            flush_interval,
            max_batch_size,
            max_batch_bytes,
            ..
        } = *config;
        let retry = RetryPolicy {
            max_retries: config.max_retries,
        };
        Self {
            limits: Limits {
                flush_at,
                flush_interval,
                max_batch_size,
                max_batch_bytes,
                retry,
            },
            max_queue_size: config.max_queue_size,
            max_queue_bytes: config.max_queue_bytes,
            request_timeout: config.request_timeout,
            wire: v0::Wire {
                url: host.endpoint(v0::PATH),
                key: key.expose().to_owned(),
                historical_migration: config.historical_migration,
                compression: config.compression,
            },
        }
    }
}

/// A queue with a worker. The worker starts with the first event (DLV-4) and ends with the shutdown.
pub(crate) struct Lane(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    wire: v0::Wire,
    request_timeout: Duration,
}

struct State {
    schedule: Schedule,
    worker: Worker,
    /// What the first shutdown gave; later calls give it again (DLV-61).
    shut_down: Option<Result<(), FlushError>>,
    /// By then the shutdown is over: requests and waits are cut to it (DLV-60).
    deadline: Option<Duration>,
    dropped_by_full_queue: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Worker {
    NotStarted,
    Running,
    Ended,
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

impl Lane {
    pub(crate) fn new(
        options: LaneOptions,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        counters: Arc<Counters>,
    ) -> Self {
        let LaneOptions {
            limits,
            max_queue_size,
            max_queue_bytes,
            request_timeout,
            wire,
        } = options;
        let state = State {
            schedule: Schedule::new(limits, Queue::new(max_queue_size, max_queue_bytes)),
            worker: Worker::NotStarted,
            shut_down: None,
            deadline: None,
            dropped_by_full_queue: 0,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            transport,
            clock,
            counters,
            wire,
            request_timeout,
        });
        let waker = Arc::downgrade(&shared);
        shared.clock.on_move(Arc::new(move || {
            if let Some(shared) = waker.upgrade() {
                // Under the lock, so that nobody is between a look at the clock and the wait.
                let _state = shared.lock();
                shared.changed.notify_all();
            }
        }));
        Self(shared)
    }

    /// Queues an event, or says why not. It waits for nothing but the lock, which is never held while anything is sent.
    pub(crate) fn admit(&self, json: Vec<u8>) -> Result<(), DropReason> {
        let shared = &*self.0;
        let now = shared.clock.now();
        let mut state = shared.lock();
        if state.shut_down.is_some() || state.deadline.is_some() {
            return Err(DropReason::Closed);
        }
        match state.schedule.admit(json, now) {
            Ok(wake) => {
                add(&shared.counters.admitted, 1);
                let start = state.worker == Worker::NotStarted;
                if start {
                    state.worker = Worker::Running;
                }
                drop(state);
                if start {
                    self.start_worker();
                } else if wake {
                    shared.changed.notify_all();
                }
                Ok(())
            }
            Err(full) => {
                state.dropped_by_full_queue += 1;
                drop(state);
                if full.first {
                    log::warn!(
                        "[PostHog] the queue is full: new events are dropped until there is room"
                    );
                }
                Err(DropReason::QueueFull)
            }
        }
    }

    fn start_worker(&self) {
        let shared = Arc::clone(&self.0);
        let started = thread::Builder::new()
            .name("posthog-analytics".to_owned())
            // Only the logger can panic in there; the worker goes on where it was (DLV-36).
            .spawn(move || while caught(|| shared.work()).is_none() {});
        if let Err(error) = started {
            notice::error_once(format_args!(
                "no worker could be started, so events wait in the queue: {error}"
            ));
            // The next event tries again.
            self.0.lock().worker = Worker::NotStarted;
        }
    }

    /// Waits until everything admitted before is final, or the time is up (DLV-50).
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let shared = &*self.0;
        let deadline = shared.clock.now().saturating_add(timeout);
        let mut state = shared.lock();
        let through = state.schedule.flush();
        shared.changed.notify_all();
        let state = shared.wait(state, deadline, |state| {
            state.schedule.pending(through) == 0
        });
        FlushError::unless_none(state.schedule.pending(through))
    }

    /// Flushes, then stops the worker. What is not final at the deadline is lost, and counted (DLV-60 to DLV-64).
    pub(crate) fn shutdown(&self, timeout: Duration) -> Result<(), FlushError> {
        let shared = &*self.0;
        let mut state = shared.lock();
        let deadline = *state
            .deadline
            .get_or_insert(shared.clock.now().saturating_add(timeout));
        state.schedule.close();
        shared.changed.notify_all();
        let finished = |state: &State| state.schedule.is_final() && state.worker != Worker::Running;
        let state = shared.wait(state, deadline, finished);
        if !may_wait() {
            // The drain goes on behind this call, up to the deadline (DLV-64).
            let pending = state.schedule.pending(state.schedule.admitted());
            return FlushError::unless_none(pending);
        }
        shared.conclude(state)
    }
}

/// The worker cannot wait for itself, and a hook must not keep its capture waiting (DLV-55, DLV-64).
fn may_wait() -> bool {
    !IS_WORKER.try_with(Cell::get).unwrap_or(false) && !in_hook()
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done`, or the time is up, or there is no worker that could get it done (DLV-149).
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        deadline: Duration,
        done: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        while !done(&state) && state.worker == Worker::Running && may_wait() {
            let now = self.clock.now();
            if now >= deadline {
                break;
            }
            state = self.sleep(state, Some(deadline.saturating_sub(now)));
        }
        state
    }

    /// Ends the shutdown: what is not final is lost. Whoever comes first says so, the worker or who waits for it, and the
    /// result stays (DLV-61, DLV-62).
    fn conclude(&self, mut state: MutexGuard<'_, State>) -> Result<(), FlushError> {
        let pending = state.schedule.pending(state.schedule.admitted());
        // A request under way keeps its events: the worker counts them when it comes back.
        let lost = state.schedule.abandon();
        add(&self.counters.failed, lost as u64);
        let first = state.shut_down.is_none();
        let result = *state
            .shut_down
            .get_or_insert(FlushError::unless_none(pending));
        let unqueued = state.dropped_by_full_queue;
        drop(state);
        self.changed.notify_all();
        if first && pending > 0 {
            log::error!(
                "[PostHog] {pending} events were not delivered when the shutdown's time was up"
            );
        }
        if first && unqueued > 0 {
            log::warn!("[PostHog] {unqueued} events were dropped because the queue was full");
        }
        result
    }

    /// Waits for a change, at most that long.
    fn sleep<'a>(
        &self,
        state: MutexGuard<'a, State>,
        time: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match time.and_then(|time| self.clock.sleep(time)) {
            Some(time) => self
                .changed
                .wait_timeout(state, time)
                .map_or_else(|broken| broken.into_inner().0, |(state, _)| state),
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The worker's life: it does what the schedule says, and survives whatever the transport does (DLV-36).
    fn work(&self) {
        IS_WORKER.set(true);
        let mut state = self.lock();
        loop {
            let now = self.clock.now();
            if state.deadline.is_some_and(|deadline| now >= deadline) || state.shut_down.is_some() {
                break;
            }
            match state.schedule.step(now) {
                Step::Stop => break,
                Step::Wait { until } => {
                    let until = [until, state.deadline].into_iter().flatten().min();
                    state = self.sleep(state, until.map(|until| until.saturating_sub(now)));
                }
                Step::Send(batch) => {
                    let left = state.deadline.map(|deadline| deadline.saturating_sub(now));
                    drop(state);
                    let timeout =
                        left.map_or(self.request_timeout, |left| left.min(self.request_timeout));
                    state = self.attempt(batch, timeout);
                }
            }
        }
        // Here because nobody may be waiting for the shutdown (DLV-64); before the end because somebody may be.
        let _ = self.conclude(state);
        self.lock().worker = Worker::Ended;
        self.changed.notify_all();
    }

    /// Sends a batch once and takes note of how it went.
    fn attempt(&self, batch: Batch, timeout: Duration) -> MutexGuard<'_, State> {
        let request = self.wire.request(&batch.events, self.clock.wall(), timeout);
        let answer = caught(|| self.transport.send(&request)).unwrap_or_else(|| {
            Err(TransportError::Connection {
                reason: "the transport panicked".to_owned(),
            })
        });
        let events = batch.events.len();
        let mut state = self.lock();
        let outcome = state.schedule.sent(
            batch,
            &answer,
            self.clock.now(),
            self.clock.wall(),
            jitter(),
        );
        // Under the lock: whoever waited for these events finds them in the books.
        add(&self.counters.delivered, outcome.delivered as u64);
        add(&self.counters.failed, outcome.failed as u64);
        add(&self.counters.retries, u64::from(outcome.retried));
        self.changed.notify_all();
        drop(state);
        // Not under the lock, and with the books in order: the logger may be the user's code.
        match &answer {
            Ok(response) => note_quota(response),
            Err(error) => {
                log::debug!("[PostHog] a batch of {events} events was not sent: {error}");
            }
        }
        if let Some(reason) = outcome.reason {
            report(&reason, outcome.failed);
        }
        self.lock()
    }
}

/// Over its quota the service acknowledges events and throws them away (DLV-72).
fn note_quota(response: &Response) {
    const MARK: &[u8] = b"quota_limited";
    if response.body.windows(MARK.len()).any(|part| part == MARK) {
        log::debug!("[PostHog] the project is over a quota: some events are thrown away");
    }
}

/// Says what was lost, and why.
fn report(reason: &GiveUp, events: usize) {
    match reason {
        GiveUp::Refused { status } => {
            explain(*status);
            notice::warn_each(format_args!(
                "events are given up: the server refused them with status {status}"
            ));
        }
        GiveUp::Exhausted {
            attempts,
            status: Some(status),
        } => {
            notice::warn_each(format_args!(
                "events are given up after {attempts} attempts: the server answered with status {status}"
            ));
        }
        GiveUp::Exhausted {
            attempts,
            status: None,
        } => {
            notice::warn_each(format_args!(
                "events are given up after {attempts} attempts: the server was not reached"
            ));
        }
    }
    log::debug!("[PostHog] {events} events were given up");
}

/// Says once what the statuses mean that somebody has to act on (DLV-97).
fn explain(status: u16) {
    match status {
        401 => notice::error_once(format_args!(
            "the server does not know the project key (401): check the option `api_key`"
        )),
        402 => notice::error_once(format_args!(
            "the project's quota is used up (402): events are refused until it is raised"
        )),
        404 => notice::error_once(format_args!(
            "the server has no such endpoint (404): check the option `host`"
        )),
        _ => {}
    }
}

/// A random number from 0 to 1, out of the random bits of a UUID.
fn jitter() -> f64 {
    let [.., a, b, c] = fresh_uuid().into_bytes();
    f64::from(u32::from_be_bytes([0, a, b, c])) / f64::from(0x00FF_FFFF_u32)
}
