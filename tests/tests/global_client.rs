//! The client of the whole process. One test, because there is one such client.

mod support;

use posthog::{InitError, Options, capture, flush, init, shutdown};
use posthog_tests::LocalPostHog;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use support::{PATIENCE, log_lines};

#[test]
fn cap_6_cap_7_there_is_at_most_one_global_client_and_none_is_no_error() {
    log_lines::collect();
    let server = LocalPostHog::start();
    let options = |key: &str| Options::new(key).host(server.url());

    // Nobody listens: nothing happens, and it is said once.
    for _ in 0..3 {
        assert_eq!(capture("nobody listens"), None);
    }
    assert_eq!(flush(Duration::ZERO), Ok(()));
    assert_eq!(shutdown(Duration::ZERO), Ok(()));
    assert_eq!(log_lines::warnings(&["there is no client"]), 1);

    // Options in error make no client.
    for key in ["", "phc_gossip key"] {
        let error = init(options(key)).map(|_| ()).expect_err("no key");
        assert!(error.to_string().contains("`api_key`") && !error.to_string().contains("gossip"));
    }
    assert!(matches!(
        init(Options::new("phc_a").host(" ")),
        Err(InitError::Host { .. })
    ));
    assert_eq!(capture("still nobody"), None);

    let guard = init(options("phc_first")).expect("the first");
    assert!(capture("first").is_some());
    assert!(matches!(
        init(options("phc_second")),
        Err(InitError::AlreadyInitialised)
    ));
    let another = posthog::Client::new(options("phc_second")).expect("a client");
    assert!(matches!(
        posthog::init_with(another),
        Err(InitError::AlreadyInitialised)
    ));
    assert!(capture("still first").is_some());
    assert_eq!(flush(PATIENCE), Ok(()));
    let first = server
        .requests()
        .pop()
        .and_then(|request| request.body)
        .expect("a body");
    assert_eq!(first["api_key"], "phc_first");
    capture("by the guard");
    drop(guard);
    assert_eq!(server.events().len(), 3);
    assert_eq!(capture("between"), None);

    // Again, and with a client that is disabled, which takes the place all the same.
    let guard = init(options("").disabled(true)).expect("no key is needed");
    assert_eq!(capture("disabled"), None);
    assert!(matches!(
        init(options("phc_second")),
        Err(InitError::AlreadyInitialised)
    ));
    drop(guard);
    let guard = init(options("phc_third")).expect("again");
    assert!(capture("third").is_some());
    assert_eq!(shutdown(PATIENCE), Ok(()));
    assert_eq!(capture("after the shutdown"), None);
    drop(guard);
    assert_eq!(server.events().len(), 4);
    assert_eq!(server.violations(), Vec::<String>::new());

    // A guard that is dropped while its thread unwinds delivers too.
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _guard = init(options("phc_fourth")).expect("again");
        capture("before the panic");
        panic!("on the way out");
    }));
    assert!(unwound.is_err());
    assert!(
        server
            .events()
            .iter()
            .any(|event| event["event"] == "before the panic")
    );
    assert!(matches!(
        init(Options::new("phc_x").host("ftp://h")),
        Err(InitError::Host { .. })
    ));
}
