//! A logger that captures, flushes and panics: whatever the SDK says, it says with no lock in hand.

mod support;

use log::{LevelFilter, Log, Metadata, Record};
use posthog::Event;
use std::{
    cell::Cell,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{PATIENCE, Rig, eventually};

struct Captures;

static CLIENT: Mutex<Option<posthog::Client>> = Mutex::new(None);
static PANICS_ON_WORKERS: AtomicBool = AtomicBool::new(false);
static LINES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

impl Log for Captures {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = record.args().to_string();
        LINES.fetch_add(1, Ordering::Relaxed);
        let client = CLIENT.lock().expect("no panic under the lock").clone();
        let Some(client) = client else { return };
        // A logger that captures has to end its own recursion.
        if DEPTH.replace(DEPTH.get() + 1) < 3 {
            client.capture(Event::new("logged").property("line", line));
            client.capture("");
            let _ = client.flush(Duration::ZERO);
            let _ = (client.stats(), posthog::flush(Duration::ZERO));
        }
        DEPTH.set(DEPTH.get() - 1);
        let on_worker = std::thread::current().name() == Some("posthog-analytics");
        assert!(
            !(on_worker && PANICS_ON_WORKERS.load(Ordering::Relaxed)),
            "in the logger"
        );
    }

    fn flush(&self) {}
}

fn install() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        log::set_logger(&Captures).expect("the only logger");
        log::set_max_level(LevelFilter::Trace);
    });
}

/// One test: the logger is everybody's.
#[test]
fn dlv_145_a_logger_that_captures_flushes_and_panics_stops_nothing() {
    install();
    let rig = Rig::with(|options| options.max_queue_size(5).max_retries(0).debug(true));
    *CLIENT.lock().expect("no panic") = Some(rig.client.clone());
    rig.client.capture(
        Event::new("e")
            .uuid("no")
            .timestamp("no")
            .property("nan", f64::NAN),
    );
    rig.client
        .capture(Event::new("e").distinct_id("x".repeat(300)));
    rig.client.capture(Event::new("e").distinct_id("undefined"));
    rig.client.debug(false);
    for _ in 0..20 {
        rig.client.capture("fills the queue");
    }
    assert!(LINES.load(Ordering::Relaxed) > 5);

    // On the worker: failures of every kind, with a logger that panics there too.
    for panics in [false, true] {
        PANICS_ON_WORKERS.store(panics, Ordering::Relaxed);
        for status in [401, 402, 404, 400, 200] {
            rig.wire.answer(status);
            rig.client.capture("e");
            eventually(|| {
                rig.clock.advance(Duration::from_secs(60));
                rig.client.flush(Duration::ZERO).is_ok() || rig.client.stats().pending() == 0
            });
        }
    }
    PANICS_ON_WORKERS.store(false, Ordering::Relaxed);
    let before = rig.client.stats().delivered;
    rig.client.capture("the worker is alive");
    eventually(|| {
        let _ = rig.client.flush(Duration::ZERO);
        rig.client.stats().delivered > before
    });
    CLIENT.lock().expect("no panic").take();
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    let stats = rig.client.stats();
    assert_eq!(stats.admitted, stats.delivered + stats.failed);
}
