//! A logger that panics when it is merely asked, and captures besides.

use posthog::{
    Client, Event, Options, Response, TransportError, capture, new_context, testing::Memory,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

struct Broken;

impl log::Log for Broken {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        capture(Event::new("asked").property("x", f64::NAN));
        assert!(
            !metadata.target().starts_with("posthog"),
            "the logger is broken"
        );
        true
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

#[test]
fn dlv_36_a_logger_that_panics_when_asked_costs_no_event_and_no_caller() {
    static LOGGER: Broken = Broken;
    log::set_logger(&LOGGER).expect("the only logger");
    log::set_max_level(log::LevelFilter::Trace);
    let memory = Arc::new(Memory::default());
    memory.answer(Err(TransportError::Connection {
        reason: "reset".into(),
    }));
    memory.answer(Ok(Response::new(400)));
    let options = Options::new("phc_x").debug(true).max_retries(1);
    let client = Client::with_transport(options, memory.clone()).expect("a client");
    assert_eq!(client.capture(" "), None);
    for name in ["refused", "delivered"] {
        assert!(client.capture(name).is_some());
        client.flush(Duration::from_secs(10)).expect("final");
    }
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _scope = new_context().client(&client).enter();
        panic!("on its way")
    }));
    assert!(unwound.is_err());
    client.shutdown(Duration::from_secs(10)).expect("final");
    let stats = client.stats();
    assert_eq!(
        (
            stats.admitted,
            stats.delivered,
            stats.failed,
            stats.pending()
        ),
        (3, 2, 1, 0)
    );
}
