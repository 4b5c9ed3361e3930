//! What the tests of the event path share: a client over a transport that a test holds in its hand.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod futures;
pub(crate) mod log_lines;

use flate2::read::GzDecoder;
use posthog::{
    Client, Clock, Event, Options, Request, Response, Stats, Transport, TransportError,
    testing::TestClock,
};
use serde_json::Value;
use std::{
    collections::{BTreeSet, VecDeque},
    io::Read,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// Longer than anything takes that happens at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough to see that nothing happens.
pub(crate) const MOMENT: Duration = Duration::from_millis(30);

/// A client, and the far end of its transport. The clock stands still until the test moves it.
pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) wire: Arc<Wire>,
    pub(crate) clock: Arc<TestClock>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(|options| options)
    }

    pub(crate) fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let clock = Arc::new(TestClock::starting_at(start()));
        let wire = Arc::new(Wire::new(Arc::clone(&clock)));
        let client = Client::with_clock(
            // With a clock that stands still, a client that is dropped with events would wait for ever.
            change(Options::new("phc_test").shutdown_timeout(Duration::ZERO)),
            Arc::clone(&wire) as Arc<dyn Transport>,
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        Self {
            client: client.expect("options that are in order"),
            wire,
            clock,
        }
    }

    /// Delivers what is queued; all events that were sent so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.client.flush(PATIENCE).expect("delivered in time");
        self.wire.events()
    }

    /// Delivers what is queued; the names of all events that were sent so far.
    pub(crate) fn names(&self) -> Vec<String> {
        self.client.flush(PATIENCE).expect("delivered in time");
        self.wire.names().concat()
    }

    /// Waits until the worker has noted that many retries.
    pub(crate) fn settled(&self, retries: u64) {
        self.until(|stats| stats.retries >= retries);
    }

    /// Waits until the books say so.
    pub(crate) fn until(&self, done: impl Fn(&Stats) -> bool) {
        eventually(|| done(&self.client.stats()));
    }

    /// Captures one event that is accepted, and gives it as it was sent.
    pub(crate) fn sent(&self, event: Event) -> Value {
        let uuid = self.client.capture(event).expect("an accepted event");
        let sent = self.events().pop().expect("an event that was sent");
        assert_eq!(sent["uuid"], uuid.to_string());
        sent
    }
}

/// Runs something that ends by the clock, and moves the clock until it does.
pub(crate) fn while_time_passes<T: Send>(rig: &Rig, code: impl FnOnce() -> T + Send) -> T {
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let running = scope.spawn(move || {
            let _ = tell.send(());
            code()
        });
        told.recv().expect("it runs");
        let start = Instant::now();
        while !running.is_finished() {
            assert!(start.elapsed() < PATIENCE, "it does not end");
            // Small steps: little time is gone when the deadline is taken.
            rig.clock.advance(Duration::from_millis(5));
            thread::yield_now();
        }
        running.join().expect("no panic")
    })
}

/// Waits until something is so.
pub(crate) fn eventually(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "it never comes to be");
        thread::yield_now();
    }
}

/// The time of day at which each test begins.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_900_000_000_250)
}

/// One event, as a client without options of its own sends it.
pub(crate) fn sent(event: Event) -> Value {
    Rig::new().sent(event)
}

/// A transport that notes what arrives, and when; that answers as told; and that can hold requests.
pub(crate) struct Wire {
    clock: Arc<TestClock>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrived: Vec<(Duration, Request)>,
    answers: VecDeque<Result<Response, TransportError>>,
    always: Option<u16>,
    held: bool,
    threads: BTreeSet<String>,
}

impl Wire {
    fn new(clock: Arc<TestClock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The status of the answer to the next request that has none yet.
    pub(crate) fn answer(&self, status: u16) {
        self.answer_with(Ok(Response::new(status)));
    }

    pub(crate) fn answer_with(&self, answer: Result<Response, TransportError>) {
        self.state().answers.push_back(answer);
    }

    /// The status of all further answers; 200 otherwise.
    pub(crate) fn always(&self, status: u16) {
        self.state().always = Some(status);
    }

    /// Requests arrive, and get no answer until [`Self::release`].
    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    pub(crate) fn release(&self) {
        self.state().held = false;
        self.changed.notify_all();
    }

    /// Waits until `n` requests arrived; whether they did.
    pub(crate) fn wait_for(&self, n: usize) -> bool {
        self.wait(n, PATIENCE)
    }

    /// Whether no more than `n` requests arrive.
    pub(crate) fn stays_at(&self, n: usize) -> bool {
        !self.wait(n + 1, MOMENT) && self.requests().len() == n
    }

    /// Gives the worker a moment; whether `n` requests arrived.
    pub(crate) fn glance(&self, n: usize) -> bool {
        self.wait(n, Duration::from_millis(2))
    }

    /// The names of the threads that sent.
    pub(crate) fn threads(&self) -> Vec<String> {
        self.state().threads.iter().cloned().collect()
    }

    fn wait(&self, n: usize, time: Duration) -> bool {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, time, |state| state.arrived.len() < n);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.arrived.len() >= n
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        let state = self.state();
        state
            .arrived
            .iter()
            .map(|(_, request)| request.clone())
            .collect()
    }

    /// When each request arrived, by the test's clock.
    pub(crate) fn times(&self) -> Vec<Duration> {
        self.state().arrived.iter().map(|(at, _)| *at).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.requests().iter().map(body).collect()
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        self.bodies().iter().flat_map(batch).collect()
    }

    /// The names of the events of each request.
    pub(crate) fn names(&self) -> Vec<Vec<String>> {
        let name = |event: &Value| event["event"].as_str().unwrap_or_default().to_owned();
        let bodies = self.bodies();
        bodies
            .iter()
            .map(|body| batch(body).iter().map(name).collect())
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Wire {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let now = self.clock.now();
        let mut state = self.state();
        state.arrived.push((now, request.clone()));
        state
            .threads
            .extend(thread::current().name().map(str::to_owned));
        self.changed.notify_all();
        let mut state = self
            .changed
            .wait_while(state, |state| state.held)
            .unwrap_or_else(PoisonError::into_inner);
        let always = state.always.unwrap_or(200);
        state
            .answers
            .pop_front()
            // A body that V1 can read; no other form looks at it.
            .unwrap_or_else(|| Ok(Response::new(always).with_body("{}")))
    }
}

/// A header of a request.
pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    headers
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value.as_str())
}

/// A request's body, decompressed.
pub(crate) fn text(request: &Request) -> String {
    let compressed = request
        .headers
        .iter()
        .any(|(name, _)| *name == "Content-Encoding");
    let mut text = String::new();
    let read = if compressed {
        GzDecoder::new(&request.body[..]).read_to_string(&mut text)
    } else {
        (&request.body[..]).read_to_string(&mut text)
    };
    read.expect("a body of text");
    text
}

/// A request's body, decompressed and parsed.
pub(crate) fn body(request: &Request) -> Value {
    serde_json::from_str(&text(request)).expect("a body of JSON")
}

fn batch(body: &Value) -> Vec<Value> {
    body["batch"].as_array().cloned().unwrap_or_default()
}
