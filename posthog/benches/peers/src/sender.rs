//! A client of each kind that delivers to a server on this machine, and captures the same events.

use crate::{
    by_hand::{event, queue::Queue},
    data::Data,
    peer::Peer,
    put_by_hand,
};
use std::{hint::black_box, sync::Arc, time::Duration};

pub enum Sender {
    Ours(posthog::Client),
    PosthogRs(Box<posthog_rs::Client>),
    ByHand(Arc<Queue>),
    Nothing,
}

/// What is not at its default.
#[derive(Clone, Copy, Default)]
pub struct Settings {
    pub port: u16,
    pub gzip: bool,
    /// Events that there has to be room for in the queue. The one by hand has no limit.
    pub room: Option<usize>,
}

impl Sender {
    pub fn new(peer: Peer, settings: Settings) -> Self {
        match peer {
            Peer::Ours => {
                Self::Ours(posthog::Client::new(our_options(settings)).expect("valid options"))
            }
            Peer::PosthogRs => {
                Self::PosthogRs(Box::new(posthog_rs::client(their_options(settings))))
            }
            Peer::ByHand => Self::ByHand(Queue::to(settings.port, settings.gzip)),
            _ => Self::Nothing,
        }
    }

    /// Captures an event of 5 properties; each number gives another one.
    pub fn capture(&self, data: &Data, number: usize) {
        let texts = &data.texts;
        let user = texts[number % 8].as_str();
        let (plan, seats) = (texts[number % 7].as_str(), number % 97);
        let amount = (number * 37 % 10_000) as f64 / 100.0;
        let (trial, referrer) = (number.is_multiple_of(2), texts[number % 5].as_str());
        match self {
            Self::Ours(client) => {
                posthog::capture!(
                    "order processed",
                    client = client,
                    distinct_id = user,
                    plan,
                    seats,
                    amount,
                    trial,
                    referrer,
                );
            }
            Self::PosthogRs(client) => {
                let mut event = posthog_rs::Event::new("order processed", user);
                let set = [
                    event.insert_prop("plan", plan),
                    event.insert_prop("seats", seats),
                    event.insert_prop("amount", amount),
                    event.insert_prop("trial", trial),
                    event.insert_prop("referrer", referrer),
                ];
                assert!(set.iter().all(Result::is_ok));
                client.capture(event);
            }
            Self::ByHand(queue) => event::encoded(
                user,
                |json| {
                    put_by_hand!(json, "plan", plan);
                    put_by_hand!(json, "seats", seats);
                    put_by_hand!(json, "amount", amount);
                    put_by_hand!(json, "trial", trial);
                    put_by_hand!(json, "referrer", referrer);
                },
                |json| queue.push(json),
            ),
            Self::Nothing => {
                black_box((user, plan, seats, amount, trial, referrer));
            }
        }
    }

    /// Returns when everything is delivered.
    pub fn flush(&self) {
        match self {
            Self::Ours(client) => client
                .flush(Duration::from_secs(120))
                .expect("everything is delivered"),
            Self::PosthogRs(client) => client.flush(),
            Self::ByHand(queue) => queue.flush(),
            Self::Nothing => {}
        }
    }
}

pub fn our_options(settings: Settings) -> posthog::Options {
    let Settings { port, gzip, room } = settings;
    let mut options = posthog::Options::new("phc_x").host(format!("http://127.0.0.1:{port}"));
    // What is the default depends on the host.
    options = options.compression(if gzip {
        posthog::Compression::Gzip
    } else {
        posthog::Compression::None
    });
    if let Some(events) = room {
        options = options
            .max_queue_size(events)
            .max_queue_bytes(events * 1000);
    }
    options
}

pub fn their_options(settings: Settings) -> posthog_rs::ClientOptions {
    let Settings { port, gzip, room } = settings;
    let mut options = posthog_rs::ClientOptionsBuilder::default();
    options
        .api_key("phc_x".to_owned())
        .host(format!("http://127.0.0.1:{port}"));
    if gzip {
        options.capture_compression(posthog_rs::CaptureCompression::Gzip);
    }
    if let Some(events) = room {
        options.max_queue_size(events);
    }
    options.build().expect("valid options")
}
