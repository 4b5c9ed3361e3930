//! A lane: the schedule behind a lock, who may put events into it, and who waits for them.
//!
//! The [`worker`] sends, or a caller does so itself, [past the queue](direct); what becomes of a request is [told](report).

mod direct;
mod report;
mod worker;

pub(crate) use worker::may_wait;

use super::{
    failure::OnError,
    form::Form,
    queue::{Incoming, Queue},
    retry::RetryPolicy,
    schedule::{Limits, Schedule},
    wire::Wire,
};
use crate::{
    assemble::Assembled,
    client::{Counters, DropReason, FlushError, add},
    clock::Clock,
    config::Config,
    host::Host,
    key::ApiKey,
    notice::{self, say},
    transport::Transport,
};
use direct::Direct;
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use worker::Worker;

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
    /// How many threads sleep until something changes: waking nobody takes a call to the system, too.
    sleeping: usize,
    /// What flushes wait for.
    awaited: Vec<Through>,
}

/// What a flush waits for: everything that was admitted before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Through {
    admitted: u64,
    direct: u64,
}

impl State {
    /// Whether anybody is there who could get something done.
    fn is_busy(&self) -> bool {
        self.worker == Worker::Running || self.direct.open() > 0
    }

    /// How many events of these are not final yet.
    fn pending(&self, through: Through) -> u64 {
        self.schedule.pending(through.admitted) + self.direct.pending(through.direct)
    }

    /// Whether a flush that somebody waits for is over.
    fn ends_flush(&self) -> bool {
        let is_over = |through: &Through| self.pending(*through) == 0;
        self.awaited.iter().any(is_over)
    }

    /// How many events are not final yet.
    fn open(&self) -> u64 {
        self.schedule.open() + self.direct.open()
    }
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
        let queue = Queue::new(max_queue_size, max_queue_bytes);
        let queue = queue.with_room_for_head(wire.head_bytes());
        let state = State {
            schedule: Schedule::new(limits, queue),
            worker: Worker::NotStarted,
            shut_down: None,
            deadline: None,
            dropped_by_full_queue: 0,
            direct: Direct::default(),
            sleeping: 0,
            awaited: Vec::new(),
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
    pub(super) fn admit(&self, event: &mut Assembled) -> Result<(), DropReason> {
        let shared = &*self.0;
        let event = event.incoming();
        let mut state = shared.lock();
        if state.shut_down.is_some() || state.deadline.is_some() {
            return Err(DropReason::Closed);
        }
        match state.schedule.admit(event, || shared.clock.now()) {
            Ok(wake) => {
                shared.counters.admitted(shared.wire.form == Form::Ai);
                let start = state.worker == Worker::NotStarted;
                if start {
                    state.worker = Worker::Running;
                }
                let wake = wake && state.sleeping > 0;
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

    /// Has everything sent that was admitted before; what has to be final (DLV-50).
    pub(super) fn begin_flush(&self) -> Through {
        let mut state = self.0.lock();
        let through = Through {
            admitted: state.schedule.flush(),
            direct: state.direct.begun(),
        };
        self.start_if_needed(state);
        through
    }

    /// Waits until that is final, or the time is up, or nobody wants to know any more; how many events are not.
    pub(super) fn end_flush(
        &self,
        through: Through,
        deadline: Duration,
        given_up: &dyn Fn() -> bool,
    ) -> u64 {
        let shared = &*self.0;
        let mut state = shared.lock();
        state.awaited.push(through);
        let mut state = shared.wait(state, deadline, &|state| {
            state.pending(through) == 0 || given_up()
        });
        let own = state.awaited.iter().position(|other| *other == through);
        if let Some(own) = own {
            state.awaited.swap_remove(own);
        }
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
        let state = shared.wait(state, deadline, &finished);
        if !may_wait() {
            // The drain goes on behind this call, up to the deadline (DLV-64).
            return FlushError::unless_none(state.open());
        }
        shared.conclude(state)
    }
}

impl Assembled {
    fn incoming(&mut self) -> Incoming<'_> {
        Incoming {
            json: &self.json,
            uuid: self.uuid,
            stack: self.stack.take(),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done`, or the time is up, or nobody is there who could get it done. Where the worker should be and is
    /// not, its work is done here (DLV-149).
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        deadline: Duration,
        done: &dyn Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let mut stood_in = false;
        while !done(&state) && may_wait() {
            let now = self.clock.now();
            if now >= deadline {
                break;
            }
            if !stood_in && state.worker == Worker::NotStarted && state.schedule.open() > 0 {
                stood_in = true;
                state.worker = Worker::Running;
                drop(state);
                self.stand_in(deadline, done);
                state = self.lock();
            } else if state.is_busy() {
                state = self.sleep(state, Some(deadline.saturating_sub(now)));
            } else {
                break;
            }
        }
        state
    }

    /// Ends the shutdown: what is not final is lost. Whoever comes first says so, the worker or who waits for it, and the
    /// result stays (DLV-61, DLV-62).
    fn conclude(&self, mut state: MutexGuard<'_, State>) -> Result<(), FlushError> {
        let pending = state.open() + state.direct.lost();
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
        mut state: MutexGuard<'a, State>,
        time: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        state.sleeping += 1;
        let mut state = match time.and_then(|time| self.clock.sleep(time)) {
            Some(time) => self
                .changed
                .wait_timeout(state, time)
                .map_or_else(|broken| broken.into_inner().0, |(state, _)| state),
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
        };
        state.sleeping -= 1;
        state
    }
}
