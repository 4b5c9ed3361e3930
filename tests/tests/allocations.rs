//! In the steady state, a capture allocates nothing on the thread that captures.

use allocation_counter::measure;
use posthog::{Client, Options, capture, context, new_context, tag, testing::Memory};
use std::{sync::Arc, time::Duration};

const EVENTS: u64 = 100;

/// A client whose worker sends when it is flushed, and not before.
fn client() -> Client {
    let options = Options::new("phc_test")
        .flush_at(10_000)
        .flush_interval(Duration::from_secs(3600));
    Client::with_transport(options, Arc::new(Memory::default())).expect("options in order")
}

/// What is allocated by `EVENTS` captures, after some others that were delivered.
fn allocated_by(client: &Client, capture: impl Fn()) -> u64 {
    for _ in 0..3 {
        (0..EVENTS).for_each(|_| capture());
        assert_eq!(client.flush(Duration::from_secs(10)), Ok(()));
    }
    let admitted = client.stats().admitted;
    let info = measure(|| (0..EVENTS).for_each(|_| capture()));
    assert_eq!(client.stats().admitted, admitted + EVENTS);
    info.count_total
}

#[test]
fn a_capture_allocates_nothing() {
    let client = client();
    let text = "a run-time string".to_owned();
    let capture = || {
        capture!(
            "order_processed",
            client = &client,
            total = 9.5,
            items = 3,
            currency = text,
            paid = true
        );
    };
    assert_eq!(allocated_by(&client, capture), 0);
}

#[test]
fn a_capture_with_inherited_tags_and_ids_allocates_nothing() {
    let client = client();
    let text = "a run-time string".to_owned();
    let _outer = new_context()
        .distinct_id("user-7")
        .tag("tenant", &text)
        .enter();
    let _inner = new_context().tag("step", 2).tag("total", 1).enter();
    let capture = || {
        capture!("order_processed", client = &client, total = 9.5);
    };
    assert_eq!(allocated_by(&client, capture), 0);
}

#[test]
fn a_capture_of_a_typed_event_or_with_an_id_allocates_nothing() {
    #[derive(posthog::Event)]
    #[event(name = "order_paid")]
    struct Paid {
        total: f64,
    }
    let client = client();
    let user = "user-7".to_owned();
    let typed = || {
        capture!(Paid { total: 9.5 }, client = &client, items = 3);
    };
    assert_eq!(allocated_by(&client, typed), 0);
    let with_id = || {
        capture!(
            "order_paid",
            client = &client,
            distinct_id = user,
            total = 9.5
        );
    };
    assert_eq!(allocated_by(&client, with_id), 0);
}

#[test]
fn a_context_that_sets_nothing_allocates_nothing() {
    context! {};
    let info = measure(|| (0..100).for_each(|_| context! { context! {} }));
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_context_with_tags_allocates_nothing() {
    let text = "a run-time string".to_owned();
    let tagged = || {
        context! {
            tag!(tenant = text, step = 2, plan = text);
            context! { tag!(step = 3); }
        };
        new_context().tag("tenant", &text).run(|| {});
    };
    tagged();
    let info = measure(|| (0..100).for_each(|_| tagged()));
    assert_eq!(info.count_total, 0);
}

#[test]
fn the_first_capture_in_a_context_allocates_only_to_merge_what_it_sees() {
    let client = client();
    let text = "a run-time string".to_owned();
    let _outer = new_context().tag("tenant", &text).enter();
    let first_of_a_context = || {
        context! {
            tag!(step = 2, plan = text);
            capture!("order_processed", client = &client, total = 9.5);
        };
    };
    // The handle of the merged tags, and a list of them while they are merged.
    assert_eq!(allocated_by(&client, first_of_a_context), 2 * EVENTS);
}
