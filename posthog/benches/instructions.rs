//! The operations whose instructions `instructions.sh` counts: `instructions CASE N` does one of them N times.

use posthog::{
    Client, Event, Options, Properties, capture, context, new_context, tag, testing::Memory,
};
use std::{hint::black_box, sync::Arc, time::Duration};

/// A client whose worker stays asleep: only the caller's thread counts.
fn quiet_client() -> Client {
    let options = Options::new("phc_x")
        .flush_at(10_000)
        .flush_interval(Duration::from_secs(3600));
    Client::with_transport(options, Arc::new(Memory::default()))
        .expect("the options are well-formed")
}

fn five_properties(client: &Client, text: &str) {
    capture!(
        "order_processed",
        client = client,
        total = 9.5,
        items = 3,
        currency = text,
        paid = true,
        order = text
    );
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    // `cargo bench` and `cargo test` call it without a case: then there is nothing to count.
    let (Some(case), Some(Ok(n))) = (arguments.get(1), arguments.get(2).map(|n| n.parse::<u32>()))
    else {
        return;
    };
    let client = quiet_client();
    let text = black_box("a run-time string").to_owned();
    let repeat = |operation: &dyn Fn()| (0..n).for_each(|_| operation());
    match case.as_str() {
        "empty context" => repeat(&|| drop(black_box(new_context().enter()))),
        "context! of nothing" => repeat(&|| context! { black_box(()) }),
        "context with one tag" => repeat(&|| context! { tag!("tenant", &text); }),
        "one tag" => context! { repeat(&|| tag!("tenant", &text)) },
        "capture, nobody listening" => repeat(&|| {
            capture!("e", total = black_box(9.5), order = &text);
        }),
        "capture, 0 properties" => repeat(&|| {
            client.capture(Event::new("order_processed"));
        }),
        "capture, 5 properties" => repeat(&|| five_properties(&client, &text)),
        "capture, 5 properties and 6 tags of 3 contexts" => {
            let tags = |n: u8| -> Properties {
                [0, 1]
                    .map(|m| (format!("tag{n}{m}"), &text))
                    .into_iter()
                    .collect()
            };
            new_context().tags(tags(1)).run(|| {
                new_context().tags(tags(2)).run(|| {
                    new_context()
                        .tags(tags(3))
                        .run(|| repeat(&|| five_properties(&client, &text)));
                });
            });
        }
        "handle of a context" => {
            context! { tag!("tenant", 1); repeat(&|| drop(black_box(posthog::Context::current()))) }
        }
        other => eprintln!("unknown case: {other}"),
    }
    // What is queued is of no interest.
    std::process::exit(0);
}
