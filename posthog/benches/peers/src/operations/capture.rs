//! Captures, with and without anybody who listens.

use super::{Nowhere, Timed, sentry_hub, timed};
use crate::{
    by_hand::{event, queue::Queue},
    data::{Data, KEYS},
    each_property,
    peer::Peer,
    put_by_hand,
    server::Server,
};
use std::{hint::black_box, sync::Arc, time::Duration};

/// Its worker sleeps until it is flushed.
fn ours() -> posthog::Client {
    let options = posthog::Options::new("phc_x")
        .flush_at(10_000)
        .flush_interval(Duration::from_secs(3600));
    posthog::Client::with_transport(options, Arc::new(Nowhere)).expect("valid options")
}

fn flush(client: &posthog::Client) {
    client
        .flush(Duration::from_secs(10))
        .expect("everything is delivered");
}

/// As ours; but its worker is handed each event as it is captured.
fn posthog_rs(server: &Server) -> posthog_rs::Client {
    let mut options = posthog_rs::ClientOptionsBuilder::default();
    options
        .api_key("phc_x".to_owned())
        .host(format!("http://127.0.0.1:{}", server.port))
        .flush_at(10_000_usize)
        .flush_interval_ms(3_600_000_u64);
    posthog_rs::client(options.build().expect("valid options"))
}

fn posthog_rs_event(data: &Data, properties: usize) -> posthog_rs::Event {
    let mut event = posthog_rs::Event::new("order processed", "user-12345");
    macro_rules! put {
        ($key:literal, $value:expr) => {
            event.insert_prop($key, $value).expect("a plain value");
        };
    }
    match properties {
        0 => {}
        5 => {
            each_property!(5, data, put);
        }
        _ => {
            each_property!(20, data, put);
        }
    }
    event
}

fn sentry_event(data: &Data, properties: usize) -> sentry::protocol::Event<'static> {
    let mut extra = sentry::protocol::Map::new();
    macro_rules! put {
        ($key:literal, $value:expr) => {
            extra.insert($key.to_owned(), sentry::protocol::Value::from($value));
        };
    }
    match properties {
        0 => {}
        5 => {
            each_property!(5, data, put);
        }
        _ => {
            each_property!(20, data, put);
        }
    }
    sentry::protocol::Event {
        message: Some("order processed".to_owned()),
        extra,
        ..Default::default()
    }
}

fn put_by_hand(json: &mut Vec<u8>, data: &Data, properties: usize) {
    macro_rules! put {
        ($key:literal, $value:expr) => {
            put_by_hand!(json, $key, $value);
        };
    }
    match properties {
        0 => {}
        5 => {
            each_property!(5, data, put);
        }
        _ => {
            each_property!(20, data, put);
        }
    }
}

fn five(client: &posthog::Client, data: &Data) {
    posthog::capture!(
        "order processed",
        client = client,
        distinct_id = "user-12345",
        plan = data.texts[0],
        seats = data.numbers[0],
        amount = data.floats[0],
        trial = data.flags[0],
        referrer = data.texts[1],
    );
}

fn twenty(client: &posthog::Client, data: &Data) {
    posthog::capture!(
        "order processed",
        client = client,
        distinct_id = "user-12345",
        plan = data.texts[0],
        seats = data.numbers[0],
        amount = data.floats[0],
        trial = data.flags[0],
        referrer = data.texts[1],
        page = data.texts[2],
        campaign = data.texts[3],
        country = data.texts[4],
        browser = data.texts[5],
        variant = data.texts[6],
        section = data.texts[7],
        width = data.numbers[1],
        created = data.numbers[2],
        retries = data.numbers[3],
        port = data.numbers[4],
        score = data.floats[1],
        ratio = data.floats[2],
        total = data.floats[3],
        beta = data.flags[1],
        admin = data.flags[2],
    );
}

/// With a distinct ID, which posthog-rs asks for.
pub(super) fn capture(peer: Peer, properties: usize) -> Option<Timed> {
    let data = Data::new();
    Some(match peer {
        Peer::Ours => {
            let client = ours();
            Box::new(move |times| {
                let took = match properties {
                    0 => timed(times, || {
                        posthog::capture!(
                            "order processed",
                            client = &client,
                            distinct_id = "user-12345",
                        );
                    }),
                    5 => timed(times, || five(&client, &data)),
                    _ => timed(times, || twenty(&client, &data)),
                };
                flush(&client);
                took
            })
        }
        Peer::PosthogRs => {
            let server = Server::start();
            let client = posthog_rs(&server);
            Box::new(move |times| {
                let _ = &server;
                let took = timed(times, || {
                    client.capture(posthog_rs_event(&data, properties));
                });
                client.flush();
                took
            })
        }
        Peer::ByHand => {
            let queue = Queue::default();
            Box::new(move |times| {
                queue.clear();
                timed(times, || {
                    event::encoded(
                        black_box("user-12345"),
                        |json| put_by_hand(json, &data, properties),
                        |json| queue.push(json),
                    );
                })
            })
        }
        Peer::Sentry => {
            let hub = sentry_hub();
            Box::new(move |times| {
                timed(times, || {
                    hub.capture_event(sentry_event(&data, properties));
                })
            })
        }
        // They write to what a program chooses; there is no delivery to compare with.
        Peer::Tracing | Peer::Emit | Peer::Fastrace | Peer::Nothing => return None,
    })
}

/// By hand: the tags have been JSON since they were set, and are merged already.
pub(super) fn in_contexts(peer: Peer) -> Option<Timed> {
    let data = Data::new();
    Some(match peer {
        Peer::Ours => {
            let client = ours();
            let tags = |level: usize| -> posthog::Properties {
                let tags = data.tags().skip(2 * level).take(2);
                tags.map(|(key, text)| (key.to_owned(), text)).collect()
            };
            let contexts = [0, 1, 2].map(tags);
            Box::new(move |times| {
                let [outer, middle, inner] = contexts.clone();
                let _outer = posthog::new_context().tags(outer).enter();
                let _middle = posthog::new_context().tags(middle).enter();
                let _inner = posthog::new_context().tags(inner).enter();
                let took = timed(times, || five(&client, &data));
                flush(&client);
                took
            })
        }
        Peer::ByHand => {
            let queue = Queue::default();
            let mut tags = (Vec::new(), Vec::new());
            for (key, text) in data.tags().take(6) {
                tags.0.push(key);
                tags.1.extend_from_slice(format!("\"{key}\":").as_bytes());
                serde_json::to_writer(&mut tags.1, text).expect("a text");
                tags.1.push(b',');
            }
            Box::new(move |times| {
                queue.clear();
                timed(times, || {
                    let properties = |json: &mut Vec<u8>| {
                        put_by_hand(json, &data, 5);
                        let own = ["plan", "seats", "amount", "trial", "referrer"];
                        assert!(!black_box(&tags.0).iter().any(|key| own.contains(key)));
                        json.extend_from_slice(&tags.1);
                    };
                    event::encoded(black_box("user-12345"), properties, |json| queue.push(json));
                })
            })
        }
        Peer::Sentry => {
            let hub = sentry_hub();
            Box::new(move |times| {
                let mut took = Duration::ZERO;
                let set = |level: usize| {
                    let data = &data;
                    move |scope: &mut sentry::Scope| {
                        for (key, text) in KEYS.iter().zip(&data.texts).skip(2 * level).take(2) {
                            scope.set_tag(key, text);
                        }
                    }
                };
                sentry::Hub::run(Arc::clone(&hub), || {
                    sentry::with_scope(set(0), || {
                        sentry::with_scope(set(1), || {
                            sentry::with_scope(set(2), || {
                                took = timed(times, || {
                                    sentry::capture_event(sentry_event(&data, 5));
                                });
                            });
                        });
                    });
                });
                took
            })
        }
        // The blocking client of posthog-rs has no context.
        _ => return None,
    })
}

/// By hand: one relaxed load and one branch.
pub(super) fn unheard(peer: Peer) -> Option<Timed> {
    use std::sync::atomic::{AtomicBool, Ordering};
    static IS_LISTENING: AtomicBool = AtomicBool::new(false);

    let data = Data::new();
    Some(match peer {
        Peer::Ours => Box::new(move |times| {
            timed(times, || {
                posthog::capture!(
                    "order processed",
                    plan = data.texts[0],
                    seats = data.numbers[0],
                    amount = data.floats[0],
                    trial = data.flags[0],
                    referrer = data.texts[1],
                );
                black_box(&data);
            })
        }),
        Peer::PosthogRs => {
            Box::new(move |times| timed(times, || posthog_rs::capture(posthog_rs_event(&data, 5))))
        }
        Peer::ByHand => Box::new(move |times| {
            timed(times, || {
                if IS_LISTENING.load(Ordering::Relaxed) {
                    event::encoded("", |json| put_by_hand(json, &data, 5), |_| ());
                }
                black_box(&data);
            })
        }),
        Peer::Sentry => Box::new(move |times| {
            timed(times, || {
                sentry::capture_event(sentry_event(&data, 5));
            })
        }),
        Peer::Tracing => Box::new(move |times| {
            timed(times, || {
                tracing::info!(
                    plan = data.texts[0].as_str(),
                    seats = data.numbers[0],
                    amount = data.floats[0],
                    trial = data.flags[0],
                    referrer = data.texts[1].as_str(),
                    "order processed"
                );
                black_box(&data);
            })
        }),
        Peer::Fastrace => Box::new(move |times| {
            timed(times, || {
                let _span = fastrace::local::LocalSpan::enter_with_local_parent("order processed")
                    .with_properties(|| {
                        let [plan, referrer] = [&data.texts[0], &data.texts[1]];
                        [("plan", plan.clone()), ("referrer", referrer.clone())]
                    });
            })
        }),
        Peer::Emit | Peer::Nothing => return None,
    })
}
