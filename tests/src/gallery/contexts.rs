//! Failures on their way through contexts, and calls.

use super::errors::{Declined, decline, done};
use posthog::{Exception, capture, capture_exception, context, scoped, tag};

pub(super) const ALL: &[(&str, fn())] = &[
    ("the innermost context wins", nested),
    ("a context that does not capture", uncapturing),
    ("converted past recognition", lost),
    ("dealt with inside", dealt_with),
    ("no error: `None`", none),
    ("each attempt of a loop", attempts),
    ("handed over by a call, and returned", called),
    ("handed over by a call that says more", called_with_more),
    ("an event beside the failure", beside),
];

fn nested() {
    #[scoped(distinct_id = "user-7", tags(depth = 3))]
    fn inner() -> Result<(), Declined> {
        decline()
    }
    #[scoped(distinct_id = "user-6", tags(depth = 2))]
    fn middle() -> Result<(), Declined> {
        inner()
    }
    #[scoped(tags(depth = 1))]
    fn outer() -> Result<(), Declined> {
        middle()
    }
    done(outer());
}

fn uncapturing() {
    #[scoped(tags(depth = 1))]
    fn outer() -> Result<(), Declined> {
        context! { <capture_exceptions = false, tags(depth = 2)> decline()? }
        Ok(())
    }
    done(outer());
}

fn lost() {
    #[derive(Debug, thiserror::Error)]
    #[error("the order failed")]
    struct OrderFailed;
    #[scoped]
    fn pay() -> Result<(), Declined> {
        decline()
    }
    #[scoped]
    fn order() -> Result<(), OrderFailed> {
        pay().map_err(|_| OrderFailed)
    }
    done(order());
}

fn dealt_with() {
    context! {
        if decline().is_err() {
            tag!("paid", false);
        }
    }
}

fn none() {
    fn find() -> Option<u32> {
        context! {
            let order = "o-551".strip_prefix("p-")?;
            order.parse().ok()
        }
    }
    assert_eq!(find(), None);
}

fn attempts() {
    #[scoped(tags(attempt))]
    fn attempt(attempt: u32) -> Result<(), Declined> {
        decline()
    }
    #[scoped]
    fn pay() -> Result<(), Declined> {
        for n in 1..3 {
            done(attempt(n));
        }
        attempt(3)
    }
    done(pay());
}

fn called() {
    #[scoped(distinct_id = "user-7")]
    fn pay() -> Result<(), Declined> {
        decline().inspect_err(|error| {
            capture_exception(error);
        })
    }
    done(pay());
}

fn called_with_more() {
    if let Err(error) = decline() {
        Exception::new(&error)
            .level("warning")
            .fingerprint("declined cards")
            .mechanism("task")
            .handled(false)
            .source("cron.nightly")
            .property("order", 551)
            .capture();
    }
}

fn beside() {
    #[scoped]
    fn pay() -> Result<(), Declined> {
        tag!("order", 551);
        capture!("payment_started");
        decline()
    }
    done(pay());
}
