//! Failures of futures and tasks.

use super::errors::{Declined, decline, done};
use posthog::{Context, context, scoped};
use std::future::{self, Future};
use tokio::task::{self, JoinError, JoinSet};

pub(super) const ALL: &[(&str, fn())] = &[
    ("an `async` function", scoped_function),
    ("an `async` block in a context", block),
    ("a branch of `select!`", select),
    ("a task of a `JoinSet`, and who waits for it", join_set),
    ("a task that panics, and who waits for it", panicking_task),
];

/// Runs a future on this thread, where it is recorded.
fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn scoped_function() {
    #[scoped(tags(user))]
    async fn pay(user: u32) -> Result<(), Declined> {
        task::yield_now().await;
        decline()?;
        Ok(())
    }
    done(run(pay(7)));
}

fn block() {
    async fn pay() -> Result<(), Declined> {
        context! { <tags(step = "payment")>
            async move {
                task::yield_now().await;
                decline()
            }
        }
        .await
    }
    done(run(pay()));
}

fn select() {
    #[scoped(tags(branch = "payment"))]
    async fn pay() -> Result<(), Declined> {
        decline()
    }
    #[scoped]
    async fn order() -> Result<(), Declined> {
        tokio::select! {
            biased;
            paid = pay() => paid,
            () = future::pending() => Ok(()),
        }
    }
    done(run(order()));
}

fn join_set() {
    #[scoped(tags(step = "task"))]
    async fn pay() -> Result<(), Declined> {
        decline()
    }
    #[scoped(tags(step = "all"))]
    async fn all() -> Result<(), Declined> {
        let mut payments = JoinSet::new();
        payments.spawn(Context::current().wrap(pay()));
        while let Some(payment) = payments.join_next().await {
            payment.expect("no panic")?;
        }
        Ok(())
    }
    done(run(all()));
}

fn panicking_task() {
    #[scoped(tags(step = "task"))]
    async fn pay() {
        task::yield_now().await;
        panic!("the till is empty");
    }
    #[scoped(tags(step = "all"))]
    async fn all() -> Result<(), JoinError> {
        tokio::spawn(Context::current().wrap(pay())).await
    }
    done(run(all()));
}
