//! What once went wrong, or was close to it.

#[path = "support/futures.rs"]
mod futures;

use futures::{poll, yield_now};
use posthog::{
    Client, Context, Options, capture, context, new_context, scoped,
    testing::{Memory, record, record_async},
};
use std::{
    cell::RefCell,
    error::Error,
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::Poll,
};

fn distinct_id() -> Option<String> {
    Context::current().distinct_id()
}

fn caught(f: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err(), "it panics");
}

fn texts<R>(code: impl FnOnce() -> R) -> Vec<String> {
    let text = |event: &posthog::CapturedEvent| {
        event.properties["$exception_message"]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    record(code).iter().map(text).collect()
}

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it failed")
    }
}

impl Error for Failed {}

#[test]
fn ctx_16_a_guard_dropped_inside_a_futures_poll_closes_its_scope() {
    let guard = new_context().distinct_id("alice").enter();
    assert!(poll(pin!(new_context().wrap(async move { drop(guard) }))).is_ready());
    assert_eq!(distinct_id(), None);

    let guard = new_context().distinct_id("alice").enter();
    let mut cancelled = Box::pin(new_context().wrap(async move {
        let _guard = guard;
        yield_now().await;
    }));
    assert!(poll(cancelled.as_mut()).is_pending());
    drop(cancelled);
    assert_eq!(distinct_id(), None);

    let guard = new_context().distinct_id("alice").enter();
    let mut future = pin!(context! { <drop(guard);> async {} });
    assert_eq!(distinct_id(), None);
    assert!(poll(future.as_mut()).is_ready());
    assert_eq!(distinct_id(), None);
}

#[test]
fn ctx_16_a_guard_dropped_between_the_polls_of_its_future_closes_its_scope() {
    let kept = Rc::new(RefCell::new(None));
    let mut future = pin!(new_context().wrap({
        let kept = Rc::clone(&kept);
        async move {
            *kept.borrow_mut() = Some(new_context().distinct_id("stored").enter());
            yield_now().await;
            distinct_id()
        }
    }));
    assert!(poll(future.as_mut()).is_pending());
    drop(kept.take());
    assert_eq!(poll(future.as_mut()), Poll::Ready(None));
}

#[test]
fn ctx_16_guards_of_futures_that_move_between_threads_close_their_own_scopes() {
    // Each thread counts its scopes; a future takes some along to a thread that has given out the same numbers.
    let mut future: Pin<Box<dyn Future<Output = ()> + Send>> =
        Box::pin(new_context().distinct_id("moved").wrap(async {
            let mut polled = false;
            poll_fn(|_| {
                if std::mem::replace(&mut polled, true) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            let guards: Vec<_> = (0..8)
                .map(|n| new_context().distinct_id(n).enter())
                .collect();
            for (n, guard) in guards.into_iter().enumerate().rev() {
                assert_eq!(distinct_id(), Some(n.to_string()));
                drop(guard);
            }
            assert_eq!(distinct_id().as_deref(), Some("moved"));
        }));
    future = std::thread::spawn(move || {
        assert!(poll(future.as_mut()).is_pending());
        future
    })
    .join()
    .expect("it is pending");
    std::thread::spawn(move || assert!(poll(future.as_mut()).is_ready()))
        .join()
        .expect("its scopes are its own");
}

#[test]
fn ctx_65_panics_that_no_hook_saw_are_each_reported() {
    let captured = texts(|| {
        for _ in 0..6 {
            caught(|| new_context().run(|| resume_unwind(Box::new("from elsewhere"))));
        }
    });
    assert_eq!(captured, ["panic occurred"; 6]);
}

#[test]
fn ctx_65_a_panic_caught_by_the_sdk_while_another_unwinds_does_not_take_its_place() {
    struct PanicsInSerialize;
    impl serde::Serialize for PanicsInSerialize {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in serialize")
        }
    }
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            capture!("cleanup", a = PanicsInSerialize);
        }
    }
    let captured = texts(|| {
        caught(|| {
            let _outer = new_context().enter();
            let _cleanup = Cleanup;
            let _inner = new_context().enter();
            panic!("the failure");
        });
        caught(|| {
            let _outer = new_context().enter();
            let _cleanup = Cleanup;
            panic!("the next failure");
        });
    });
    assert_eq!(captured, ["the failure", "the next failure"]);
}

#[test]
fn ctx_74_a_scoped_function_may_return_a_closure() {
    #[scoped]
    fn length() -> impl Fn(&str) -> usize {
        |text| text.len()
    }
    #[scoped]
    fn same() -> impl Fn(&str) -> &str {
        |text: &str| text
    }
    fn in_context() -> impl Fn(&str) -> usize {
        context! { |text| text.len() }
    }
    assert_eq!(
        (length()("abc"), same()("abc"), in_context()("abc")),
        (3, "abc", 3)
    );
}

#[test]
fn exc_11_a_pointer_to_an_error_has_the_errors_name() {
    #[scoped]
    fn boxed() -> Result<(), Box<Failed>> {
        Err(Box::new(Failed))
    }
    #[scoped]
    fn shared() -> Result<(), Arc<Failed>> {
        Err(Arc::new(Failed))
    }
    #[scoped]
    fn erased() -> Result<(), Arc<dyn Error + Send + Sync>> {
        Err(Arc::new(Failed))
    }
    let events = record(|| {
        assert!(boxed().is_err() && shared().is_err() && erased().is_err());
    });
    let types: Vec<_> = events
        .iter()
        .map(|event| event.properties["$exception_type"].clone())
        .collect();
    assert_eq!(types, ["Failed", "Failed", "Failed"]);
}

#[test]
fn exc_78_an_error_that_is_boxed_on_its_way_is_captured_once() {
    #[scoped]
    fn inner() -> Result<(), Failed> {
        Err(Failed)
    }
    #[scoped]
    fn boxed() -> Result<(), Box<Failed>> {
        inner().map_err(Box::new)
    }
    #[scoped]
    fn shared() -> Result<(), Arc<Failed>> {
        inner().map_err(Arc::new)
    }
    assert_eq!(texts(boxed), ["it failed"]);
    assert_eq!(texts(shared), ["it failed"]);
}

#[test]
fn exc_15_what_is_no_error_is_synthetic() {
    let fails = || {
        context! { Err::<(), _>("just text") }
    };
    let event = record(fails).remove(0);
    assert_eq!(
        event.properties["$exception_list"][0]["mechanism"]["synthetic"],
        true
    );
}

#[test]
fn exc_16_a_text_that_breaks_off_is_empty() {
    #[derive(Debug)]
    struct BreaksOff(bool);
    impl fmt::Display for BreaksOff {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("partial ")?;
            assert!(!self.0, "in Display");
            Err(fmt::Error)
        }
    }
    impl Error for BreaksOff {}
    for panics in [true, false] {
        assert_eq!(
            texts(|| new_context().try_run(|| Err::<(), _>(BreaksOff(panics)))),
            [""]
        );
    }
}

#[test]
fn exc_14_a_text_is_cut_only_where_it_does_not_fit() {
    #[derive(Debug)]
    struct Long(usize);
    impl fmt::Display for Long {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", "x".repeat(self.0 - 2))?;
            f.write_str("yz")
        }
    }
    impl Error for Long {}
    let text = |length| texts(|| new_context().try_run(|| Err::<(), _>(Long(length)))).remove(0);
    assert_eq!(
        (text(10_000).len(), text(10_000).ends_with("yz")),
        (10_000, true)
    );
    assert_eq!(
        (text(10_001).len(), text(10_001).ends_with("xy")),
        (10_000, true)
    );
}

#[test]
fn ctx_49_context_tags_are_sorted_by_their_text() {
    let event = record(|| {
        new_context()
            .tag("\"", 1)
            .tag("A", 1)
            .tag("\u{1}", 1)
            .tag("\\", 1)
            .run(|| capture("e"))
    })
    .remove(0);
    assert_eq!(
        event.properties["$context_tags"],
        serde_json::json!(["\u{1}", "\"", "A", "\\"])
    );
}

#[test]
fn ctx_14_reading_an_id_at_every_depth_copies_no_tags() {
    let started = std::time::Instant::now();
    let mut scopes = vec![new_context().distinct_id("u-1").enter()];
    for depth in 0..3000 {
        let tagged = new_context().tag(format!("tag {depth}"), "x".repeat(100));
        scopes.push(tagged.enter());
        assert_eq!(distinct_id().as_deref(), Some("u-1"));
    }
    // It took seconds, and gigabytes, when every context kept a copy of all tags above it.
    assert!(
        started.elapsed() < std::time::Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_future_is_recorded_by_whoever_polls_it() {
    let mut future = Box::pin(new_context().distinct_id("u-1").wrap(async {
        capture("first");
        yield_now().await;
        capture("second");
    }));
    let block_on = |future: Pin<&mut dyn Future<Output = Vec<posthog::CapturedEvent>>>| {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(future)
    };
    let first = block_on(pin!(record_async(poll_fn(|_| Poll::Ready(
        poll(future.as_mut()).is_ready()
    )))));
    let second = block_on(pin!(record_async(future)));
    assert_eq!([&first[0].event, &second[0].event], ["first", "second"]);
    assert_eq!((first.len(), second.len()), (1, 1));
}

#[test]
fn scoped_futures_may_be_caught_when_they_unwind() {
    fn assert_unwind_safe<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>(_: &T) {}
    let client = Client::with_transport(Options::new("phc_x"), Arc::new(Memory::default()))
        .expect("a client");
    assert_unwind_safe(&client);
    assert_unwind_safe(&Context::current());
    #[scoped(client = client)]
    async fn job(client: Client) {}
    assert_unwind_safe(&job(client));
}
