//! Events that threads send themselves, beside each other and beside the end of their client.

mod support;

use posthog::{
    CaptureMode, Client, Event, Immediate, Options, Request, Response, Transport, TransportError,
};
use posthog_tests::LocalPostHog;
use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock},
    thread,
    time::{Duration, Instant},
};
use support::{MOMENT, PATIENCE, Rig, body};

/// A transport that answers a request once its first event was let through.
#[derive(Default)]
struct Gate {
    state: Mutex<Names>,
    changed: Condvar,
}

#[derive(Default)]
struct Names {
    arrived: Vec<String>,
    let_through: Vec<String>,
}

impl Gate {
    fn let_through(&self, name: &str) {
        self.names().let_through.push(name.to_owned());
        self.changed.notify_all();
    }

    fn wait_for(&self, name: &str) {
        let absent = |names: &mut Names| !names.arrived.iter().any(|arrived| arrived == name);
        let waited = self.changed.wait_while(self.names(), absent);
        drop(waited.expect("no panic"));
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.state.lock().expect("no panic")
    }
}

impl Transport for Gate {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let name = body(request)["batch"][0]["event"].clone();
        let mut names = self.names();
        names.arrived.extend(name.as_str().map(ToOwned::to_owned));
        self.changed.notify_all();
        let held = |names: &mut Names| !names.let_through.iter().any(|passed| name == **passed);
        drop(self.changed.wait_while(names, held).expect("no panic"));
        Ok(Response::new(200))
    }
}

fn gated() -> (Arc<Gate>, Client) {
    let gate = Arc::<Gate>::default();
    let client = Client::with_transport("phc_test", Arc::clone(&gate) as _);
    (gate, client.expect("options in order"))
}

fn is_delivered(outcome: &Immediate) -> bool {
    matches!(outcome, Immediate::Delivered(_))
}

#[test]
fn dlv_50_a_flush_waits_for_an_event_under_way_although_a_later_one_ends_before() {
    let (gate, client) = gated();
    thread::scope(|scope| {
        let slow = scope.spawn(|| client.capture_immediate(Event::new("slow")));
        gate.wait_for("slow");
        let flush = scope.spawn(|| client.flush(PATIENCE));
        thread::sleep(MOMENT);
        gate.let_through("fast");
        assert!(is_delivered(&client.capture_immediate(Event::new("fast"))));
        thread::sleep(MOMENT);
        let is_early = flush.is_finished();
        gate.let_through("slow");
        assert!(!is_early);
        assert!(slow.join().is_ok_and(|outcome| is_delivered(&outcome)));
        assert_eq!(flush.join().expect("no panic"), Ok(()));
    });
}

#[test]
fn dlv_62_a_shutdown_waits_for_an_event_under_way_although_the_worker_has_nothing_left() {
    let (gate, client) = gated();
    gate.let_through("queued");
    client.capture("queued");
    assert_eq!(client.flush(PATIENCE), Ok(()));
    thread::scope(|scope| {
        let sent = scope.spawn(|| client.capture_immediate(Event::new("now")));
        gate.wait_for("now");
        let end = scope.spawn(|| client.shutdown(PATIENCE));
        // The worker ends, if it ends too early.
        thread::sleep(MOMENT);
        gate.let_through("now");
        assert!(sent.join().is_ok_and(|outcome| is_delivered(&outcome)));
        assert_eq!(end.join().expect("no panic"), Ok(()));
    });
    assert_eq!(client.shutdown(PATIENCE), Ok(()));
    assert_eq!((client.stats().delivered, client.stats().failed), (2, 0));
}

#[test]
fn dlv_62_a_shutdown_says_what_its_deadline_ended_on_another_thread() {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    let rig = Rig::with(|options| {
        options.before_send(|event| {
            if let (Some(client), "end") = (CLIENT.get(), &*event.event) {
                // In a hook it does not wait.
                let _ = client.shutdown(Duration::from_secs(1));
            }
            Some(event)
        })
    });
    assert!(CLIENT.set(rig.client.clone()).is_ok());
    rig.wire.always(503);
    thread::scope(|scope| {
        let sent = scope.spawn(|| rig.client.capture_immediate(Event::new("e")));
        rig.settled(1);
        rig.client.capture("end");
        rig.clock.advance(Duration::from_secs(2));
        assert!(matches!(
            sent.join().expect("no panic"),
            Immediate::Failed(_)
        ));
    });
    let lost = rig.client.shutdown(PATIENCE).map_err(|error| error.pending);
    assert_eq!((lost, rig.client.stats().failed_at_shutdown), (Err(1), 1));
}

/// Flushes the client that it sends for.
#[derive(Default)]
struct Flushing(OnceLock<Client>);

impl Transport for Flushing {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        if let Some(client) = self.0.get() {
            assert!(client.flush(PATIENCE).is_err());
        }
        Ok(Response::new(200))
    }
}

#[test]
fn dlv_55_a_flush_by_what_sends_for_a_capture_does_not_wait_for_it() {
    let transport = Arc::<Flushing>::default();
    let options = Options::new("phc_test").sync_mode(true);
    let client = Client::with_transport(options, Arc::clone(&transport) as _).expect("a client");
    let _ = transport.0.set(client.clone());
    let start = Instant::now();
    assert!(client.capture("e").is_some());
    assert!(start.elapsed() < PATIENCE);
    assert_eq!(client.stats().delivered, 1);
    // Afterwards the thread may wait again.
    let (gate, other) = gated();
    gate.let_through("e");
    other.capture("e");
    assert_eq!(other.flush(PATIENCE), Ok(()));
}

/// Sends when its thread ends, after other thread-locals may be gone.
struct LastWords(Client);

impl Drop for LastWords {
    fn drop(&mut self) {
        self.0.capture("last words");
    }
}

thread_local! {
    static LAST_WORDS: RefCell<Option<LastWords>> = const { RefCell::new(None) };
    /// What the logger sends once.
    static TALE: RefCell<Option<Client>> = const { RefCell::new(None) };
}

fn over_http(url: String, mode: CaptureMode) -> Client {
    let options = Options::new("phc_test")
        .host(url)
        .sync_mode(true)
        .capture_mode(mode);
    Client::new(options).expect("options in order")
}

#[test]
fn dlv_146_a_thread_sends_over_http_until_its_very_end() {
    for mode in [CaptureMode::V0, CaptureMode::V1] {
        let server = LocalPostHog::start();
        let client = over_http(server.url(), mode);
        for used_before in [false, true] {
            let client = client.clone();
            let ended = thread::spawn(move || {
                if used_before {
                    client.capture("first words");
                }
                LAST_WORDS.set(Some(LastWords(client.clone())));
                client.capture("later words");
            });
            ended.join().expect("no panic");
        }
        assert_eq!((client.stats().delivered, client.stats().failed), (5, 0));
        assert_eq!(server.events().len(), 5);
    }
}

/// Sends an event in the midst of another one's request.
struct Tattling;

impl log::Log for Tattling {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        // The thread may be at its end.
        let tale = TALE.try_with(|tale| record.target().starts_with("ureq").then(|| tale.take()));
        if let Ok(Some(Some(client))) = tale {
            client.capture("tale");
        }
    }

    fn flush(&self) {}
}

/// Answers each request over a connection of its own, and gives the values of `Authorization`: what this crate's server
/// keeps of them is redacted.
fn bare_server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let given = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&given);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = Arc::clone(&kept);
            thread::spawn(move || answer(stream, &kept));
        }
    });
    (url, given)
}

fn answer(stream: TcpStream, given: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while stream.read_line(&mut line).is_ok() && !line.trim().is_empty() {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if header.starts_with("authorization:") {
            given.lock().expect("no panic").push(line.trim().to_owned());
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    let _ = stream.get_mut().write_all(answer.as_bytes());
}

#[test]
fn dlv_10_the_user_of_a_host_reaches_it() {
    let (url, given) = bare_server();
    let url = url.replace("http://", "http://martin:secret@");
    for mode in [CaptureMode::V0, CaptureMode::V1] {
        let client = over_http(url.clone(), mode);
        client.capture("e");
        assert_eq!(client.stats().delivered, 1);
    }
    let given = given.lock().expect("no panic").clone();
    // V1 has a key in its place.
    assert!(
        given[0].ends_with(": Basic bWFydGluOnNlY3JldA=="),
        "{given:?}"
    );
    assert!(given[1].ends_with(": Bearer phc_test"), "{given:?}");
}

#[test]
fn dlv_146_a_logger_that_sends_in_the_midst_of_a_request_leaves_its_key_in_place() {
    static LOGGER: Tattling = Tattling;
    log::set_logger(&LOGGER).expect("the only logger");
    log::set_max_level(log::LevelFilter::Trace);
    let (url, given) = bare_server();
    let client = over_http(url, CaptureMode::V1);
    TALE.set(Some(client.clone()));
    client.capture("e");
    assert_eq!(client.stats().delivered, 2);
    let given = given.lock().expect("no panic").clone();
    assert_eq!(given.len(), 2);
    for header in given {
        assert!(header.ends_with(": Bearer phc_test"), "{header}");
    }
}
