//! The client: what takes events, and answers for them.

mod ending;
mod errors;
mod flush_async;
pub mod global;
mod hooks;
mod live;
mod pipeline;
mod stats;

pub(crate) use ending::Ending;
pub use ending::Installed;
pub use errors::{FlushError, InitError};
pub(crate) use hooks::{as_hook, in_hook};
pub use stats::Stats;
pub(crate) use stats::{Counters, DropReason, add};

use crate::{
    assemble::{Assembled, Assembler},
    clock::{Clock, SystemClock},
    config::Config,
    context::{Context, stack},
    delivery::{DeliveryFailure, Lanes},
    event::Event,
    failure::{self, Failure, FailureKind, Pace, Told, panic::install_hook},
    frames::Location,
    notice,
    options::{CaptureMode, Options},
    recorder::Recording,
    scratch,
    transport::Transport,
};
use flush_async::FlushAsync;
use live::Live;
use std::{
    any::type_name,
    error::Error,
    fmt, mem,
    panic::{self, RefUnwindSafe, UnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

/// A handle to a client. Clones share one queue and one worker; dropping the last one delivers what is queued, within
/// [`Options::shutdown_timeout`].
///
/// Capturing never blocks on the network, never panics, and returns no error: what is lost is counted in
/// [`stats`](Self::stats) under its reason, and logged (CAP-2).
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    config: Config,
    assembler: Assembler,
    counters: Arc<Counters>,
    clock: Arc<dyn Clock>,
    sink: Sink,
    opted_out: AtomicBool,
    debug: AtomicBool,
    closed: AtomicBool,
    /// How fast failures are captured that come by themselves.
    pace: Option<Mutex<Pace>>,
    _live: Option<Live>,
}

/// How many clients are not shut down: without any, a panic is of no interest (EXC-85).
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Whether any client is not shut down.
pub(crate) fn any_open() -> bool {
    OPEN.load(Ordering::Relaxed) > 0
}

/// Where accepted events go.
enum Sink {
    Lanes(Arc<Lanes>),
    Recording(Arc<Recording>),
    Nowhere,
}

/// What became of an event that was sent at once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Immediate {
    /// It was not accepted, for a reason that the log gives: a disabled client, a hook, a blank name.
    NotAccepted,
    /// The service has it.
    Delivered(Uuid),
    /// It was accepted, and not sent: the client was made with `send(false)`.
    NotSent(Uuid),
    /// It is lost. Where the service threw it away, its [`FailedEvent`](crate::FailedEvent) says why.
    Failed(DeliveryFailure),
}

impl Client {
    /// A client over a transport. It makes no request and starts no thread until its first event (DLV-4).
    ///
    /// # Errors
    /// [`InitError`] names the option that is malformed.
    pub fn with_transport(
        options: impl Into<Options>,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, InitError> {
        Self::with_clock(options, transport, Arc::new(SystemClock::new()))
    }

    /// As [`Self::with_transport`], with the time given by a clock: for tests.
    ///
    /// # Errors
    /// [`InitError`] names the option that is malformed.
    pub fn with_clock(
        options: impl Into<Options>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InitError> {
        let (key, host, config) = options.into().build()?;
        let live = (!config.disabled).then(|| Live::register(&key, &host));
        let counters = Arc::new(Counters::default());
        let sink = if config.disabled || !config.send {
            Sink::Nowhere
        } else {
            Sink::Lanes(Arc::new(Lanes::new(
                &config, &key, &host, transport, &clock, &counters,
            )))
        };
        Ok(Self::new(config, counters, clock, sink, live))
    }

    /// A client that keeps what is captured instead of sending it.
    pub(crate) fn recording(recording: Arc<Recording>) -> Self {
        Self::new(
            Config::default(),
            Arc::default(),
            Arc::new(SystemClock::new()),
            Sink::Recording(recording),
            None,
        )
    }

    fn new(
        config: Config,
        counters: Arc<Counters>,
        clock: Arc<dyn Clock>,
        sink: Sink,
        live: Option<Live>,
    ) -> Self {
        install_hook();
        OPEN.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Inner {
            pace: config
                .exception_rate_limit
                .map(|limit| Mutex::new(Pace::new(limit))),
            assembler: Assembler::new(&config, writes_v1(&config, &sink)),
            opted_out: AtomicBool::new(config.opted_out),
            debug: AtomicBool::new(config.debug),
            closed: AtomicBool::new(false),
            config,
            counters,
            clock,
            sink,
            _live: live,
        }))
    }

    /// Captures an event in the current context: its UUID, or `None` if it was not accepted.
    ///
    /// Inside [`testing::record`](crate::testing::record) it goes to the recording instead.
    pub fn capture(&self, event: impl Into<Event>) -> Option<Uuid> {
        let event = event.into();
        let uuid = match stack::recorder() {
            Some(recorder) => recorder.capture_in(&event, &Context::current()),
            None => self.capture_in(&event, &Context::current()),
        };
        event.properties.recycle();
        uuid
    }

    /// Captures an error in the current context: the event's UUID, or `None` if nothing was sent. See
    /// [`capture_exception`](crate::capture_exception).
    #[track_caller]
    pub fn capture_exception<E: Error + ?Sized>(&self, error: &E) -> Option<Uuid> {
        // A reference is an error as well, and of a size that is known.
        let location = Location::of(panic::Location::caller(), None);
        let client = global::listener_for(self)?;
        client.capture_error(&error, type_name::<E>(), location)
    }

    /// Captures an error of that type in the current context.
    pub(crate) fn capture_error(
        &self,
        error: &dyn Error,
        type_name: &'static str,
        location: Location,
    ) -> Option<Uuid> {
        let failure = Failure {
            type_name,
            kind: FailureKind::Error(error),
            location,
        };
        failure::report_call(self, &failure, &Told::default(), Event::of_exception())
    }

    /// Captures an AI event, such as `$ai_generation`: as [`capture`](Self::capture), by a lane of its own that takes
    /// events of up to 8 MiB (CAP-5). An event whose name does not begin with `$ai_` is dropped (DLV-133).
    pub fn capture_ai(&self, event: impl Into<Event>) -> Option<Uuid> {
        self.capture(event.into().through_ai_lane())
    }

    /// Captures an event and sends it on this thread, past the queue: for the last words of a program, and for functions
    /// that may be frozen at any time. It waits for the network, retries included (DLV-147).
    pub fn capture_immediate(&self, event: impl Into<Event>) -> Immediate {
        let event = event.into();
        let client = stack::recorder().unwrap_or_else(|| self.clone());
        let mut assembled = Assembled::default();
        if client.accept(&event, &Context::current(), &mut assembled) {
            client.deliver_now(assembled, &event)
        } else {
            Immediate::NotAccepted
        }
    }

    pub(crate) fn capture_in(&self, event: &Event, context: &Context) -> Option<Uuid> {
        let mut assembled = scratch::lend();
        let uuid = self.capture_by(event, context, &mut assembled);
        scratch::give_back(assembled);
        uuid
    }

    /// As [`Self::capture_in`], with the room to assemble the event in, which is empty.
    #[inline]
    pub(crate) fn capture_by(
        &self,
        event: &Event,
        context: &Context,
        assembled: &mut Assembled,
    ) -> Option<Uuid> {
        if !self.accept(event, context, assembled) {
            return None;
        }
        let uuid = assembled.uuid;
        if self.0.config.sync_mode {
            match self.deliver_now(mem::take(assembled), event) {
                Immediate::NotAccepted => return None,
                Immediate::Failed(failure) => notice::warn_each(format_args!("{failure}")),
                Immediate::Delivered(_) | Immediate::NotSent(_) => {}
            }
            return Some(uuid);
        }
        match &self.0.sink {
            Sink::Lanes(lanes) => {
                if let Err(reason) = lanes.admit(assembled, event.is_ai()) {
                    self.refused(event, reason);
                    return None;
                }
            }
            Sink::Recording(recording) => recording.keep(&assembled.json),
            Sink::Nowhere => {}
        }
        Some(uuid)
    }

    fn deliver_now(&self, assembled: Assembled, event: &Event) -> Immediate {
        let uuid = assembled.uuid;
        match &self.0.sink {
            Sink::Lanes(lanes) => match lanes.deliver_now(assembled, event.is_ai()) {
                Ok(None) => Immediate::Delivered(uuid),
                Ok(Some(failure)) => Immediate::Failed(failure),
                Err(reason) => {
                    self.refused(event, reason);
                    Immediate::NotAccepted
                }
            },
            Sink::Recording(recording) => {
                recording.keep(&assembled.json);
                Immediate::Delivered(uuid)
            }
            Sink::Nowhere => Immediate::NotSent(uuid),
        }
    }

    /// Counts an event that a lane refused.
    fn refused(&self, event: &Event, reason: DropReason) {
        if reason == DropReason::Closed {
            Self::say_closed(event);
        }
        self.0.counters.dropped(reason);
    }

    /// Counts an event that was never assembled.
    pub(crate) fn dropped(&self, reason: DropReason) {
        self.0.counters.dropped(reason);
    }

    /// Whether another failure of that kind may be captured: then, how many were not since the last one.
    pub(crate) fn take_pace(&self, kind: &impl std::hash::Hash) -> Option<u64> {
        let Some(pace) = &self.0.pace else {
            return Some(0);
        };
        let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.take(kind, self.0.clock.now()).ok()
    }

    fn say_closed(event: &Event) {
        notice::warn_each(format_args!(
            "the event `{}` is dropped: the lane `{}` was shut down",
            event.name,
            if event.is_ai() { "ai" } else { "analytics" }
        ));
    }

    /// Sends what is queued now, and waits until all that was captured before is delivered or given up.
    ///
    /// It does not shorten the waits between retries (DLV-53). Called from the SDK's own worker or inside a `before_send`
    /// hook it does not wait: it asks for what is queued to be sent, and returns (DLV-55).
    ///
    /// Where the system gives no thread for the worker, the events are sent on this thread, within the same time; what is
    /// lost meanwhile is in the log, and not given to `on_error` (DLV-141, DLV-149).
    ///
    /// # Errors
    /// [`FlushError`] if events are pending still when the time is up; they stay queued (DLV-52).
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        match &self.0.sink {
            Sink::Lanes(lanes) => lanes.flush(timeout),
            Sink::Recording(_) | Sink::Nowhere => Ok(()),
        }
    }

    /// As [`flush`](Self::flush), without blocking the thread that waits: for async code, with any executor (DLV-56).
    ///
    /// It begins when it is polled first. While events are pending a short-lived thread waits for them; dropping the
    /// future ends that thread, and the events are delivered all the same. Where the system gives no thread it does not
    /// wait, and fails if anything is pending.
    ///
    /// # Errors
    /// [`FlushError`] if events are pending still when the time is up; they stay queued (DLV-52).
    pub fn flush_async(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), FlushError>> + Send + use<> {
        let lanes = match &self.0.sink {
            Sink::Lanes(lanes) => Some(Arc::clone(lanes)),
            Sink::Recording(_) | Sink::Nowhere => None,
        };
        FlushAsync::new(lanes, timeout)
    }

    /// Takes no more events, delivers what is queued, and stops the worker, within the timeout (DLV-60).
    ///
    /// Calling it again gives the first result; a call while another waits shares its drain and its time (DLV-61). Called
    /// from the SDK's own worker or inside a `before_send` hook it does not wait: delivery ends behind it, within the
    /// timeout (DLV-64). Without a worker the events are sent on this thread, as in a [`flush`](Self::flush).
    ///
    /// # Errors
    /// [`FlushError`] if events were neither delivered nor given up in time; they are lost.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), FlushError> {
        if !self.0.closed.swap(true, Ordering::AcqRel) {
            OPEN.fetch_sub(1, Ordering::Relaxed);
        }
        match &self.0.sink {
            Sink::Lanes(lanes) => lanes.shutdown(timeout),
            Sink::Recording(_) | Sink::Nowhere => Ok(()),
        }
    }

    /// Captures nothing from now on; what is queued is still delivered (CAP-12).
    pub fn opt_out(&self) {
        self.0.opted_out.store(true, Ordering::Relaxed);
    }

    /// Captures again.
    pub fn opt_in(&self) {
        self.0.opted_out.store(false, Ordering::Relaxed);
    }

    /// Whether nothing is captured because of [`opt_out`](Self::opt_out).
    #[must_use]
    pub fn is_opted_out(&self) -> bool {
        self.0.opted_out.load(Ordering::Relaxed)
    }

    /// Switches the log of what the client does with each event on or off (CAP-13).
    pub fn debug(&self, enabled: bool) {
        self.0.debug.store(enabled, Ordering::Relaxed);
    }

    /// The host as it was given, for links into PostHog's web interface; requests may go to another (DLV-13).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.config.host
    }

    /// What became of the events so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }

    /// How long a shutdown without a timeout of its own may take.
    #[doc(hidden)]
    #[must_use]
    pub fn shutdown_timeout(&self) -> Duration {
        self.0.config.shutdown_timeout
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn is_listening(&self) -> bool {
        !self.0.config.disabled && !self.is_opted_out()
    }
}

/// Whether events may have the form of V1 from the beginning: neither hooks nor recordings know it.
fn writes_v1(config: &Config, sink: &Sink) -> bool {
    config.capture_mode == CaptureMode::V1
        && config.before_send.is_empty()
        && matches!(sink, Sink::Lanes(_))
}

impl Drop for Inner {
    /// The last handle is gone: what is queued is delivered (DLV-65).
    fn drop(&mut self) {
        if !*self.closed.get_mut() {
            OPEN.fetch_sub(1, Ordering::Relaxed);
        }
        if let Sink::Lanes(lanes) = &self.sink {
            // What was lost is in the log; nobody is left to be told.
            let _ = lanes.shutdown(self.config.shutdown_timeout);
        }
    }
}

/// What it holds is locked or atomic, and stays whole when a caller unwinds.
impl UnwindSafe for Client {}
impl RefUnwindSafe for Client {}

impl AsRef<Client> for Client {
    fn as_ref(&self) -> &Client {
        self
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.0.config)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
