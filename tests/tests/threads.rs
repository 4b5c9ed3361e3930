//! Captures from many threads, and from threads that end.

mod support;

use posthog::{Client, Event, identify_context, new_context, tag};
use std::{cell::RefCell, collections::HashSet, thread, time::Duration};
use support::Rig;

#[test]
fn cap_3_8_threads_of_10_000_captures_arrive_once_in_order_and_each_in_its_context() {
    const THREADS: usize = 8;
    const EVENTS: usize = 10_000;
    let rig = Rig::with(|options| {
        options
            .max_batch_size(1000)
            .compression(posthog::Compression::None)
    });
    let returned: HashSet<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let client = rig.client.clone();
                scope.spawn(move || {
                    new_context().run(|| {
                        identify_context(format!("user of {thread}"));
                        tag("thread", thread);
                        let capture = |n| client.capture(Event::new("e").property("n", n));
                        (0..EVENTS)
                            .filter_map(capture)
                            .map(|uuid| uuid.to_string())
                            .collect::<Vec<_>>()
                    })
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert_eq!(returned.len(), THREADS * EVENTS, "each UUID is another");
    assert_eq!(rig.client.flush(Duration::from_secs(60)), Ok(()));
    let mut next = [0; THREADS];
    let mut arrived = HashSet::new();
    for event in rig.wire.events() {
        let properties = &event["properties"];
        let thread = properties["thread"]
            .as_u64()
            .and_then(|thread| usize::try_from(thread).ok())
            .expect("a tag");
        assert_eq!(properties["n"], next[thread], "in order");
        assert_eq!(event["distinct_id"], format!("user of {thread}"));
        next[thread] += 1;
        assert!(
            arrived.insert(event["uuid"].as_str().expect("a string").to_owned()),
            "once"
        );
    }
    assert!(arrived == returned, "exactly those");
    let stats = rig.client.stats();
    assert_eq!((stats.admitted, stats.delivered), (80_000, 80_000));
}

/// Captures when its thread ends, after other thread-locals may be gone.
struct Last(Client);

impl Drop for Last {
    fn drop(&mut self) {
        tag("late", true);
        self.0
            .capture(Event::new("last words").property("a", 1).timestamp("no"));
        let _ = self.0.flush(Duration::ZERO);
    }
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

#[test]
fn cap_2_a_capture_while_the_thread_ends_neither_panics_nor_aborts() {
    let rig = Rig::new();
    for used_before in [false, true] {
        let client = rig.client.clone();
        let ended = thread::spawn(move || {
            if used_before {
                client.capture("first words");
            }
            // Registered now: destructors run from the last registered, or the first, as the platform has it.
            LAST.set(Some(Last(client.clone())));
            client.capture("later words");
        });
        ended.join().expect("no panic");
    }
    let names = rig.names();
    assert_eq!(names.iter().filter(|name| *name == "last words").count(), 2);
    assert_eq!(names.len(), 5);
}

#[test]
fn cap_3_handles_are_shared_and_sent_between_threads() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<Client>();
    is_shared::<Event>();
}
