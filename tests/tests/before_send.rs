//! Hooks, the ugliest first.

mod support;

use posthog::{Client, Event, Options};
use serde_json::json;
use std::{
    panic::panic_any,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};
use support::{PATIENCE, Rig, log_lines};
use uuid::Uuid;

/// Panics with something that panics again when it is thrown away.
struct PanicsTwice;

impl Drop for PanicsTwice {
    fn drop(&mut self) {
        panic!("while the payload of a panic is dropped");
    }
}

/// A hook that can reach the client it belongs to.
fn with_client(hook: impl Fn(&Client) + Send + Sync + 'static) -> (Rig, Arc<OnceLock<Client>>) {
    let slot: Arc<OnceLock<Client>> = Arc::default();
    let reached = Arc::clone(&slot);
    let rig = Rig::with(move |options| {
        options.before_send(move |event| {
            if let Some(client) = reached.get() {
                hook(client);
            }
            Some(event)
        })
    });
    (rig, slot)
}

#[test]
fn dlv_43_a_hook_that_panics_drops_the_event_and_ends_the_chain() {
    log_lines::collect();
    let later = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&later);
    let rig = Rig::with(|options| {
        options
            .before_send(|event| match &*event.event {
                "panics" => panic!("in a hook"),
                "panics twice" => panic_any(PanicsTwice),
                _ => Some(event),
            })
            .before_send(move |event| {
                counted.fetch_add(1, Ordering::Relaxed);
                Some(event)
            })
    });
    assert_eq!(rig.client.capture("panics"), None);
    assert_eq!(rig.client.capture("panics twice"), None);
    assert!(rig.client.capture("fine").is_some());
    assert_eq!(rig.names(), ["fine"]);
    assert_eq!(later.load(Ordering::Relaxed), 1);
    assert_eq!(rig.client.stats().dropped_by_hook, 2);
    assert_eq!(log_lines::warnings(&["`panics`", "hook panicked"]), 1);
}

#[test]
fn dlv_45_a_capture_inside_a_hook_is_dropped_with_a_warning() {
    log_lines::collect();
    let (rig, slot) = with_client(|client| {
        assert_eq!(client.capture("captured in a hook"), None);
        assert!(client.stats().admitted < 100, "no lock is held");
    });
    let _ = slot.set(rig.client.clone());
    assert!(rig.client.capture("e").is_some());
    assert_eq!(rig.names(), ["e"]);
    assert_eq!(rig.client.stats().dropped_by_hook, 1);
    assert_eq!(log_lines::warnings(&["captured in a hook", "hook"]), 1);
    assert!(
        rig.client.capture("after").is_some(),
        "outside a hook again"
    );
}

#[test]
fn cap_22_another_thread_captures_while_a_hook_runs() {
    let (entered, wait) = (
        Arc::new(std::sync::Barrier::new(2)),
        Arc::new(std::sync::Barrier::new(2)),
    );
    let (enters, waits) = (Arc::clone(&entered), Arc::clone(&wait));
    let rig = Rig::with(move |options| {
        options.before_send(move |event| {
            if event.event == "slow" {
                enters.wait();
                waits.wait();
            }
            Some(event)
        })
    });
    thread::scope(|scope| {
        scope.spawn(|| rig.client.capture("slow"));
        entered.wait();
        assert!(rig.client.capture("fast").is_some());
        assert_eq!(rig.names(), ["fast"], "the flush waits for no hook either");
        wait.wait();
    });
    assert_eq!(rig.names(), ["fast", "slow"]);
}

#[test]
fn dlv_55_a_flush_in_a_hook_returns_at_once_and_the_queue_is_sent() {
    let (rig, slot) = with_client(|client| {
        assert_eq!(
            client.flush(Duration::MAX).map_err(|error| error.pending),
            Err(1)
        );
    });
    rig.wire.hold();
    rig.client.capture("queued");
    let _ = slot.set(rig.client.clone());
    assert!(rig.client.capture("flushes").is_some());
    assert!(rig.wire.wait_for(1), "the drain was asked for");
    rig.wire.release();
    assert_eq!(rig.names(), ["queued", "flushes"]);
}

#[test]
fn dlv_64_a_shutdown_in_a_hook_returns_at_once_and_the_queue_is_sent() {
    let (rig, slot) = with_client(|client| {
        assert_eq!(
            client.shutdown(PATIENCE).map_err(|error| error.pending),
            Err(1)
        );
    });
    rig.wire.hold();
    rig.client.capture("queued");
    let _ = slot.set(rig.client.clone());
    assert_eq!(rig.client.capture("too late"), None);
    assert!(rig.wire.wait_for(1));
    rig.wire.release();
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    assert_eq!(rig.wire.names(), [["queued"]]);
    assert_eq!(rig.client.stats().dropped_closed, 1);
}

#[test]
fn dlv_40_a_hook_sees_the_complete_event() {
    let seen = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&seen);
    let rig = Rig::with(|options| {
        options
            .super_property("super", 1)
            .before_send(move |event| {
                *kept.lock().expect("no panic") = Some(event.clone());
                Some(event)
            })
    });
    let sent = rig.sent(
        Event::new("e")
            .property("a", [1])
            .groups(json!({ "company": "acme" })),
    );
    let seen = seen.lock().expect("no panic").take().expect("a call");
    assert_eq!(sent["event"], seen.event);
    assert_eq!(sent["distinct_id"], seen.distinct_id);
    assert_eq!(sent["uuid"], seen.uuid.to_string());
    assert_eq!(sent["timestamp"], seen.timestamp.to_string());
    assert_eq!(sent["properties"].as_object(), Some(&seen.properties));
    assert!(seen.properties.contains_key("$lib") && seen.properties.contains_key("$geoip_disable"));
}

#[test]
fn dlv_41_hooks_run_on_the_thread_that_captures() {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&threads);
    let rig = Rig::with(|options| {
        options.before_send(move |event| {
            noted.lock().expect("no panic").push(thread::current().id());
            Some(event)
        })
    });
    rig.client.capture("e");
    assert_eq!(*threads.lock().expect("no panic"), [thread::current().id()]);
    let other = thread::scope(|scope| {
        let other = scope.spawn(|| rig.client.capture("e"));
        other.thread().id()
    });
    assert_eq!(threads.lock().expect("no panic").get(1), Some(&other));
}

#[test]
fn dlv_42_each_hook_gets_what_the_one_before_gave_and_a_drop_ends_the_chain() {
    log_lines::collect();
    let rig = Rig::with(|options| {
        options
            .before_send(|mut event| {
                event.properties.insert("chain".into(), json!([1]));
                Some(event)
            })
            .before_send(|event| (event.event != "unwanted").then_some(event))
            .before_send(|mut event| {
                assert_ne!(event.event, "unwanted");
                event.properties["chain"].as_array_mut()?.push(json!(3));
                Some(event)
            })
    });
    assert_eq!(rig.client.capture("unwanted"), None);
    assert_eq!(
        rig.sent(Event::new("wanted"))["properties"]["chain"],
        json!([1, 3])
    );
    assert_eq!(rig.client.stats().dropped_by_hook, 1);
    let lines = log_lines::with(&["unwanted", "hook"]);
    assert!(!lines.is_empty() && lines.iter().all(|line| line.level == log::Level::Debug));
}

#[test]
fn dlv_44_what_a_hook_leaves_is_checked_again() {
    let with = |hook: fn(&mut posthog::CapturedEvent)| {
        Rig::with(|options: Options| {
            options.before_send(move |mut event| {
                hook(&mut event);
                Some(event)
            })
        })
    };
    for dropped in [
        with(|event| event.event = " ".into()),
        with(|event| event.event = "$performance_event".into()),
        with(|event| event.distinct_id = "\t".into()),
        with(|event| event.distinct_id = "x".repeat(201)),
        with(|event| {
            event
                .properties
                .insert("huge".into(), json!("x".repeat(1_000_000)));
        }),
    ] {
        assert_eq!(dropped.client.capture("e"), None);
        assert!(dropped.events().is_empty());
        let stats = dropped.client.stats();
        assert_eq!(stats.dropped_invalid + stats.dropped_too_large, 1);
    }
    let mended = with(|event| {
        event.event = "n".repeat(300);
        event.distinct_id = " u\0 ".into();
        event.uuid = Uuid::nil();
        let deep = (0..80).fold(json!(1), |inner, _| json!([inner]));
        event.properties.insert("deep".into(), deep);
    });
    let sent = mended.sent(Event::new("e"));
    assert_eq!(sent["event"], "n".repeat(200));
    assert_eq!(sent["distinct_id"], "u\u{FFFD}");
    assert_eq!(
        sent["properties"]["deep"].to_string(),
        format!("{}null{}", "[".repeat(64), "]".repeat(64))
    );
}

#[test]
fn dlv_44_the_uuid_that_is_returned_is_the_one_on_the_wire() {
    let rig = Rig::with(|options| {
        options.before_send(|mut event| {
            event.uuid = Uuid::from_u128(9);
            Some(event)
        })
    });
    assert_eq!(rig.client.capture("e"), Some(Uuid::from_u128(9)));
    assert_eq!(rig.events()[0]["uuid"], Uuid::from_u128(9).to_string());
}

#[test]
fn dlv_45_a_hook_may_change_everything() {
    let rig = Rig::with(|options| {
        options.before_send(|mut event| {
            event.event = "renamed".into();
            event.distinct_id = "someone".into();
            event.timestamp = "2031-05-07T02:00:00Z".parse().ok()?;
            event.properties.clear();
            event.properties.insert("$lib".into(), json!("mine"));
            Some(event)
        })
    });
    let mut sent = rig.sent(Event::new("e"));
    sent.as_object_mut().expect("an object").remove("uuid");
    assert_eq!(
        sent,
        json!({ "event": "renamed", "distinct_id": "someone", "timestamp": "2031-05-07T02:00:00Z", "properties": { "$lib": "mine" } })
    );
    let empty = Rig::with(|options| {
        options.before_send(|mut event| {
            event.properties.clear();
            Some(event)
        })
    });
    assert_eq!(empty.sent(Event::new("e"))["properties"], json!({}));
}

#[test]
fn cap_20_a_hook_sees_nothing_that_was_refused_before_it() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let rig = Rig::with(|options| {
        options.before_send(move |event| {
            counted.fetch_add(1, Ordering::Relaxed);
            Some(event)
        })
    });
    rig.client.capture("");
    rig.client
        .capture(Event::new("e").distinct_id("x".repeat(201)));
    assert_eq!(rig.client.shutdown(PATIENCE), Ok(()));
    rig.client.capture("closed");
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[test]
fn cap_21_everything_up_to_the_queue_happens_on_the_calling_thread() {
    struct Noted(Arc<Mutex<Vec<std::thread::ThreadId>>>);
    impl serde::Serialize for Noted {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0
                .lock()
                .expect("not poisoned")
                .push(std::thread::current().id());
            serializer.serialize_unit()
        }
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let in_hook = Arc::clone(&seen);
    let rig = Rig::with(|options| {
        options.before_send(move |mut event| {
            in_hook
                .lock()
                .expect("not poisoned")
                .push(std::thread::current().id());
            event.uuid = Uuid::from_u128(7);
            Some(event)
        })
    });
    let event = Event::new("e").property("x", Noted(Arc::clone(&seen)));
    let uuid = rig.client.capture(event);
    assert_eq!(uuid, Some(Uuid::from_u128(7)));
    assert_eq!(rig.events()[0]["uuid"], Uuid::from_u128(7).to_string());
    let here = std::thread::current().id();
    assert_eq!(*seen.lock().expect("not poisoned"), [here, here]);
}
