//! A lane: the schedule behind a lock, and the one thread that sends.

use super::{
    answer::Answer,
    batch::{Batch, Queued},
    failure::{DeliveryFailure, DeliveryFailureKind, FailedEvent, OnError},
    form::Form,
    queue::Queue,
    retry::RetryPolicy,
    schedule::{Failed, Limits, Outcome, Schedule, Step},
    wire::Wire,
};
use crate::{
    client::{Counters, DropReason, FlushError, add, in_hook},
    clock::Clock,
    config::Config,
    frames::Unfinished,
    host::Host,
    key::ApiKey,
    notice::{self, say},
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
pub(super) struct LaneOptions {
    limits: Limits,
    max_queue_size: usize,
    max_queue_bytes: usize,
    request_timeout: Duration,
    on_error: Option<OnError>,
    wire: Wire,
}

impl LaneOptions {
    pub(super) fn new(form: Form, config: &Config, key: &ApiKey, host: &Host) -> Self {
        let Config {
            flush_at,
            flush_interval,
            max_batch_size,
            max_batch_bytes,
            ..
        } = *config;
        let (max_batch_bytes, max_queue_bytes) = match form {
            Form::V0 | Form::V1 => (max_batch_bytes, config.max_queue_bytes),
            // AI events are large, and the service takes them in bodies of up to 20 MiB (DLV-131).
            Form::Ai => (AI_BATCH_BYTES, config.max_queue_bytes.saturating_mul(4)),
        };
        let retry = RetryPolicy {
            max_retries: config.max_retries,
        };
        Self {
            limits: Limits {
                flush_at,
                flush_interval,
                max_batch_size,
                max_batch_bytes,
                distinct: form == Form::V1,
                retry,
            },
            max_queue_size: config.max_queue_size,
            max_queue_bytes,
            request_timeout: config.request_timeout,
            on_error: config.on_error.clone(),
            wire: Wire {
                form,
                url: host.endpoint(form.path()),
                key: key.expose().to_owned(),
                historical_migration: config.historical_migration,
                compression: config.compression.for_form(form),
            },
        }
    }
}

/// How many bytes of AI events go in one request, but for a single larger event (DLV-131).
const AI_BATCH_BYTES: usize = 5 << 20;

/// A queue with a worker. The worker starts with the first event (DLV-4) and ends with the shutdown.
pub(super) struct Lane(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    wire: Wire,
    limits: Limits,
    request_timeout: Duration,
    on_error: Option<OnError>,
}

struct State {
    schedule: Schedule,
    worker: Worker,
    /// What the first shutdown gave; later calls give it again (DLV-61).
    shut_down: Option<Result<(), FlushError>>,
    /// By then the shutdown is over: requests and waits are cut to it (DLV-60).
    deadline: Option<Duration>,
    dropped_by_full_queue: u64,
    direct: Direct,
}

/// Events that threads send themselves, past the queue.
#[derive(Clone, Copy, Default)]
struct Direct {
    begun: u64,
    ended: u64,
}

/// What a flush waits for: everything that was admitted before it.
#[derive(Clone, Copy)]
pub(super) struct Through {
    admitted: u64,
    direct: u64,
}

impl State {
    /// Whether anybody is there who could get something done.
    fn is_busy(&self) -> bool {
        self.worker == Worker::Running || self.direct.begun > self.direct.ended
    }

    /// How many events of these are not final yet.
    fn pending(&self, through: Through) -> u64 {
        self.schedule.pending(through.admitted) + through.direct.saturating_sub(self.direct.ended)
    }

    /// How many events are not final yet.
    fn open(&self) -> u64 {
        self.schedule.open() + self.direct.begun - self.direct.ended
    }
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
    pub(super) fn new(
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
            on_error,
            wire,
        } = options;
        let state = State {
            schedule: Schedule::new(limits, Queue::new(max_queue_size, max_queue_bytes)),
            worker: Worker::NotStarted,
            shut_down: None,
            deadline: None,
            dropped_by_full_queue: 0,
            direct: Direct::default(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            transport,
            clock,
            counters,
            wire,
            limits,
            request_timeout,
            on_error,
        });
        let waker = Arc::downgrade(&shared);
        shared.clock.on_move(Arc::new(move || {
            if let Some(shared) = waker.upgrade() {
                Self(shared).wake();
            }
        }));
        Self(shared)
    }

    /// Has the worker and whoever waits for it look again.
    pub(super) fn wake(&self) {
        // Under the lock, so that nobody is between a look at the clock and the wait.
        let _state = self.0.lock();
        self.0.changed.notify_all();
    }

    /// Queues an event, or says why not. It waits for nothing but the lock, which is never held while anything is sent.
    pub(super) fn admit(&self, event: Admitted) -> Result<(), DropReason> {
        let shared = &*self.0;
        let event = shared.queued(event);
        let mut state = shared.lock();
        if state.shut_down.is_some() || state.deadline.is_some() {
            return Err(DropReason::Closed);
        }
        match state.schedule.admit(event) {
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
                    say!(
                        Warn,
                        "the queue of the lane `{}` is full: new events are dropped until there is room",
                        shared.wire.form.lane()
                    );
                }
                Err(DropReason::QueueFull)
            }
        }
    }

    fn start_worker(&self) {
        let shared = Arc::clone(&self.0);
        let started = thread::Builder::new()
            .name(format!("posthog-{}", shared.wire.form.lane()))
            // Only the logger can panic in there; the worker goes on where it was (DLV-36).
            .spawn(move || while caught(|| shared.work()).is_none() {});
        if let Err(error) = started {
            notice::error_once(format_args!(
                "no worker could be started, so events wait in the queue: {error}"
            ));
            // The next event, flush or shutdown tries again; nobody waits for it meanwhile.
            self.0.lock().worker = Worker::NotStarted;
            self.0.changed.notify_all();
        }
    }

    /// Starts the worker where an earlier try has failed and events wait for it.
    fn start_if_needed(&self, mut state: MutexGuard<'_, State>) {
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

    /// Sends an event on this thread, past the queue, and waits until it is final (DLV-146). `None` if it was delivered.
    ///
    /// A shutdown ends it at its deadline, as it ends the worker (DLV-60).
    pub(super) fn deliver_now(
        &self,
        event: Admitted,
    ) -> Result<Option<DeliveryFailure>, DropReason> {
        let shared = &*self.0;
        let mut state = shared.lock();
        if state.shut_down.is_some() || state.deadline.is_some() {
            return Err(DropReason::Closed);
        }
        state.direct.begun += 1;
        add(&shared.counters.admitted, 1);
        drop(state);
        let failure = shared.deliver(event);
        shared.lock().direct.ended += 1;
        shared.changed.notify_all();
        if let Some(status) = failure.as_ref().and_then(|failure| failure.status) {
            explain(status, shared.wire.form);
        }
        Ok(failure)
    }

    /// Has everything sent that was admitted before; what has to be final (DLV-50).
    pub(super) fn begin_flush(&self) -> Through {
        let mut state = self.0.lock();
        let through = Through {
            admitted: state.schedule.flush(),
            direct: state.direct.begun,
        };
        self.start_if_needed(state);
        through
    }

    /// Waits until that is final, or the time is up, or nobody wants to know any more; how many events are not.
    pub(super) fn end_flush(
        &self,
        through: Through,
        deadline: Duration,
        given_up: impl Fn() -> bool,
    ) -> u64 {
        let shared = &*self.0;
        let state = shared.wait(shared.lock(), deadline, |state| {
            state.pending(through) == 0 || given_up()
        });
        state.pending(through)
    }

    /// Takes no more events, and has the worker stop when everything is final or the time is up (DLV-60).
    pub(super) fn begin_shutdown(&self, deadline: Duration) {
        let mut state = self.0.lock();
        state.deadline.get_or_insert(deadline);
        state.schedule.close();
        self.start_if_needed(state);
    }

    /// Waits for that; what is not final then is lost, and counted (DLV-61 to DLV-64).
    pub(super) fn end_shutdown(&self) -> Result<(), FlushError> {
        let shared = &*self.0;
        let state = shared.lock();
        let deadline = state.deadline.unwrap_or_default();
        let finished = |state: &State| state.open() == 0 && state.worker != Worker::Running;
        let state = shared.wait(state, deadline, finished);
        if !may_wait() {
            // The drain goes on behind this call, up to the deadline (DLV-64).
            return FlushError::unless_none(state.open());
        }
        shared.conclude(state)
    }
}

/// An event that was accepted.
pub(crate) struct Admitted {
    pub(crate) json: Vec<u8>,
    pub(crate) uuid: uuid::Uuid,
    /// The stack of an exception, if the worker has to look up its names.
    pub(crate) stack: Option<Unfinished>,
}

/// The worker cannot wait for itself, and a hook must not keep its capture waiting (DLV-55, DLV-64).
pub(crate) fn may_wait() -> bool {
    !IS_WORKER.try_with(Cell::get).unwrap_or(false) && !in_hook()
}

impl Shared {
    fn queued(&self, event: Admitted) -> Queued {
        let Admitted {
            mut json,
            uuid,
            stack,
        } = event;
        // It was written with room to grow, which would count for nothing in the queue's limit.
        json.shrink_to_fit();
        Queued {
            json,
            uuid,
            stack,
            admitted: self.clock.now(),
            number: 0,
        }
    }

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
        while !done(&state) && state.is_busy() && may_wait() {
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
        let pending = state.open();
        // A request under way keeps its events: the worker counts them when it comes back.
        let lost = state.schedule.abandon();
        add(&self.counters.abandoned, lost as u64);
        let first = state.shut_down.is_none();
        let result = *state
            .shut_down
            .get_or_insert(FlushError::unless_none(pending));
        let unqueued = state.dropped_by_full_queue;
        drop(state);
        self.changed.notify_all();
        let lane = self.wire.form.lane();
        if first && pending > 0 {
            notice::tell(
                log::Level::Error,
                format_args!(
                    "{pending} events of the lane `{lane}` were not delivered when the shutdown's time was up"
                ),
            );
        }
        if first && unqueued > 0 {
            notice::tell(
                log::Level::Warn,
                format_args!(
                    "{unqueued} events of the lane `{lane}` were dropped because the queue was full"
                ),
            );
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

    /// Sends one event, with the retries of any other.
    fn deliver(&self, event: Admitted) -> Option<DeliveryFailure> {
        let mut schedule = Schedule::new(self.limits, Queue::new(1, usize::MAX));
        // An empty queue takes it.
        let _ = schedule.admit(self.queued(event));
        schedule.close();
        loop {
            // Locked before the look at the clock: a move of it wakes whoever holds the lock or waits, and nobody else.
            let state = self.lock();
            let now = self.clock.now();
            let left = state.deadline.map(|deadline| deadline.saturating_sub(now));
            if left.is_some_and(|left| left.is_zero()) {
                drop(state);
                let batch = schedule.surrender();
                add(&self.counters.abandoned, batch.events.len() as u64);
                let failed = Failed {
                    kind: DeliveryFailureKind::Exhausted,
                    batch,
                    status: None,
                    asked: Duration::ZERO,
                };
                return Some(self.describe(&failed));
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
                    if let Some(failed) = outcome.failed {
                        return Some(self.describe(&failed));
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

    /// Sends a batch once and takes note of how it went.
    fn attempt(&self, mut batch: Batch, timeout: Duration) -> MutexGuard<'_, State> {
        // What is in hand must not be lost, whatever panics (DLV-36).
        let answer = caught(|| self.send(&mut batch, timeout)).unwrap_or(Answer::Later {
            status: None,
            asked: Duration::ZERO,
        });
        let mut state = self.lock();
        let outcome = state
            .schedule
            .sent(batch, answer, self.clock.now(), self.clock.random());
        // Under the lock: whoever waited for these events finds them in the books.
        self.count(&outcome);
        self.changed.notify_all();
        drop(state);
        // Not under the lock, and with the books in order: the logger and the callback are the user's code.
        if let Some(failed) = outcome.failed {
            self.report(&self.describe(&failed));
        }
        self.lock()
    }

    fn send(&self, batch: &mut Batch, timeout: Duration) -> Answer {
        batch.finish();
        let request = self.wire.request(batch, self.clock.wall(), timeout);
        let outcome = caught(|| self.transport.send(&request)).unwrap_or_else(|| {
            Err(TransportError::Connection {
                reason: "the transport panicked".to_owned(),
            })
        });
        match &outcome {
            Ok(response) => note_quota(response),
            Err(error) => notice::debug(format_args!(
                "a batch of {} events was not sent: {error}",
                batch.events.len()
            )),
        }
        batch.unreached = outcome.as_ref().err().map(ToString::to_string);
        Answer::read(
            self.wire.form,
            batch.events.len(),
            &outcome,
            self.clock.wall(),
        )
    }

    fn count(&self, outcome: &Outcome) {
        let Outcome {
            delivered,
            dropped,
            retried,
            failed,
        } = outcome;
        add(&self.counters.delivered, *delivered as u64);
        add(&self.counters.dropped_by_service, *dropped as u64);
        add(&self.counters.retries, u64::from(*retried));
        if let Some(failed) = failed {
            let counter = match failed.kind {
                DeliveryFailureKind::Refused | DeliveryFailureKind::Dropped => {
                    &self.counters.refused
                }
                DeliveryFailureKind::Exhausted => &self.counters.exhausted,
                DeliveryFailureKind::Unreadable => &self.counters.unreadable,
            };
            add(counter, failed.lost() as u64);
        }
    }

    fn describe(&self, failed: &Failed) -> DeliveryFailure {
        let Failed {
            kind,
            batch,
            status,
            asked,
        } = failed;
        DeliveryFailure {
            kind: *kind,
            lane: self.wire.form.lane(),
            status: *status,
            attempts: batch.attempts,
            // The other forms have no place for one.
            request_id: batch.request_id.filter(|_| self.wire.form == Form::V1),
            retry_after: (!asked.is_zero()).then_some(*asked),
            reason: batch.unreached.clone(),
            events: FailedEvent::of(batch, failed.loses_open()),
        }
    }

    /// Says what was lost, and why: to the callback, or else to the log (DLV-140, DLV-143).
    fn report(&self, failure: &DeliveryFailure) {
        if let Some(status) = failure.status {
            explain(status, self.wire.form);
        }
        match &self.on_error {
            Some(on_error) => {
                // The callback may come too late to be of use (DLV-63).
                let closing = self.lock().deadline.is_some();
                let level = if closing {
                    log::Level::Warn
                } else {
                    log::Level::Debug
                };
                notice::tell(level, format_args!("{failure}"));
                if caught(|| on_error(failure)).is_none() {
                    notice::warn_each(format_args!("the `on_error` callback panicked"));
                }
            }
            None => notice::say_cause(
                log::Level::Warn,
                &failure.cause(),
                format_args!("{failure}"),
            ),
        }
    }
}

/// Over its quota the service acknowledges events and throws them away (DLV-72).
fn note_quota(response: &Response) {
    const MARK: &[u8] = b"quota_limited";
    if response.body.windows(MARK.len()).any(|part| part == MARK) {
        notice::debug(format_args!(
            "the project is over a quota: some events are thrown away"
        ));
    }
}

/// Says once what the statuses mean that somebody has to act on (DLV-97, DLV-135).
fn explain(status: u16, form: Form) {
    match (status, form) {
        (401, _) => notice::error_once(format_args!(
            "the server does not know the project key (401): check the option `api_key`"
        )),
        (402, _) => notice::error_once(format_args!(
            "the project's quota is used up (402): events are refused until it is raised"
        )),
        (404, Form::Ai) => notice::error_once(format_args!(
            "the server has no endpoint for AI events (404): it is too old for them"
        )),
        (404, _) => notice::error_once(format_args!(
            "the server has no such endpoint (404): check the option `host`"
        )),
        _ => {}
    }
}
