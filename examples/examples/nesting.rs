//! Contexts inside contexts: what an inner one inherits, overrides and leaves alone, and what `fresh` shuts out.

use posthog::{capture, context, identify_context, tag};
use posthog_examples::{Demo, Failed};

fn main() -> Result<(), Failed> {
    let demo = Demo::start();
    let posthog = posthog::init(demo.options())?;

    context! {
        identify_context("user-7");
        tag!("some-key", "value-1");
        tag!("some-other-key", { "tags": "can be dicts" });

        context! {
            tag!("some-key", "value-2");
            capture!("inner"); // some-key is "value-2" in here
        }
        capture!("outer"); // and "value-1" still out here

        // What belongs to the context itself stands at its head: options, and statements to begin with.
        context! { < fresh; tag!("some-key", "value-3"); >
            capture!("fresh"); // nobody, and no some-other-key
        }

        // A function called in a context is in it.
        welcome();
    }
    capture!("outside"); // no context, no tags, nobody

    demo.show(posthog) // ends the client, which delivers what is queued, and prints what arrived
}

fn welcome() {
    capture!("welcomed", newsletter = true);
    // One event can say otherwise for itself.
    capture!(
        "invited",
        distinct_id = "user-8",
        "some-key" = "of the event"
    );
}
