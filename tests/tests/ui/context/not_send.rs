use posthog::context;
use std::{future::Future, rc::Rc};

fn spawn(_: impl Future + Send) {}

async fn pause() {}

fn main() {
    spawn(context! { async {
        let held = Rc::new(1);
        pause().await;
        drop(held);
    } });
}
