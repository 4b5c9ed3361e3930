//! A logger that does with every line what a logger should not.

use posthog::{
    Client, Event, Options, capture, identify_context, new_context, tag, testing::Memory,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// A logger that tags and captures with every line, and panics with some.
struct Talkative;

impl log::Log for Talkative {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        if line.starts_with("[PostHog]") {
            tag("last_log", &line);
            identify_context(" ");
            capture(Event::new("logged").property("x", f64::NAN));
            assert!(!line.contains("blank"), "the logger is broken");
        }
    }

    fn flush(&self) {}
}

#[test]
fn a_logger_that_tags_captures_and_panics_does_no_harm() {
    static LOGGER: Talkative = Talkative;
    log::set_logger(&LOGGER).expect("the only logger");
    log::set_max_level(log::LevelFilter::Trace);
    tag("outside", "any context");
    let client = Client::with_transport(
        Options::new("phc_x").debug(true),
        Arc::new(Memory::default()),
    )
    .expect("a client");
    assert_eq!(client.capture(" "), None);
    assert!(
        client
            .capture(Event::new("e").property("x", f64::NAN))
            .is_some()
    );
    client
        .shutdown(std::time::Duration::from_secs(10))
        .expect("nothing is lost");
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        new_context().client(&client).run(|| panic!("on its way"));
    }));
    assert!(unwound.is_err());
    assert_eq!(client.capture("late"), None);
}
