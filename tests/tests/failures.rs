//! Errors and panics that leave a context (contexts.md, section 6).

use posthog::{
    CapturedEvent, Client, Context, capture, context, identify_context, new_context, scoped, tag,
    testing::{Memory, record, record_async},
};
use serde_json::{Value, json};
use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

#[derive(Debug, PartialEq)]
struct Declined {
    code: u8,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "card declined with code {}", self.code)
    }
}

impl Error for Declined {}

/// Made of a [`Declined`], which stays its source.
#[derive(Debug)]
struct PaymentFailed(Declined);

impl fmt::Display for PaymentFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("payment failed")
    }
}

impl Error for PaymentFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl From<Declined> for PaymentFailed {
    fn from(declined: Declined) -> Self {
        Self(declined)
    }
}

fn decline(code: u8) -> Result<(), Declined> {
    Err(Declined { code })
}

/// Type and text of each entry, outermost first.
fn entries(event: &CapturedEvent) -> Vec<(String, String)> {
    assert_eq!(event.event, "$exception");
    let list = event.properties["$exception_list"]
        .as_array()
        .expect("a list");
    let text = |entry: &Value, key| entry[key].as_str().expect("a text").to_owned();
    list.iter()
        .map(|entry| (text(entry, "type"), text(entry, "value")))
        .collect()
}

/// The text of the outermost entry of each captured failure.
fn texts<R>(code: impl FnOnce() -> R) -> Vec<String> {
    record(code)
        .iter()
        .map(|event| entries(event).remove(0).1)
        .collect()
}

fn caught(f: impl FnOnce()) -> Box<dyn std::any::Any + Send> {
    catch_unwind(AssertUnwindSafe(f)).expect_err("it panics")
}

const DECLINED: &str = "card declined with code 7";

#[test]
fn ctx_25_capture_exceptions_is_not_inherited() {
    let captured = texts(|| {
        new_context()
            .capture_exceptions(false)
            .run(|| new_context().try_run(|| decline(7)))
    });
    assert_eq!(captured, [DECLINED]);
}

#[test]
fn ctx_60_the_scope_decides_before_the_client_and_the_default_is_true() {
    for (option, scope, expected) in [
        (None, None, 1),
        (Some(false), None, 0),
        (Some(false), Some(true), 1),
        (Some(true), Some(false), 0),
    ] {
        let memory = Arc::new(Memory::default());
        let mut options = posthog::Options::new("phc_x");
        if let Some(option) = option {
            options = options.capture_exceptions(option);
        }
        let client = Client::with_transport(options, memory.clone()).expect("a client");
        let mut context = new_context().client(&client);
        if let Some(scope) = scope {
            context = context.capture_exceptions(scope);
        }
        context
            .try_run(|| decline(7))
            .expect_err("the error goes on");
        client.flush(Duration::from_secs(10)).expect("delivered");
        assert_eq!(memory.requests().len(), expected, "{option:?} {scope:?}");
    }
}

#[test]
fn ctx_61_an_err_is_captured_as_the_value_by_return_and_by_question_mark() {
    fn by_value() -> Result<(), Declined> {
        context! { decline(1) }
    }
    fn by_return() -> Result<(), Declined> {
        context! {
            if true {
                return decline(2);
            }
        }
        Ok(())
    }
    fn by_question_mark() -> Result<(), Declined> {
        context! {
            decline(3)?;
        }
        Ok(())
    }
    #[scoped]
    fn scoped_fn(how: u8) -> Result<(), Declined> {
        match how {
            4 => decline(4)?,
            5 => return decline(5),
            _ => {}
        }
        decline(how)
    }
    let captured = texts(|| {
        let results = [
            by_value(),
            by_return(),
            by_question_mark(),
            scoped_fn(4),
            scoped_fn(5),
            scoped_fn(6),
        ];
        assert!(results.iter().all(Result::is_err));
    });
    let expected: Vec<_> = (1..=6)
        .map(|code| format!("card declined with code {code}"))
        .collect();
    assert_eq!(captured, expected);
}

#[test]
fn ctx_61_try_run_and_try_wrap_see_errors_and_the_others_panics_only() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let captured = texts(|| {
        new_context()
            .try_run(|| decline(1))
            .expect_err("the error goes on");
        runtime
            .block_on(new_context().try_wrap(async { decline(2) }))
            .expect_err("the error goes on");
        new_context()
            .run(|| decline(3))
            .expect_err("the error goes on");
        runtime
            .block_on(new_context().wrap(async { decline(4) }))
            .expect_err("the error goes on");
        let scope = new_context().enter();
        decline(5).expect_err("the error goes on");
        drop(scope);
    });
    assert_eq!(
        captured,
        ["card declined with code 1", "card declined with code 2"]
    );
}

#[test]
fn ctx_61_borrowed_errors_are_seen() {
    #[derive(Debug)]
    struct Unknown<'a>(&'a str);
    impl fmt::Display for Unknown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "unknown key {}", self.0)
        }
    }
    impl Error for Unknown<'_> {}
    #[scoped]
    fn find(key: &str) -> Result<(), Unknown<'_>> {
        Err(Unknown(key))
    }
    let captured = texts(|| {
        let key = String::from("k-1");
        find(&key).expect_err("the error goes on");
        new_context()
            .try_run(|| Err::<(), _>(Unknown(&key)))
            .expect_err("the error goes on");
    });
    assert_eq!(captured, ["unknown key k-1", "unknown key k-1"]);
}

#[test]
fn ctx_61_any_type_of_error_is_described() {
    macro_rules! described {
        ($error:expr) => {{
            let fails = || {
                context! { Err::<(), _>($error) }
            };
            entries(&record(fails)[0])
        }};
    }
    let one = |kind: &str, text: &str| vec![(kind.to_owned(), text.to_owned())];
    assert_eq!(described!(Declined { code: 7 }), one("Declined", DECLINED));
    assert_eq!(
        described!(String::from("just text")),
        one("String", "just text")
    );
    assert_eq!(described!("a str"), one("str", "a str"));
    let chain = described!(PaymentFailed(Declined { code: 7 }));
    assert_eq!(
        chain,
        [
            ("PaymentFailed".into(), "payment failed".into()),
            ("Declined".into(), DECLINED.into())
        ]
    );
}

#[test]
fn ctx_61_erased_errors_are_named_by_what_they_are() {
    #[scoped]
    fn with_anyhow() -> anyhow::Result<()> {
        use anyhow::Context as _;
        Err(Declined { code: 7 }).context("order 551")
    }
    #[scoped]
    fn with_eyre() -> eyre::Result<()> {
        Err(Declined { code: 7 })?;
        Ok(())
    }
    #[scoped]
    fn boxed() -> Result<(), Box<dyn Error>> {
        Err(Declined { code: 7 })?;
        Ok(())
    }
    #[scoped]
    fn boxed_send() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err("no type at all")?;
        Ok(())
    }
    #[scoped]
    fn opaque() -> Result<(), [u8; 2]> {
        Err([1, 2])
    }
    let events = record(|| {
        with_anyhow().expect_err("the error goes on");
        let _report = with_eyre().expect_err("the error goes on");
        boxed().expect_err("the error goes on");
        boxed_send().expect_err("the error goes on");
        opaque().expect_err("the error goes on");
    });
    let declined = ("Declined".to_owned(), DECLINED.to_owned());
    let list: Vec<_> = events.iter().map(entries).collect();
    assert_eq!(
        list[0],
        [
            ("Error".to_owned(), "order 551".to_owned()),
            declined.clone()
        ]
    );
    assert_eq!(
        (&list[1], &list[2]),
        (&vec![declined.clone()], &vec![declined])
    );
    assert_eq!(list[3], [("Error".to_owned(), "no type at all".to_owned())]);
    assert_eq!(list[4], [("[u8; 2]".to_owned(), "[u8; 2]".to_owned())]);
}

#[test]
fn ctx_62_the_failure_carries_the_contexts_state() {
    #[scoped]
    fn charge() -> Result<(), Declined> {
        identify_context("u-1");
        tag!("order", 551);
        decline(7)
    }
    let events = record(|| new_context().tag("tenant", "t-7").run(charge));
    assert_eq!(
        (
            events[0].distinct_id.as_str(),
            &events[0].properties["order"]
        ),
        ("u-1", &json!(551))
    );
    assert_eq!(
        events[0].properties["$context_tags"],
        json!(["order", "tenant"])
    );
    let events = record(|| {
        caught(|| {
            let _scope = new_context().tag("order", 552).enter();
            panic!("out of stock");
        })
    });
    assert_eq!(
        (entries(&events[0]), &events[0].properties["order"]),
        (vec![("Panic".into(), "out of stock".into())], &json!(552))
    );
}

#[test]
fn ctx_63_the_failure_goes_on_unchanged() {
    #[scoped]
    fn charge() -> Result<u8, Declined> {
        Err(Declined { code: 7 })
    }
    assert_eq!(charge(), Err(Declined { code: 7 }));
    record(|| {
        assert_eq!(charge(), Err(Declined { code: 7 }));
        let payload = caught(|| new_context().run(|| panic_any(551_u32)));
        assert_eq!(payload.downcast_ref::<u32>(), Some(&551));
    });
}

#[test]
fn ctx_64_a_scope_that_does_not_capture_lets_the_failure_pass_to_one_that_does() {
    let events = record(|| {
        new_context().tag("scope", "outer").try_run(|| {
            new_context()
                .capture_exceptions(false)
                .tag("scope", "inner")
                .try_run(|| decline(7))
        })
    });
    assert_eq!(
        (events.len(), &events[0].properties["scope"]),
        (1, &json!("outer"))
    );
    let events = record(|| {
        caught(|| {
            new_context().tag("scope", "outer").run(|| {
                new_context()
                    .capture_exceptions(false)
                    .tag("scope", "inner")
                    .run(|| panic!("boom"));
            });
        })
    });
    assert_eq!(
        (events.len(), &events[0].properties["scope"]),
        (1, &json!("outer"))
    );
}

#[test]
fn ctx_64_one_question_mark_that_leaves_both_is_captured_by_the_enclosing_one() {
    fn both(inner_captures: bool) -> Result<(), Declined> {
        context! { <tags(scope = "outer");>
            context! { <capture_exceptions = inner_captures; tag!("scope", "inner");>
                decline(7)?;
            }
        }
        Ok(())
    }
    fn three() -> Result<(), Declined> {
        context! { <tags(scope = "outer");>
            for _ in 0..2 {
                context! { <capture_exceptions = false>
                    context! { <capture_exceptions = false> return decline(7); }
                }
            }
        }
        Ok(())
    }
    for (code, scope) in [
        (Box::new(|| both(true)) as Box<dyn FnOnce() -> _>, "inner"),
        (Box::new(|| both(false)), "outer"),
        (Box::new(three), "outer"),
    ] {
        let events = record(code);
        assert_eq!(
            (events.len(), &events[0].properties["scope"]),
            (1, &json!(scope))
        );
    }
}

#[test]
fn ctx_64_an_inner_failure_dealt_with_in_the_outer_context_is_not_captured() {
    let captured = texts(|| {
        context! {
            let dealt_with: Result<(), Declined> = context! { <capture_exceptions = false> decline(7) };
            assert!(dealt_with.is_err());
        }
    });
    assert_eq!(captured, Vec::<String>::new());
}

#[test]
fn ctx_64_a_scope_left_normally_while_the_thread_unwinds_captures_nothing() {
    struct InDrop;
    impl Drop for InDrop {
        fn drop(&mut self) {
            new_context()
                .tag("in", "drop")
                .run(|| capture("cleaned up"));
        }
    }
    let events = record(|| {
        caught(|| {
            let _in_drop = InDrop;
            panic!("outside any context");
        })
    });
    assert_eq!(
        events
            .iter()
            .map(|event| event.event.as_str())
            .collect::<Vec<_>>(),
        ["cleaned up"]
    );
}

#[test]
fn ctx_65_one_failure_is_captured_once_by_the_innermost() {
    #[scoped(tags(depth = 3))]
    fn third() -> Result<(), Declined> {
        decline(7)
    }
    #[scoped(tags(depth = 2))]
    fn second() -> Result<(), PaymentFailed> {
        third()?;
        Ok(())
    }
    #[scoped(tags(depth = 1))]
    fn first() -> anyhow::Result<()> {
        use anyhow::Context as _;
        context! { second().context("order 551") }
    }
    let events = record(|| first().expect_err("the error goes on"));
    assert_eq!(
        (events.len(), &events[0].properties["depth"]),
        (1, &json!(3))
    );
    assert_eq!(entries(&events[0])[0].0, "Declined");
    let panics = record(|| {
        caught(|| new_context().run(|| new_context().tag("depth", 2).run(|| panic!("boom"))))
    });
    assert_eq!(
        (panics.len(), &panics[0].properties["depth"]),
        (1, &json!(2))
    );
}

#[test]
fn ctx_65_a_panic_that_is_caught_and_resumed_is_still_one_failure() {
    let captured = texts(|| {
        caught(|| {
            let _outer = new_context().enter();
            let payload = caught(|| new_context().run(|| panic!("boom")));
            resume_unwind(payload);
        });
    });
    assert_eq!(captured, ["boom"]);
    let captured = texts(|| {
        let payload = caught(|| new_context().run(|| panic!("boom")));
        caught(|| {
            let _later = new_context().enter();
            resume_unwind(payload);
        });
    });
    assert_eq!(captured, ["boom"]);
    let captured = texts(|| {
        let payload = thread::spawn(|| panic!("on another thread"))
            .join()
            .expect_err("it panics");
        caught(|| new_context().run(|| resume_unwind(payload)));
    });
    assert_eq!(
        captured,
        ["panic occurred"],
        "its text stayed on the other thread"
    );
}

#[test]
fn ctx_65_the_next_attempt_reports_again() {
    fn attempt() -> Result<(), Declined> {
        context! { decline(7) }
    }
    let captured = texts(|| {
        new_context().run(|| {
            for _ in 0..3 {
                attempt().expect_err("declined");
            }
        });
    });
    assert_eq!(captured, [DECLINED; 3]);
}

#[test]
fn ctx_65_attempts_handled_inside_their_context_report_nothing_and_the_last_failure_one_event() {
    #[scoped]
    fn pay(mut fails: u32) -> Result<u32, Declined> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            context! { <tags(attempt = attempts)>
                let outcome = if fails > 0 { decline(7) } else { Ok(()) };
                fails = fails.saturating_sub(1);
                match outcome {
                    Ok(()) => return Ok(attempts),
                    Err(error) if attempts == 3 => return Err(error),
                    Err(_) => {}
                }
            }
        }
    }
    assert_eq!(texts(|| assert_eq!(pay(2), Ok(3))), Vec::<String>::new());
    let events = record(|| assert_eq!(pay(9), Err(Declined { code: 7 })));
    assert_eq!(
        (events.len(), &events[0].properties["attempt"]),
        (1, &json!(3))
    );
}

#[test]
fn ctx_66_the_scopes_client_captures_and_without_any_nothing_happens() {
    let memories: [Arc<Memory>; 2] = Default::default();
    let clients = memories
        .each_ref()
        .map(|memory| Client::with_transport("phc_x", memory.clone()).expect("a client"));
    #[scoped(client = client)]
    fn with_client(client: &Client) -> Result<(), Declined> {
        new_context().run(|| decline(7))
    }
    with_client(&clients[0]).expect_err("the error goes on");
    new_context()
        .client(&clients[1])
        .try_run(|| decline(8))
        .expect_err("the error goes on");
    new_context()
        .try_run(|| decline(9))
        .expect_err("and without a client nothing fails");
    caught(|| new_context().run(|| panic!("nor does a panic")));
    for (client, memory) in clients.iter().zip(&memories) {
        client.flush(Duration::from_secs(10)).expect("delivered");
        assert_eq!(memory.requests().len(), 1);
    }
}

#[test]
fn ctx_67_control_flow_is_no_failure() {
    #[scoped]
    fn returns() -> Result<u8, Declined> {
        context! { for n in 0..9 { if n == 4 { break; } } }
        context! { return Ok(1); }
    }
    #[scoped]
    fn nothing() -> Option<u8> {
        context! { None? }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let events = record(|| {
        assert_eq!((returns(), nothing()), (Ok(1), None));
        runtime.block_on(async {
            let waiting = new_context().try_wrap(async {
                std::future::pending::<()>().await;
                decline(7)
            });
            let task = tokio::spawn(waiting);
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
        });
    });
    assert_eq!(events, []);
}

#[test]
fn ctx_69_a_failure_in_describing_the_failure_is_swallowed() {
    struct Awkward(&'static str);
    impl fmt::Debug for Awkward {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Debug")
        }
    }
    impl fmt::Display for Awkward {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.0 {
                "fails" => Err(fmt::Error),
                "captures" => {
                    capture("from Display");
                    tag!("late", 1);
                    f.write_str("captures")
                }
                _ => panic!("in Display"),
            }
        }
    }
    impl Error for Awkward {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            panic!("in source")
        }
    }
    for how in ["panics", "fails"] {
        let events = record(|| {
            new_context()
                .try_run(|| Err::<(), _>(Awkward(how)))
                .expect_err("the error goes on")
                .0
        });
        assert_eq!(entries(&events[0]), [("Awkward".into(), String::new())]);
    }
    let events = record(|| {
        new_context()
            .try_run(|| Err::<(), _>(Awkward("captures")))
            .expect_err("the error goes on")
            .0
    });
    assert_eq!(
        events
            .iter()
            .map(|event| event.event.as_str())
            .collect::<Vec<_>>(),
        ["from Display", "$exception"]
    );
}

#[test]
fn ctx_75_what_is_no_result_is_passed_on_and_panics_are_captured() {
    #[scoped]
    fn number(n: u32) -> u32 {
        assert!(n < 10, "too large");
        n
    }
    let captured = texts(|| {
        assert_eq!(number(9), 9);
        caught(|| drop(number(10).to_string()));
    });
    assert_eq!(captured, ["too large"]);
}

#[test]
fn ctx_77_arguments_are_evaluated_once_per_call_before_the_body() {
    use std::cell::RefCell;
    thread_local! { static ORDER: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) }; }
    fn note<T>(what: &'static str, value: T) -> T {
        ORDER.with_borrow_mut(|order| order.push(what));
        value
    }
    #[scoped(fresh = note("fresh", true), tags(a = note("a", 1), b = note("b", 2)), distinct_id = note("id", "u-1"))]
    fn body() {
        note("body", ());
        assert_eq!(Context::current().distinct_id().as_deref(), Some("u-1"));
        assert_eq!(
            Value::from(Context::current().tags()),
            json!({ "a": 1, "b": 2 })
        );
    }
    body();
    assert_eq!(ORDER.take(), ["fresh", "a", "b", "id", "body"]);
}

#[test]
fn ctx_84_an_error_that_passes_nested_futures_is_captured_once_by_the_innermost() {
    #[scoped(tags(depth = 2))]
    async fn inner() -> Result<(), Declined> {
        tokio::task::yield_now().await;
        decline(7)
    }
    #[scoped(tags(depth = 1))]
    async fn outer() -> Result<(), PaymentFailed> {
        for _ in 0..2 {
            let handled = inner().await;
            assert!(handled.is_err());
        }
        tokio::task::yield_now().await;
        inner().await?;
        Ok(())
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let events = runtime.block_on(record_async(outer()));
    let depths: Vec<_> = events
        .iter()
        .map(|event| event.properties["depth"].clone())
        .collect();
    assert_eq!(depths, [json!(2), json!(2), json!(2)]);
}

#[test]
fn ctx_84_tasks_that_fail_alike_at_once_each_report() {
    #[scoped(tags(task = task))]
    async fn fail(task: u8) -> Result<(), Declined> {
        tokio::task::yield_now().await;
        let inner = context! { async {
            tokio::task::yield_now().await;
            decline(7)
        } };
        inner.await?;
        Ok(())
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let events = runtime.block_on(record_async(async {
        tokio::join!(fail(1), fail(2), fail(3))
    }));
    let mut tasks: Vec<_> = events
        .iter()
        .map(|event| event.properties["task"].as_u64())
        .collect();
    tasks.sort_unstable();
    assert_eq!(tasks, [Some(1), Some(2), Some(3)]);
}

#[test]
fn a_panic_on_one_thread_is_not_taken_for_that_of_another() {
    let captured = texts(|| {
        let context = Context::current();
        let threads = (0..8).map(|n| {
            let context = context.clone();
            thread::spawn(move || {
                let _scope = context.attach();
                panic!("thread {n}");
            })
        });
        threads
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|thread| drop(thread.join()));
    });
    let mut captured = captured;
    captured.sort();
    assert_eq!(
        captured,
        (0..8).map(|n| format!("thread {n}")).collect::<Vec<_>>()
    );
}
