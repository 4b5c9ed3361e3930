//! Contexts across threads and tasks (contexts.md, section 8).

#[path = "support/futures.rs"]
mod futures;

use futures::{block_on, poll, yield_now};
use posthog::{
    CapturedEvent, Context, Event, capture, identify_context, new_context, tag,
    testing::{record, record_async},
};
use serde_json::{Value, json};
use std::{cell::RefCell, pin::pin, rc::Rc, task::Poll, thread};

fn tags() -> Value {
    Context::current().tags().into()
}

fn ids(events: &[CapturedEvent]) -> Vec<(&str, &str)> {
    events
        .iter()
        .map(|event| (event.event.as_str(), event.distinct_id.as_str()))
        .collect()
}

#[test]
fn ctx_76_a_future_is_in_its_context_during_each_poll_and_never_between_polls() {
    let mut future = pin!(new_context().wrap(async {
        tag("k", 1);
        yield_now().await;
        tag("l", 2);
        yield_now().await;
        tags()
    }));
    assert_eq!(tags(), json!({}));
    for _ in 0..2 {
        assert!(poll(future.as_mut()).is_pending());
        assert_eq!(tags(), json!({}));
    }
    new_context().tag("other", 1).run(|| {
        assert_eq!(
            poll(future.as_mut()),
            Poll::Ready(json!({ "k": 1, "l": 2 }))
        );
        assert_eq!(tags(), json!({ "other": 1 }));
    });
}

#[test]
fn ctx_76_a_future_may_move_between_threads_at_any_await() {
    let mut future = Box::pin(new_context().distinct_id("u-1").wrap(async {
        for n in 0..4 {
            tag("n", n);
            let inner = new_context().tag("inner", n).wrap(async {
                yield_now().await;
                tags()
            });
            assert_eq!(inner.await, json!({ "n": n, "inner": n }));
        }
        (tags(), Context::current().distinct_id())
    }));
    let output = loop {
        let (returned, polled) = thread::spawn(move || {
            let _noise = new_context().tag("noise", 1).enter();
            let polled = poll(future.as_mut());
            assert_eq!(tags(), json!({ "noise": 1 }));
            (future, polled)
        })
        .join()
        .expect("it ends well");
        future = returned;
        if let Poll::Ready(output) = polled {
            break output;
        }
    };
    assert_eq!(output, (json!({ "n": 3 }), Some("u-1".to_owned())));
}

#[test]
fn ctx_76_a_future_that_is_dropped_ends_its_values_inside_its_context() {
    struct Noted(Rc<RefCell<Value>>);
    impl Drop for Noted {
        fn drop(&mut self) {
            *self.0.borrow_mut() = tags();
        }
    }
    let seen = Rc::new(RefCell::new(Value::Null));
    let noted = Noted(seen.clone());
    let mut future = Box::pin(new_context().tag("k", 1).wrap(async move {
        let _noted = noted;
        yield_now().await;
    }));
    assert!(poll(future.as_mut()).is_pending());
    drop(future);
    assert_eq!((seen.take(), tags()), (json!({ "k": 1 }), json!({})));
}

#[test]
fn ctx_80_a_handle_is_cheap_shared_and_keeps_state_alive() {
    let handle = new_context()
        .tag("k", 1)
        .distinct_id("u-1")
        .run(Context::current);
    let clones = vec![handle.clone(); 8];
    drop(handle);
    let threads = clones.into_iter().map(|handle| {
        thread::spawn(move || {
            assert_eq!(handle.distinct_id().as_deref(), Some("u-1"));
            assert_eq!(handle.tags().len(), 1);
        })
    });
    threads
        .collect::<Vec<_>>()
        .into_iter()
        .for_each(|thread| thread.join().expect("it sees the state"));
    assert_eq!(Context::default().distinct_id(), None);
}

#[test]
fn ctx_81_new_threads_and_tasks_start_without_a_context() {
    new_context().tag("k", 1).run(|| {
        assert_eq!(thread::spawn(tags).join().expect("it ends well"), json!({}));
        let spawned =
            block_on(async { tokio::spawn(async { tags() }).await.expect("it ends well") });
        // The runtime is polled on this thread, inside the context: what it runs sees that, as any call below it does.
        assert_eq!(spawned, json!({ "k": 1 }));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .expect("a runtime");
        let spawned =
            runtime.block_on(async { tokio::spawn(async { tags() }).await.expect("it ends well") });
        assert_eq!(spawned, json!({}));
    });
}

#[test]
fn ctx_82_an_attached_context_inherits_and_its_writes_stay_local() {
    new_context().tag("k", 1).distinct_id("u-1").run(|| {
        let handle = Context::current();
        let worker = thread::spawn(move || {
            {
                let _scope = handle.attach();
                assert_eq!(tags(), json!({ "k": 1 }));
                tag("k", 2);
                identify_context("u-2");
                assert_eq!(
                    (tags(), Context::current().distinct_id().as_deref()),
                    (json!({ "k": 2 }), Some("u-2"))
                );
            }
            assert_eq!((tags(), handle.tags()["k"].clone()), (json!({}), json!(1)));
            let _again = handle.attach();
            assert_eq!(tags(), json!({ "k": 1 }));
        });
        worker.join().expect("it ends well");
        assert_eq!(
            (tags(), Context::current().distinct_id().as_deref()),
            (json!({ "k": 1 }), Some("u-1"))
        );
    });
}

#[test]
fn ctx_83_a_wrapped_future_runs_below_the_context_where_it_was_wrapped() {
    let wrapped = new_context().tag("k", 1).run(|| {
        (
            Context::current().wrap(async { tags() }),
            new_context().tag("l", 2).wrap(async { tags() }),
        )
    });
    block_on(async {
        let spawned = (tokio::spawn(wrapped.0), tokio::spawn(wrapped.1));
        assert_eq!(spawned.0.await.expect("it ends well"), json!({ "k": 1 }));
        assert_eq!(
            spawned.1.await.expect("it ends well"),
            json!({ "k": 1, "l": 2 })
        );
    });
}

#[test]
fn ctx_83_attached_and_wrapped_contexts_capture_panics() {
    let events = record(|| {
        let handle = new_context().tag("k", 1).run(Context::current);
        let attached = {
            let handle = handle.clone();
            thread::spawn(move || {
                let _scope = handle.attach();
                panic!("in attached");
            })
        };
        assert!(attached.join().is_err());
        let wrapped =
            block_on(async { tokio::spawn(handle.wrap(async { panic!("in wrapped") })).await });
        assert!(wrapped.is_err_and(|error: tokio::task::JoinError| error.is_panic()));
    });
    let captured: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.properties["$exception_message"].clone(),
                event.properties["k"].clone(),
            )
        })
        .collect();
    assert_eq!(
        captured,
        [
            (json!("in attached"), json!(1)),
            (json!("in wrapped"), json!(1))
        ]
    );
}

#[test]
fn ctx_84_two_tasks_on_one_thread_never_see_each_other() {
    async fn task(id: &'static str) {
        for round in 0..10 {
            tag("round", round);
            identify_context(id);
            tokio::task::yield_now().await;
            capture(id);
            assert_eq!(tags(), json!({ "task": id, "round": round }));
        }
    }
    let events = block_on(record_async(async {
        tokio::join!(
            new_context().tag("task", "a").wrap(task("a")),
            new_context().tag("task", "b").wrap(task("b"))
        );
    }));
    assert_eq!(events.len(), 20);
    assert!(
        events.iter().all(
            |event| event.event == event.distinct_id && event.properties["task"] == event.event
        )
    );
    assert!(
        events.windows(2).any(|pair| pair[0].event != pair[1].event),
        "they did interleave"
    );
}

#[test]
fn ctx_85_a_guard_held_across_an_await_goes_with_its_future() {
    // In a future that is not sent elsewhere, and is wrapped: nothing leaks into what runs in between.
    let mut holder = pin!(new_context().tag("holder", 1).wrap(async {
        let first = new_context().tag("first", 1).enter();
        let second = new_context().tag("second", 1).enter();
        yield_now().await;
        assert_eq!(tags(), json!({ "holder": 1, "first": 1, "second": 1 }));
        drop(first);
        tag("late", 1);
        yield_now().await;
        assert_eq!(
            tags(),
            json!({ "holder": 1, "first": 1, "second": 1, "late": 1 })
        );
        drop(second);
        yield_now().await;
        tags()
    }));
    for depth in 0..3 {
        let noise: Vec<_> = (0..depth)
            .map(|n| new_context().tag(format!("noise {n}"), n).enter())
            .collect();
        let before = tags();
        assert!(poll(holder.as_mut()).is_pending());
        assert_eq!(tags(), before);
        drop(noise);
        assert_eq!(tags(), json!({}));
    }
    assert_eq!(poll(holder.as_mut()), Poll::Ready(json!({ "holder": 1 })));
}

#[test]
fn ctx_86_a_handle_outlives_its_scope() {
    let handle = new_context()
        .tag("k", 1)
        .run(|| new_context().tag("l", 2).run(Context::current));
    let _scope = handle.attach();
    assert_eq!(tags(), json!({ "k": 1, "l": 2 }));
}

#[test]
fn ctx_87_the_sdks_own_thread_sees_no_context_of_the_application() {
    struct Looks(std::sync::Mutex<Vec<Value>>);
    impl posthog::Transport for Looks {
        fn send(&self, _: &posthog::Request) -> Result<posthog::Response, posthog::TransportError> {
            self.0.lock().expect("not poisoned").push(tags());
            Ok(posthog::Response::new(200))
        }
    }
    let looks = std::sync::Arc::new(Looks(std::sync::Mutex::default()));
    let client = posthog::Client::with_transport("phc_x", looks.clone()).expect("a client");
    new_context().tag("k", 1).run(|| {
        client.capture("e");
        client
            .flush(std::time::Duration::from_secs(10))
            .expect("delivered");
    });
    assert_eq!(*looks.0.lock().expect("not poisoned"), [json!({})]);
}

#[test]
fn a_panic_in_a_poll_leaves_the_thread_as_it_was() {
    let _outer = new_context().tag("outer", 1).enter();
    let mut future = Box::pin(new_context().tag("inner", 1).wrap(async {
        let _guard = new_context().tag("innermost", 1).enter();
        yield_now().await;
        panic!("in a poll")
    }));
    assert!(poll(future.as_mut()).is_pending());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(future.as_mut())))
        .map(|poll: Poll<()>| poll.is_ready());
    assert!(panicked.is_err());
    assert_eq!(tags(), json!({ "outer": 1 }));
    drop(future);
    assert_eq!(tags(), json!({ "outer": 1 }));
}

#[test]
fn record_async_gives_what_a_future_captures() {
    let events = block_on(record_async(async {
        new_context()
            .distinct_id("u-1")
            .wrap(async {
                capture("before");
                tokio::task::yield_now().await;
                let handle = Context::current();
                tokio::spawn(handle.wrap(async { capture(Event::new("spawned")) }))
                    .await
                    .expect("it ends well");
                capture("after");
            })
            .await;
    }));
    assert_eq!(
        ids(&events),
        [("before", "u-1"), ("spawned", "u-1"), ("after", "u-1")]
    );
}
