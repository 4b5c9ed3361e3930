//! One failure, one event (exceptions.md, section 5).

#[path = "support/futures.rs"]
mod futures;
#[path = "support/reports.rs"]
mod reports;

use posthog::{Context, Exception, context, new_context, scoped};
use reports::Reports;
use std::{error::Error, fmt, thread};

#[derive(Debug, Clone, PartialEq)]
struct Declined(u8);

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "declined {}", self.0)
    }
}

impl Error for Declined {}

/// Keeps what it was made of, or loses it.
#[derive(Debug)]
enum Failed {
    Because(Declined),
    Lost,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Because(declined) => Some(declined),
            Self::Lost => None,
        }
    }
}

fn decline(code: u8) -> Result<(), Declined> {
    Err(Declined(code))
}

#[test]
fn exc_76_exc_77_the_innermost_capturing_context_wins_with_its_state() {
    let reports = Reports::new();
    let _ = reports
        .context()
        .tag("depth", 1)
        .distinct_id("u-1")
        .try_run(|| {
            reports
                .context()
                .tag("depth", 2)
                .distinct_id("u-2")
                .try_run(|| reports.context().tag("depth", 3).try_run(|| decline(1)))
        });
    let event = reports.only();
    assert_eq!(
        (&event["properties"]["depth"], &event["distinct_id"]),
        (&3.into(), &"u-2".into())
    );
}

#[test]
fn exc_77_passing_through_many_contexts_it_is_still_one_event() {
    fn pass(reports: &Reports, depth: u32) -> Result<(), Declined> {
        reports.context().try_run(|| {
            if depth == 0 {
                decline(1)
            } else {
                pass(reports, depth - 1)
            }
        })
    }
    let reports = Reports::new();
    pass(&reports, 100).expect_err("the error goes on");
    assert_eq!(reports.messages(), ["declined 1"]);
}

#[test]
fn exc_78_wrapped_it_is_known_again_and_converted_past_recognition_it_is_a_new_one() {
    let reports = Reports::new();
    let _ = reports.context().try_run(|| {
        reports
            .context()
            .try_run(|| decline(1))
            .map_err(Failed::Because)
    });
    let _ = reports.context().try_run(|| {
        reports
            .context()
            .try_run(|| decline(2))
            .map_err(|_| Failed::Lost)
    });
    assert_eq!(reports.messages(), ["declined 1", "declined 2", "failed"]);
}

#[test]
fn exc_78_boxes_and_context_of_anyhow_and_eyre_are_seen_through() {
    let reports = Reports::new();
    let client = &reports.client;
    let anyhow = || -> anyhow::Result<()> {
        context! { <client = client>
            let inner = || -> Result<(), Declined> { context! { <client = client> decline(1) } };
            anyhow::Context::context(inner(), "order 551")?;
        }
        Ok(())
    };
    let eyre = || -> eyre::Result<()> {
        context! { <client = client>
            let inner = || -> Result<(), Declined> { context! { <client = client> decline(2) } };
            eyre::WrapErr::wrap_err(inner(), "order 552")?;
        }
        Ok(())
    };
    let boxed = || -> Result<(), Box<dyn Error>> {
        context! { <client = client>
            let inner = || -> Result<(), Declined> { context! { <client = client> decline(3) } };
            inner()?;
        }
        Ok(())
    };
    anyhow().expect_err("the error goes on");
    let _report = eyre().expect_err("the error goes on");
    boxed().expect_err("the error goes on");
    assert_eq!(
        reports.messages(),
        ["declined 1", "declined 2", "declined 3"]
    );
}

#[test]
fn exc_78_a_report_that_is_boxed_and_a_box_that_is_reported_are_known_again() {
    let reports = Reports::new();
    let client = &reports.client;
    let anyhow = |code| -> anyhow::Result<()> {
        context! { <client = client> Err(anyhow::Error::new(Declined(code))) }
    };
    let eyre = |code| -> eyre::Result<()> {
        context! { <client = client> Err(eyre::Report::new(Declined(code))) }
    };
    let text = || -> Result<(), String> {
        context! { <client = client> Err("out of stock".to_owned()) }
    };
    let boxed = || -> Result<(), Box<dyn Error + Send + Sync>> {
        context! { <client = client> Err(Declined(5).into()) }
    };
    let outer = |which| -> Result<(), Box<dyn Error>> {
        context! { <client = client>
            match which {
                1 => anyhow(1)?,
                2 => anyhow::Context::context(anyhow(2), "order 551")?,
                3 => eyre(3)?,
                4 => text()?,
                _ => boxed().map_err(anyhow::Error::from_boxed)?,
            }
        }
        Ok(())
    };
    for which in 1..=5 {
        outer(which).expect_err("the error goes on");
    }
    assert_eq!(
        reports.messages(),
        [
            "declined 1",
            "declined 2",
            "declined 3",
            "out of stock",
            "declined 5"
        ]
    );
}

#[test]
fn exc_79_a_call_and_the_contexts_that_the_error_leaves_later_are_one_event_the_calls() {
    let reports = Reports::new();
    let result = reports.context().try_run(|| {
        reports.context().tag("depth", 2).try_run(|| {
            let error = Declined(1);
            Exception::new(&error)
                .level("warning")
                .capture_with(&reports.client);
            Err::<(), _>(error)
        })
    });
    result.expect_err("the error goes on");
    assert_eq!(reports.properties()["$exception_level"], "warning");
}

#[test]
fn exc_79_a_call_always_sends_but_for_what_a_scope_has_captured_just_before() {
    let reports = Reports::new();
    let error = Declined(1);
    assert!(reports.client.capture_exception(&error).is_some());
    assert!(
        reports.client.capture_exception(&error).is_some(),
        "two calls are two events"
    );
    let left = reports
        .context()
        .try_run(|| decline(2))
        .expect_err("the error goes on");
    assert_eq!(reports.client.capture_exception(&left), None);
    assert_eq!(
        reports.messages(),
        ["declined 1", "declined 1", "declined 2"]
    );
}

#[test]
fn exc_79_in_a_scope_a_call_for_what_an_inner_one_captured_sends_nothing() {
    let reports = Reports::new();
    reports.context().run(|| {
        for _ in 0..3 {
            let left = reports
                .context()
                .try_run(|| decline(1))
                .expect_err("the error goes on");
            assert_eq!(reports.client.capture_exception(&left), None);
            let wrapped = Failed::Because(left);
            assert_eq!(reports.client.capture_exception(&wrapped), None);
        }
        assert!(reports.client.capture_exception(&Declined(2)).is_some());
    });
    assert_eq!(
        reports.messages(),
        ["declined 1", "declined 1", "declined 1", "declined 2"]
    );
}

#[test]
fn exc_80_the_next_attempt_of_a_loop_reports_again() {
    let reports = Reports::new();
    let _ = reports.context().try_run(|| {
        for _ in 0..2 {
            reports
                .context()
                .try_run(|| decline(1))
                .expect_err("the error goes on");
        }
        reports.context().try_run(|| decline(1))
    });
    assert_eq!(reports.messages().len(), 3);
}

#[test]
fn exc_80_on_the_heap_the_address_has_to_agree_as_well() {
    let reports = Reports::new();
    let client = &reports.client;
    let fails = |error: Box<dyn Error>| -> Result<(), Box<dyn Error>> {
        context! { <client = client> Err(error) }
    };
    let outer = || -> Result<(), Box<dyn Error>> {
        context! { <client = client>
            let first = fails(Box::new(Declined(1))).expect_err("the error goes on");
            // Of the same type and text, and another one.
            let second: Box<dyn Error> = Box::new(Declined(1));
            drop(fails(second));
            Err(first)
        }
    };
    outer().expect_err("the error goes on");
    assert_eq!(reports.messages().len(), 2);
}

#[test]
fn exc_80_with_no_scope_open_one_match_uses_up_the_last_capture() {
    let reports = Reports::new();
    let left = reports
        .context()
        .try_run(|| decline(1))
        .expect_err("the error goes on");
    assert_eq!(reports.client.capture_exception(&left), None);
    assert!(reports.client.capture_exception(&left).is_some());
    assert_eq!(reports.messages().len(), 2);
}

#[test]
fn exc_81_a_context_that_does_not_capture_forgets_nothing() {
    let reports = Reports::new();
    let _ = reports.context().try_run(|| {
        reports
            .context()
            .capture_exceptions(false)
            .try_run(|| reports.context().try_run(|| decline(1)))
    });
    let _ = reports.context().tag("scope", "outer").try_run(|| {
        reports
            .context()
            .capture_exceptions(false)
            .try_run(|| decline(2))
    });
    assert_eq!(reports.messages(), ["declined 1", "declined 2"]);
}

#[test]
fn exc_82_what_is_no_error_or_is_dealt_with_is_none() {
    let reports = Reports::new();
    let client = &reports.client;
    let nothing = || -> Option<u8> {
        context! { <client = client>
            for turn in 0..3 {
                if turn == 1 { continue; }
                if turn == 2 { break; }
            }
            decline(1).ok();
            if decline(2).is_err() { std::hint::black_box(2); }
            None?
        }
    };
    assert_eq!(nothing(), None);
    reports
        .context()
        .try_run(|| Ok::<_, Declined>(()))
        .expect("no error");
    assert_eq!(reports.messages(), Vec::<String>::new());
}

#[test]
fn exc_83_on_another_thread_it_is_a_new_failure() {
    let reports = Reports::new();
    let _ = reports.context().try_run(|| {
        let left = reports
            .context()
            .try_run(|| decline(1))
            .expect_err("the error goes on");
        let (context, client) = (Context::current(), reports.client.clone());
        thread::spawn(move || {
            let _scope = context.attach();
            new_context().client(&client).try_run(|| Err::<(), _>(left))
        })
        .join()
        .expect("no panic")
    });
    assert_eq!(reports.messages(), ["declined 1", "declined 1"]);
}

#[test]
fn exc_83_the_memory_is_bounded() {
    let reports = Reports::with(|options| options.exception_rate_limit(None));
    let _ = reports.context().try_run(|| {
        let first = reports.context().try_run(|| decline(0));
        for code in 1..=50 {
            reports
                .context()
                .try_run(|| decline(code))
                .expect_err("the error goes on");
        }
        // Fifty others were captured since.
        first
    });
    assert_eq!(reports.messages().len(), 52);
}

#[test]
fn exc_84_an_async_context_captures_at_the_poll_that_ends_it_and_nothing_when_dropped() {
    #[scoped(client = client, tags(step = "task"))]
    async fn task(client: &posthog::Client, code: u8) -> Result<(), Declined> {
        tokio::task::yield_now().await;
        decline(code)
    }
    let reports = Reports::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut cancelled = Box::pin(task(&reports.client, 1));
        assert!(futures::poll(cancelled.as_mut()).is_pending());
        drop(cancelled);
        task(&reports.client, 2)
            .await
            .expect_err("the error goes on");
    });
    assert_eq!(reports.properties()["step"], "task");
    assert_eq!(reports.messages(), ["declined 2"]);
}
