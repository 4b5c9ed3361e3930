use posthog::scoped;
use std::{future::Future, rc::Rc};

fn spawn(_: impl Future + Send) {}

async fn pause() {}

#[scoped]
async fn charge() -> Result<u32, String> {
    let held = Rc::new(1);
    pause().await;
    Ok(*held)
}

fn main() {
    spawn(charge());
}
