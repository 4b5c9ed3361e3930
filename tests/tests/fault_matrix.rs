//! Every way in which a request fails, with 1,000 events in flight: none of them is lost without a word, and none that
//! was acknowledged is missing.

#[path = "support/books.rs"]
mod books;

use books::{Books, held};
use posthog::{Compression, HttpTransport, Options, Stats};
use posthog_tests::{Fault, LocalPostHog};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use uuid::Uuid;

const EVENTS: usize = 1000;
const BATCH: usize = 250;
const BATCHES: usize = EVENTS / BATCH;
const RETRIES: usize = 1;

/// As much time as any answer wants.
const PATIENT: Duration = Duration::from_secs(30);

fn books(server: &LocalPostHog, timeout: Duration) -> Books {
    let options = Options::new("phc_test")
        .host(server.url())
        .compression(Compression::None)
        .flush_at(10_000)
        .max_batch_size(BATCH)
        .max_retries(u32::try_from(RETRIES).expect("a small number"))
        .request_timeout(timeout);
    Books::new(Arc::new(HttpTransport::default()), options)
}

fn capture(books: &Books) -> BTreeSet<Uuid> {
    let admitted = (0..EVENTS).map(|_| books.client.capture("e").expect("room"));
    admitted.collect()
}

/// What becomes of 1,000 events when each request meets this fault, or the first one only.
#[track_caller]
fn after(fault: &Fault, always: bool) -> (Stats, LocalPostHog) {
    let server = LocalPostHog::start();
    if always {
        server.always(fault.clone());
    } else {
        server.next(fault.clone());
    }
    // A fault that hangs costs this much of real time with each attempt; any other server has all the time it wants.
    let timeout = match fault {
        Fault::HangBeforeHeaders | Fault::HangInBody => Duration::from_millis(250),
        _ => PATIENT,
    };
    let books = books(&server, timeout);
    let admitted = capture(&books);
    books.balance(&admitted, &server);
    assert_eq!(server.violations(), Vec::<String>::new(), "{fault:?}");
    (books.client.stats(), server)
}

/// A fault of one request costs nothing; one of all requests costs everything, and each event is reported.
#[track_caller]
fn is_tried_again(fault: &Fault) {
    let (stats, server) = after(fault, false);
    assert_eq!(stats.delivered, EVENTS as u64, "{fault:?}");
    assert_eq!(held(&server).len(), EVENTS, "{fault:?}");
    let (stats, server) = after(fault, true);
    assert_eq!(stats.failed_exhausted, EVENTS as u64, "{fault:?}");
    let requests = server.requests().len();
    assert_eq!(requests, BATCHES * (1 + RETRIES), "{fault:?}");
}

/// A fault costs the batch that meets it, which is sent once.
#[track_caller]
fn is_final(fault: &Fault) {
    let (stats, server) = after(fault, false);
    assert_eq!(stats.failed_refused, BATCH as u64, "{fault:?}");
    assert_eq!(server.requests().len(), BATCHES, "{fault:?}");
    assert_eq!(stats.retries, 0, "{fault:?}");
}

#[track_caller]
fn costs_nothing(fault: &Fault) {
    for always in [false, true] {
        let (stats, server) = after(fault, always);
        assert_eq!(stats.delivered, EVENTS as u64, "{fault:?}");
        assert_eq!(held(&server).len(), EVENTS, "{fault:?}");
    }
}

fn answer(status: u16, retry_after: &str) -> Fault {
    Fault::StatusWith {
        status,
        retry_after: Some(retry_after.to_owned()),
        body: String::new(),
    }
}

#[test]
fn dlv_74_a_refused_connection_is_tried_again() {
    let server = LocalPostHog::start();
    server.stop_listening();
    let away = books(&server, PATIENT);
    let admitted = capture(&away);
    away.balance(&admitted, &server);
    assert_eq!(away.client.stats().failed_exhausted, EVENTS as u64);

    let back = books(&server, PATIENT);
    let admitted = capture(&back);
    let _ = back.client.flush(Duration::ZERO);
    while back.client.stats().retries == 0 {
        std::thread::yield_now();
    }
    server.listen_again();
    back.balance(&admitted, &server);
    assert_eq!(back.client.stats().delivered, EVENTS as u64);
    assert_eq!(held(&server), admitted);
}

#[test]
fn dlv_74_a_connection_that_breaks_is_tried_again() {
    for fault in [
        Fault::ResetBeforeRead,
        Fault::ResetAfterRead,
        Fault::AcceptThenReset,
        Fault::TruncateBody,
        Fault::Garbage,
    ] {
        is_tried_again(&fault);
    }
}

#[test]
fn dlv_74_a_server_that_hangs_is_tried_again() {
    for fault in [Fault::HangBeforeHeaders, Fault::HangInBody] {
        is_tried_again(&fault);
    }
}

#[test]
fn dlv_72_a_success_is_one_whatever_follows_its_headers() {
    for fault in [
        Fault::WrongContentLength,
        Fault::Nonsense,
        Fault::Endless,
        Fault::Delay(Duration::from_millis(10)),
        Fault::Status(201),
        Fault::Status(204),
    ] {
        costs_nothing(&fault);
    }
}

#[test]
fn dlv_71_a_redirect_to_another_host_is_final_and_the_other_host_sees_nothing() {
    let elsewhere = LocalPostHog::start();
    is_final(&Fault::Redirect(format!("{}/batch/", elsewhere.url())));
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn dlv_96_each_status_that_may_pass_is_tried_again() {
    for status in [408, 429, 500, 501, 502, 503, 504, 505, 520, 599] {
        is_tried_again(&Fault::Status(status));
    }
}

#[test]
fn dlv_96_each_other_status_is_final() {
    for status in [
        300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410, 415, 418, 422,
        451,
    ] {
        is_final(&Fault::Status(status));
    }
}

#[test]
fn dlv_95_a_batch_that_is_too_large_is_split_until_it_is_not() {
    let (stats, server) = after(&Fault::Status(413), false);
    assert_eq!(stats.delivered, EVENTS as u64);
    // The first request, then two halves, then the rest in full size.
    assert_eq!(server.requests().len(), BATCHES + 2);

    let (stats, server) = after(&Fault::Status(413), true);
    assert_eq!(stats.failed_refused, EVENTS as u64);
    let sent_alone = server.requests();
    let sent_alone = sent_alone.iter().filter(|request| request.events == 1);
    assert_eq!(sent_alone.count(), EVENTS, "exactly one request for each");
}

#[test]
fn dlv_92_whatever_retry_after_says_no_event_is_lost() {
    for value in [
        "0",
        "1",
        "7",
        "-5",
        "99999999",
        "18446744073709551616",
        "1e9",
        "NaN",
        "soon",
        "",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 99 Dec 9999 99:99:99 GMT",
    ] {
        let (stats, server) = after(&answer(503, value), false);
        assert_eq!(stats.delivered, EVENTS as u64, "{value}");
        assert_eq!(server.requests().len(), BATCHES + 1, "{value}");
    }
    is_final(&answer(400, "1"));
    is_tried_again(&answer(429, "1"));
    is_tried_again(&answer(503, "99999999"));
}
