//! Contexts and threads: a new thread starts without a context, and gets one by a handle.

use posthog::{Context, capture, context, identify_context, tag};
use posthog_examples::{Demo, Failed};
use std::thread;

fn main() -> Result<(), Failed> {
    let demo = Demo::start();
    let posthog = posthog::init(demo.options())?;

    context! {
        identify_context("user-7");
        tag!("report", "sales");

        thread::scope(|threads| {
            for quarter in 1..=3 {
                let here = Context::current(); // cheap, and can be sent
                threads.spawn(move || {
                    let _scope = here.attach(); // a context of its own below `here`, until the end of the closure
                    tag!(quarter); // the other threads do not see this
                    capture!("quarter_summed_up");
                });
            }
            threads.spawn(|| capture!("alone"));
        });
        capture!("report_finished"); // no `quarter` in here
    }

    demo.show(posthog) // ends the client, which delivers what is queued, and prints what arrived
}
