//! A system that gives no thread: who flushes sends.
//!
//! How much stack a thread gets belongs to the whole process, so each test runs itself in another, in which it is more than
//! there is.

mod support;

use posthog::{Client, Options, Request, Response, Transport, TransportError};
use posthog_tests::LocalPostHog;
use std::{
    env,
    process::Command,
    sync::{
        Arc, Condvar, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use support::{PATIENCE, log_lines};

/// Set in the other process.
const CHILD: &str = "POSTHOG_TESTS_CHILD";
const HOST: &str = "POSTHOG_TESTS_HOST";
const SOON: Duration = Duration::from_millis(300);

/// Runs `code`, as the test of that name, where no thread can be started.
#[track_caller]
fn without_threads(test: &str, host: &str, code: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        let started = thread::Builder::new().spawn(|| ());
        assert!(started.is_err(), "there are threads after all");
        log_lines::collect();
        return code();
    }
    let output = Command::new(env::current_exe().expect("this test"))
        .args([test, "--exact", "--test-threads=1"])
        .envs([
            (CHILD, "1"),
            (HOST, host),
            ("RUST_MIN_STACK", "1000000000000000"),
        ])
        .output()
        .expect("a process");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
}

/// Answers with these statuses, one after another, and 200 from then on.
#[derive(Default)]
struct Scripted {
    answers: Mutex<Vec<Response>>,
    timeouts: Mutex<Vec<Duration>>,
    /// Captures and flushes with each request.
    meanwhile: Mutex<Option<Client>>,
}

impl Scripted {
    fn answering(answers: impl IntoIterator<Item = Response>) -> Arc<Self> {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Arc::new(Self {
            answers: Mutex::new(answers),
            ..Self::default()
        })
    }

    fn requests(&self) -> usize {
        self.timeouts.lock().expect("no panic").len()
    }
}

impl Transport for Scripted {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        self.timeouts
            .lock()
            .expect("no panic")
            .push(request.timeout);
        if let Some(client) = &*self.meanwhile.lock().expect("no panic") {
            // It is the worker now, which does not wait for itself.
            client.capture("meanwhile");
            assert!(client.flush(PATIENCE).is_err());
        }
        let next = self.answers.lock().expect("no panic").pop();
        Ok(next.unwrap_or_else(|| Response::new(200)))
    }
}

fn client(transport: &Arc<Scripted>, change: impl FnOnce(Options) -> Options) -> Client {
    let options = change(Options::new("phc_test").flush_at(1));
    Client::with_transport(options, Arc::clone(transport) as _).expect("options in order")
}

#[test]
fn dlv_149_a_flush_without_a_worker_sends_itself_retries_included() {
    let test = "dlv_149_a_flush_without_a_worker_sends_itself_retries_included";
    without_threads(test, "", || {
        let transport = Scripted::answering([Response::new(503)]);
        let client = client(&transport, |options| options.max_batch_size(2));
        for event in ["a", "b", "c"] {
            assert!(client.capture(event).is_some());
        }
        client.capture_ai("$ai_generation");
        // Nobody has sent anything yet.
        assert_eq!((transport.requests(), client.stats().pending()), (0, 4));
        assert_eq!(client.flush(PATIENCE), Ok(()));
        let stats = client.stats();
        assert_eq!((stats.delivered, stats.retries, stats.pending()), (4, 1, 0));
        assert_eq!(transport.requests(), 4);
        // And again.
        client.capture("d");
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!(client.shutdown(PATIENCE), Ok(()));
        assert_eq!(client.stats().delivered, 5);
    });
}

#[test]
fn dlv_149_a_flush_without_a_worker_ends_in_time_and_keeps_what_is_pending() {
    let test = "dlv_149_a_flush_without_a_worker_ends_in_time_and_keeps_what_is_pending";
    without_threads(test, "", || {
        let transport = Scripted::answering([Response::new(503).with_retry_after("30")]);
        let client = client(&transport, |options| options);
        client.capture("e");
        assert!(client.flush(Duration::ZERO).is_err());
        assert_eq!(transport.requests(), 0);
        let start = Instant::now();
        let pending = client.flush(SOON).map_err(|error| error.pending);
        assert!(start.elapsed() < PATIENCE);
        assert_eq!((pending, client.stats().pending()), (Err(1), 1));
        // A request may take no longer than who waits for it.
        let timeouts = transport.timeouts.lock().expect("no panic").clone();
        assert!(timeouts.len() == 1 && timeouts[0] <= SOON, "{timeouts:?}");
        let lost = client.shutdown(SOON).map_err(|error| error.pending);
        assert_eq!(lost, Err(1));
        assert_eq!(
            (client.stats().failed_at_shutdown, client.stats().pending()),
            (1, 0)
        );
        assert!(client.capture("late").is_none());
    });
}

#[test]
fn dlv_60_a_shutdown_and_the_last_drop_without_a_worker_send_what_is_queued() {
    let test = "dlv_60_a_shutdown_and_the_last_drop_without_a_worker_send_what_is_queued";
    without_threads(test, "", || {
        let transport = Scripted::answering([]);
        let first = client(&transport, |options| options);
        first.capture("e");
        assert_eq!(first.shutdown(PATIENCE), Ok(()));
        assert_eq!(first.shutdown(PATIENCE), Ok(()));
        assert_eq!(first.stats().delivered, 1);
        let second = client(&transport, |options| options);
        second.capture("e");
        drop(second);
        assert_eq!(transport.requests(), 2);
    });
}

#[test]
fn dlv_141_what_is_lost_on_the_thread_of_a_flush_is_in_the_log_and_not_given_to_on_error() {
    let test =
        "dlv_141_what_is_lost_on_the_thread_of_a_flush_is_in_the_log_and_not_given_to_on_error";
    without_threads(test, "", || {
        let transport = Scripted::answering([Response::new(451)]);
        let told = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&told);
        let client = client(&transport, |options| {
            options.on_error(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            })
        });
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!((client.stats().failed, client.stats().pending()), (1, 0));
        assert_eq!(told.load(Ordering::Relaxed), 0);
        assert_eq!(log_lines::warnings(&["given up", "451"]), 1);
    });
}

#[test]
fn dlv_55_a_flush_by_what_sends_for_a_flush_does_not_wait() {
    let test = "dlv_55_a_flush_by_what_sends_for_a_flush_does_not_wait";
    without_threads(test, "", || {
        let transport = Scripted::answering([]);
        let client = client(&transport, |options| options);
        *transport.meanwhile.lock().expect("no panic") = Some(client.clone());
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
        transport.meanwhile.lock().expect("no panic").take();
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!(client.stats().delivered, 2);
        assert_eq!(transport.requests(), 2);
    });
}

#[test]
fn dlv_55_a_flush_in_a_hook_keeps_no_capture_waiting() {
    let test = "dlv_55_a_flush_in_a_hook_keeps_no_capture_waiting";
    without_threads(test, "", || {
        static CLIENT: OnceLock<Client> = OnceLock::new();
        let transport = Scripted::answering([]);
        let client = client(&transport, |options| {
            options.before_send(|event| {
                if let Some(client) = CLIENT.get() {
                    let flushed = client.flush(PATIENCE);
                    assert_eq!(flushed.is_ok(), client.stats().pending() == 0);
                }
                Some(event)
            })
        });
        CLIENT.set(client.clone()).expect("no other");
        for event in ["a", "b"] {
            assert!(client.capture(event).is_some());
        }
        assert_eq!((transport.requests(), client.stats().pending()), (0, 2));
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!(client.stats().delivered, 2);
    });
}

/// Fails, but not before it is told to.
#[derive(Default)]
struct Held(Mutex<(u32, bool)>, Condvar);

impl Transport for Held {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        let mut state = self.0.lock().expect("no panic");
        state.0 += 1;
        self.1.notify_all();
        drop(self.1.wait_while(state, |state| !state.1));
        Ok(Response::new(503))
    }
}

#[test]
fn dlv_62_what_a_flush_has_in_hand_when_a_shutdown_ends_is_counted() {
    let test = "dlv_62_what_a_flush_has_in_hand_when_a_shutdown_ends_is_counted";
    without_threads(test, "", || {
        let held = Arc::<Held>::default();
        let client = Client::with_transport("phc_test", Arc::clone(&held) as _).expect("a client");
        client.capture("e");
        // A thread whose stack is given explicitly can be had.
        let other = thread::Builder::new().stack_size(1 << 20);
        let flushing = client.clone();
        let flush = other
            .spawn(move || flushing.flush(PATIENCE))
            .expect("a thread");
        let requests = held.0.lock().expect("no panic");
        let begun = held.1.wait_while(requests, |requests| requests.0 == 0);
        drop(begun.expect("no panic"));
        let lost = client
            .shutdown(Duration::ZERO)
            .map_err(|error| error.pending);
        assert_eq!(lost, Err(1));
        held.0.lock().expect("no panic").1 = true;
        held.1.notify_all();
        assert_eq!(flush.join().expect("no panic"), Ok(()), "it is final");
        let stats = client.stats();
        assert_eq!((stats.failed_at_shutdown, stats.pending()), (1, 0));
    });
}

#[test]
fn dlv_149_a_flush_without_a_worker_sends_over_http() {
    let test = "dlv_149_a_flush_without_a_worker_sends_over_http";
    let server = env::var_os(CHILD).is_none().then(LocalPostHog::start);
    let url = server.as_ref().map(LocalPostHog::url).unwrap_or_default();
    without_threads(test, &url, || {
        let host = env::var(HOST).expect("a host");
        let client = Client::new(Options::new("phc_test").host(host)).expect("options in order");
        client.capture("e");
        assert_eq!(client.flush(PATIENCE), Ok(()));
        assert_eq!(client.stats().delivered, 1);
    });
    if let Some(server) = server {
        assert_eq!(server.events().len(), 1);
    }
}

#[test]
fn dlv_149_a_flush_without_a_worker_loses_nothing_where_its_transport_needs_a_thread() {
    let test = "dlv_149_a_flush_without_a_worker_loses_nothing_where_its_transport_needs_a_thread";
    without_threads(test, "", || {
        // A name is looked up on a thread of its own.
        let options = Options::new("phc_test").host("http://localhost:9");
        let client = Client::new(options.max_retries(1)).expect("options in order");
        client.capture("e");
        for _ in 0..2 {
            let pending = client.flush(PATIENCE).map_err(|error| error.pending);
            assert_eq!(pending, Err(1));
            assert_eq!((client.stats().failed, client.stats().pending()), (0, 1));
        }
        assert!(!log_lines::with(&["no thread could be started to look up the host"]).is_empty());
        let lost = client.shutdown(SOON).map_err(|error| error.pending);
        assert_eq!((lost, client.stats().failed_at_shutdown), (Err(1), 1));
    });
}
