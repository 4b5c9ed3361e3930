//! Four threads capture, for both lanes and in either mode, while requests fail at random and others flush: in the end
//! the books balance.
//!
//! It takes 3 s, or as long as `POSTHOG_SOAK_SECONDS` says.

#[path = "support/books.rs"]
mod books;

use books::Books;
use posthog::{CaptureMode, Event, HttpTransport, Options, Stats};
use posthog_tests::{Fault, LocalPostHog};
use std::{
    collections::BTreeSet,
    env,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use uuid::Uuid;

const CAPTURERS: u64 = 4;
/// Per thread: as many as the local server keeps in memory in a minute without pain.
const PACE: Duration = Duration::from_micros(1500);

/// A small generator of numbers that are random enough here.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn fault(random: &mut Random) -> Fault {
    let statuses = [
        301, 400, 401, 402, 403, 404, 408, 413, 415, 429, 500, 501, 502, 503, 504, 520,
    ];
    let pick = |random: &mut Random| statuses[usize::try_from(random.below(16)).expect("small")];
    match random.below(16) {
        0 => Fault::ResetBeforeRead,
        1 => Fault::ResetAfterRead,
        2 => Fault::AcceptThenReset,
        3 => Fault::TruncateBody,
        4 => Fault::WrongContentLength,
        5 => Fault::Garbage,
        6 => Fault::Nonsense,
        7 => Fault::HangBeforeHeaders,
        8 => Fault::HangInBody,
        9 => Fault::Delay(Duration::from_millis(random.below(150))),
        10 => Fault::Redirect("/elsewhere".to_owned()),
        11 => Fault::StatusWith {
            status: 503,
            retry_after: Some(random.below(60).to_string()),
            body: String::new(),
        },
        _ => Fault::Status(pick(random)),
    }
}

/// A client in either mode, whose queue is filled and whose retries are used up at times.
fn books(server: &LocalPostHog, seed: u64) -> Books {
    let mode = match seed % 2 {
        0 => CaptureMode::V0,
        _ => CaptureMode::V1,
    };
    let options = Options::new("phc_test")
        .host(server.url())
        .capture_mode(mode)
        .flush_at(50)
        .max_batch_size(50)
        .max_queue_size(2000)
        .max_retries(2)
        .request_timeout(Duration::from_millis(100));
    Books::new(Arc::new(HttpTransport::default()), options)
}

#[test]
fn dlv_140_whatever_happens_each_event_is_acknowledged_or_reported_once() {
    let seconds = env::var("POSTHOG_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(3, |text| {
        text.parse().expect("POSTHOG_SOAK_SECONDS is a number")
    });
    let end = Instant::now() + Duration::from_secs(seconds);
    let seed = RandomState::new().hash_one(0);
    println!("the seed is {seed}");

    let server = LocalPostHog::start();
    let books = books(&server, seed);
    let (client, clock) = (&books.client, &books.clock);
    let capturing = AtomicBool::new(true);
    // A capturer that panicked must not leave the others running.
    let latest = end + Duration::from_secs(30);
    let running =
        |capturing: &AtomicBool| capturing.load(Ordering::SeqCst) && Instant::now() < latest;

    let mut admitted = BTreeSet::new();
    let mut refused = 0;
    thread::scope(|scope| {
        let capturers: Vec<_> = (0..CAPTURERS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut random = Random(seed ^ thread);
                    let mut kept: Vec<Uuid> = Vec::new();
                    let mut refused = 0;
                    while Instant::now() < end {
                        let size = usize::try_from(random.below(400)).expect("small");
                        let event = Event::new("e").property("x", "x".repeat(size));
                        let captured = match random.below(5) {
                            0 => client.capture_ai(Event::new("$ai_generation")),
                            _ => client.capture(event),
                        };
                        match captured {
                            Some(uuid) => kept.push(uuid),
                            None => refused += 1,
                        }
                        thread::sleep(PACE);
                    }
                    (kept, refused)
                })
            })
            .collect();
        // One in three requests fails, and now and then nobody listens.
        scope.spawn(|| {
            let mut random = Random(!seed);
            let mut before = client.stats();
            while running(&capturing) {
                let now = client.stats();
                let answered = |stats: &Stats| stats.delivered + stats.failed + stats.retries;
                if answered(&now) > answered(&before) && random.below(3) == 0 {
                    server.next(fault(&mut random));
                }
                before = now;
                if random.below(300) == 0 {
                    server.stop_listening();
                    thread::sleep(Duration::from_millis(random.below(30)));
                    server.listen_again();
                }
                thread::sleep(Duration::from_millis(2));
            }
            server.recover();
        });
        scope.spawn(|| {
            let mut random = Random(seed.rotate_left(7));
            while running(&capturing) {
                let _ = client.flush(Duration::from_secs(random.below(20)));
                thread::sleep(Duration::from_millis(random.below(40)));
            }
        });
        // Waits pass quickly, and time on the wire is real.
        scope.spawn(|| {
            while running(&capturing) {
                clock.advance(Duration::from_millis(500));
                thread::sleep(Duration::from_millis(2));
            }
            // For a flush that began before the end.
            clock.advance(Duration::from_secs(3600));
        });
        for capturer in capturers {
            let (kept, lost) = capturer.join().expect("no panic");
            admitted.extend(kept);
            refused += lost;
        }
        capturing.store(false, Ordering::SeqCst);
    });

    books.balance(&admitted, &server);
    let stats = client.stats();
    println!("{stats:?}");
    assert_eq!(stats.dropped_queue_full, refused);
    assert!(
        stats.delivered > 0 && stats.retries > 0 && stats.failed > 0,
        "{stats:?}"
    );
    assert_eq!(server.violations(), Vec::<String>::new());
}
