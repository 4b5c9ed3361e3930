//! Contexts in async code: tasks take turns on the same threads, and each keeps its own context across every `await`.

use posthog::{Context, capture, context, scoped, tag};
use posthog_examples::{Demo, Failed};
use std::{error::Error, time::Duration};
use tokio::{runtime::Runtime, task::JoinSet, time::sleep};

fn main() -> Result<(), Failed> {
    let demo = Demo::start();
    // Made outside the runtime: dropping the guard waits for the network, which should block no task.
    let posthog = posthog::init(demo.options())?;
    Runtime::new()?.block_on(async {
        let mut tasks = JoinSet::new();
        for user in 1..=3 {
            tasks.spawn(check_out(user));
        }
        while let Some(finished) = tasks.join_next().await {
            if let Ok(Err(error)) = finished {
                println!("a checkout failed: {error}");
            }
        }
    });

    demo.show(posthog) // ends the client, which delivers what is queued, and prints what arrived
}

/// The attribute makes the context go with the future: from poll to poll, from thread to thread.
#[scoped(distinct_id = format!("user-{user}"))]
async fn check_out(user: u64) -> Result<(), OutOfStock> {
    tag!(cart = user * 100);
    sleep(Duration::from_millis(5 * user)).await;
    capture!("checkout_started");

    // For a part of a function: the macro makes a future.
    context! { <tags(step = "reserve")>
        async move { reserve(user).await }
    }
    .await?;

    // A spawned task starts without a context; `wrap` gives it this one.
    let mail = Context::current().wrap(async { capture!("mail_sent") });
    let _ = tokio::spawn(mail).await;
    Ok(())
}

async fn reserve(user: u64) -> Result<(), OutOfStock> {
    sleep(Duration::from_millis(1)).await;
    if user == 2 {
        return Err(OutOfStock); // reported once, by the innermost context that it leaves
    }
    capture!("items_reserved");
    Ok(())
}

#[derive(Debug)]
struct OutOfStock;

impl std::fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an item is out of stock")
    }
}

impl Error for OutOfStock {}
