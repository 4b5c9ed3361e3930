//! The operations that are compared. String values are known at run time only; each library has to copy them.

use std::{hint::black_box, sync::Arc, time::Duration};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Ours,
    PosthogRs,
    Sentry,
    Tracing,
    Emit,
    Fastrace,
}

/// An operation to be timed; `None` where a library has nothing like it.
type Measure = fn(Peer) -> Option<Box<dyn FnMut()>>;

pub const OPERATIONS: [(&str, Measure); 5] = [
    ("capture, 0 properties", |peer| capture(peer, 0)),
    ("capture, 5 properties", |peer| capture(peer, 5)),
    ("capture, nothing listening", unheard),
    ("empty context", empty),
    ("context with 5 tags", tagged),
];

struct Data {
    plan: String,
    seats: i64,
    amount: f64,
    trial: bool,
    referrer: String,
}

fn data() -> Data {
    black_box(Data {
        plan: "https://example.com/p/0".to_owned(),
        seats: 42,
        amount: 129.99,
        trial: true,
        referrer: "https://example.com/p/1".to_owned(),
    })
}

/// Takes every batch, and keeps nothing.
struct Nowhere;

impl posthog::Transport for Nowhere {
    fn send(&self, _: &posthog::Request) -> Result<posthog::Response, posthog::TransportError> {
        Ok(posthog::Response::new(200))
    }
}

impl sentry::Transport for Nowhere {
    fn send_envelope(&self, envelope: sentry::Envelope) {
        drop(envelope);
    }
}

fn ours() -> posthog::Client {
    posthog::Client::with_transport("phc_x", Arc::new(Nowhere)).expect("a well-formed key")
}

/// Its queue has room for all that is captured; its worker finds nobody at that port.
fn posthog_rs() -> posthog_rs::Client {
    let mut options = posthog_rs::ClientOptionsBuilder::default();
    options
        .api_key("phc_x".to_owned())
        .host("http://127.0.0.1:9")
        .flush_at(1_000_000_usize)
        .max_queue_size(1_000_000_usize);
    posthog_rs::client(options.build().expect("well-formed options"))
}

fn sentry_hub() -> Arc<sentry::Hub> {
    let mut options = sentry::ClientOptions::default();
    options.dsn = "http://public@127.0.0.1:1/1".parse().ok();
    options.default_integrations = false;
    options.transport = Some(Arc::new(Arc::new(Nowhere)));
    let client = Arc::new(sentry::Client::from(options));
    Arc::new(sentry::Hub::new(Some(client), Arc::default()))
}

fn posthog_rs_event(data: &Data, properties: usize) -> posthog_rs::Event {
    let mut event = posthog_rs::Event::new("order processed", "user-12345");
    if properties == 5 {
        let set = [
            event.insert_prop("plan", data.plan.as_str()),
            event.insert_prop("seats", data.seats),
            event.insert_prop("amount", data.amount),
            event.insert_prop("trial", data.trial),
            event.insert_prop("referrer", data.referrer.as_str()),
        ];
        assert!(set.iter().all(Result::is_ok));
    }
    event
}

fn sentry_event(data: &Data, properties: usize) -> sentry::protocol::Event<'static> {
    let mut extra = sentry::protocol::Map::new();
    if properties == 5 {
        extra.insert("plan".to_owned(), data.plan.as_str().into());
        extra.insert("seats".to_owned(), data.seats.into());
        extra.insert("amount".to_owned(), data.amount.into());
        extra.insert("trial".to_owned(), data.trial.into());
        extra.insert("referrer".to_owned(), data.referrer.as_str().into());
    }
    sentry::protocol::Event {
        message: Some("order processed".to_owned()),
        extra,
        ..Default::default()
    }
}

fn capture(peer: Peer, properties: usize) -> Option<Box<dyn FnMut()>> {
    let data = data();
    Some(match peer {
        Peer::Ours => {
            let client = ours();
            if properties == 0 {
                Box::new(move || drop(posthog::capture!("order processed", client = &client)))
            } else {
                Box::new(move || {
                    posthog::capture!(
                        "order processed",
                        client = &client,
                        plan = data.plan,
                        seats = data.seats,
                        amount = data.amount,
                        trial = data.trial,
                        referrer = data.referrer,
                    );
                })
            }
        }
        Peer::PosthogRs => {
            let client = posthog_rs();
            Box::new(move || drop(client.capture(posthog_rs_event(&data, properties))))
        }
        Peer::Sentry => {
            let hub = sentry_hub();
            Box::new(move || {
                hub.capture_event(sentry_event(&data, properties));
            })
        }
        // They write to what a program chooses; there is no delivery to compare with.
        Peer::Tracing | Peer::Emit | Peer::Fastrace => return None,
    })
}

fn unheard(peer: Peer) -> Option<Box<dyn FnMut()>> {
    let data = data();
    Some(match peer {
        Peer::Ours => Box::new(move || {
            posthog::capture!(
                "order processed",
                plan = data.plan,
                seats = data.seats,
                amount = data.amount,
                trial = data.trial,
                referrer = data.referrer,
            );
            black_box(&data);
        }),
        Peer::PosthogRs => Box::new(move || drop(posthog_rs::capture(posthog_rs_event(&data, 5)))),
        Peer::Sentry => Box::new(move || {
            sentry::capture_event(sentry_event(&data, 5));
        }),
        Peer::Tracing => Box::new(move || {
            tracing::info!(
                plan = data.plan.as_str(),
                seats = data.seats,
                amount = data.amount,
                trial = data.trial,
                referrer = data.referrer.as_str(),
                "order processed"
            );
            black_box(&data);
        }),
        Peer::Fastrace => Box::new(move || {
            let _span = fastrace::local::LocalSpan::enter_with_local_parent("order processed")
                .with_properties(|| {
                    [
                        ("plan", data.plan.clone()),
                        ("referrer", data.referrer.clone()),
                    ]
                });
        }),
        Peer::Emit => return None,
    })
}

fn empty(peer: Peer) -> Option<Box<dyn FnMut()>> {
    Some(match peer {
        Peer::Ours => Box::new(|| posthog::context! { black_box(()) }),
        Peer::Sentry => {
            let hub = sentry_hub();
            Box::new(move || hub.with_scope(|_| {}, || black_box(())))
        }
        Peer::Tracing => Box::new(|| {
            with_registry(|| {
                let _scope = tracing::info_span!("scope").entered();
                black_box(());
            });
        }),
        Peer::Emit => Box::new(|| {
            emit::Frame::push(EMIT, emit::Empty).call(|| black_box(()));
        }),
        Peer::Fastrace => traced(|| {
            let _span = fastrace::local::LocalSpan::enter_with_local_parent("scope");
            black_box(());
        }),
        // Its blocking client has no context.
        Peer::PosthogRs => return None,
    })
}

fn tagged(peer: Peer) -> Option<Box<dyn FnMut()>> {
    let texts: [String; 5] = [0, 1, 2, 3, 4].map(|n| format!("https://example.com/p/{n}"));
    const KEYS: [&str; 5] = ["request_id", "tenant", "route", "region", "plan"];
    Some(match peer {
        Peer::Ours => Box::new(move || {
            posthog::context! {
                posthog::tag!(
                    request_id = texts[0],
                    tenant = texts[1],
                    route = texts[2],
                    region = texts[3],
                    plan = texts[4],
                );
            }
        }),
        Peer::Sentry => {
            let hub = sentry_hub();
            Box::new(move || {
                let set = |scope: &mut sentry::Scope| {
                    for (key, text) in KEYS.into_iter().zip(&texts) {
                        scope.set_tag(key, text);
                    }
                };
                hub.with_scope(set, || black_box(()));
            })
        }
        Peer::Tracing => Box::new(move || {
            with_registry(|| {
                let _scope = tracing::info_span!(
                    "scope",
                    request_id = texts[0].as_str(),
                    tenant = texts[1].as_str(),
                    route = texts[2].as_str(),
                    region = texts[3].as_str(),
                    plan = texts[4].as_str(),
                )
                .entered();
                black_box(());
            });
        }),
        Peer::Emit => Box::new(move || {
            let tags: [(&str, &str); 5] = std::array::from_fn(|at| (KEYS[at], texts[at].as_str()));
            emit::Frame::push(EMIT, tags).call(|| black_box(()));
        }),
        Peer::Fastrace => traced(move || {
            let _span = fastrace::local::LocalSpan::enter_with_local_parent("scope")
                .with_properties(|| KEYS.into_iter().zip(texts.iter().cloned()));
            black_box(());
        }),
        Peer::PosthogRs => return None,
    })
}

const EMIT: emit::platform::thread_local_ctxt::ThreadLocalCtxt =
    emit::platform::thread_local_ctxt::ThreadLocalCtxt::shared();

/// A subscriber that keeps spans, for this thread and as long as the program runs.
fn with_registry(body: impl FnOnce()) {
    thread_local! {
        static REGISTRY: tracing::Dispatch = tracing::Dispatch::new(tracing_subscriber::registry());
    }
    REGISTRY.with(|registry| tracing::dispatcher::with_default(registry, body));
}

/// Below a span whose reporter keeps nothing; without one fastrace does nothing at all.
fn traced(mut operation: impl FnMut() + 'static) -> Box<dyn FnMut()> {
    struct Nobody;
    impl fastrace::collector::Reporter for Nobody {
        fn report(&mut self, _: Vec<fastrace::collector::SpanRecord>) {}
    }
    let config = fastrace::collector::Config::default().report_interval(Duration::from_secs(1));
    fastrace::set_reporter(Nobody, config);
    let mut done = 0;
    let root = || {
        let root = fastrace::Span::root("root", fastrace::prelude::SpanContext::random());
        (root.set_local_parent(), root)
    };
    let mut around = root();
    Box::new(move || {
        done += 1;
        // A trace has room for so many spans only.
        if done % 1000 == 0 {
            around = root();
        }
        let _ = &around;
        operation();
    })
}
