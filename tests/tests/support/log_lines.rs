//! All that is logged, by whomever, at every level.

use log::{Level, LevelFilter, Log, Metadata, Record};
use std::sync::{Mutex, Once, PoisonError};

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) text: String,
}

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

struct Collector;

impl Log for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Formatted before the lock: what is printed may log.
        let line = Line {
            level: record.level(),
            target: record.target().to_owned(),
            text: record.args().to_string(),
        };
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    fn flush(&self) {}
}

/// Collects from now on. Tests of one file share the lines, so each looks for words of its own.
pub(crate) fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Collector).expect("the only logger");
        log::set_max_level(LevelFilter::Trace);
    });
}

pub(crate) fn all() -> Vec<Line> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The lines with all of these words.
pub(crate) fn with(words: &[&str]) -> Vec<Line> {
    let mut lines = all();
    lines.retain(|line| words.iter().all(|word| line.text.contains(word)));
    lines
}

/// How many warnings have all of these words.
pub(crate) fn warnings(words: &[&str]) -> usize {
    with(words)
        .iter()
        .filter(|line| line.level == Level::Warn)
        .count()
}
