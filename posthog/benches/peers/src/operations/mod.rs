//! What an operation takes on the caller's thread. Workers sleep meanwhile, where a library lets them; what they have to
//! deliver is delivered outside of the time.

mod capture;
mod context;

use crate::peer::Peer;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Does an operation so many times, and returns how long that took.
type Timed = Box<dyn FnMut(u32) -> Duration>;

/// `None` where a library has nothing like it.
type Operation = fn(Peer) -> Option<Timed>;

const OPERATIONS: [(&str, Operation); 10] = [
    ("capture, nothing listening", capture::unheard),
    ("capture, 0 properties", |peer| capture::capture(peer, 0)),
    ("capture, 5 properties", |peer| capture::capture(peer, 5)),
    ("capture, 20 properties", |peer| capture::capture(peer, 20)),
    (
        "capture, 5 properties and 6 tags of 3 contexts",
        capture::in_contexts,
    ),
    ("empty context", context::empty),
    ("context with 5 tags", context::tagged),
    ("8 contexts of 2 tags, then read", context::nested),
    ("handle of a context with 16 tags", context::handle),
    (
        "attach it on another thread, and detach it",
        context::attached,
    ),
];

const PEERS: [Peer; 6] = [
    Peer::PosthogRs,
    Peer::ByHand,
    Peer::Sentry,
    Peer::Tracing,
    Peer::Emit,
    Peer::Fastrace,
];

const BURST: u32 = 1000;
const BURSTS: usize = 51;

/// Bursts of all peers by turns, and the median of each.
pub fn table() {
    println!(
        "| operation | ours, ns | {} |",
        PEERS.map(Peer::name).join(" | ")
    );
    println!("|---|--:|{}", "--:|".repeat(PEERS.len()));
    for (name, operation) in OPERATIONS {
        let peers = [Peer::Ours].into_iter().chain(PEERS);
        let mut measured: Vec<_> = peers.map(|peer| (operation(peer), Vec::new())).collect();
        for _ in 0..BURSTS {
            for (timed, bursts) in &mut measured {
                if let Some(timed) = timed {
                    bursts.push(timed(BURST));
                }
            }
        }
        let medians: Vec<_> = measured
            .iter_mut()
            .map(|(_, bursts)| median_of(bursts))
            .collect();
        let ours = medians[0].unwrap_or(f64::NAN);
        let others = medians[1..].iter().map(|theirs| match theirs {
            Some(theirs) => format!("{theirs:.0} ({:.2} ×)", theirs / ours),
            None => "–".to_owned(),
        });
        let others: Vec<_> = others.collect();
        println!("| {name} | {ours:.1} | {} |", others.join(" | "));
    }
}

/// Nanoseconds of one operation.
fn median_of(bursts: &mut [Duration]) -> Option<f64> {
    bursts.sort_unstable();
    let median = bursts.get(bursts.len() / 2)?;
    Some(median.as_nanos() as f64 / f64::from(BURST))
}

fn timed(times: u32, mut operation: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..times).for_each(|_| operation());
    start.elapsed()
}

/// Takes every batch, and keeps nothing.
struct Nowhere;

impl posthog::Transport for Nowhere {
    fn send(&self, _: &posthog::Request) -> Result<posthog::Response, posthog::TransportError> {
        Ok(posthog::Response::new(200).with_body("{}"))
    }
}

impl sentry::Transport for Nowhere {
    fn send_envelope(&self, envelope: sentry::Envelope) {
        drop(envelope);
    }
}

fn sentry_hub() -> Arc<sentry::Hub> {
    let mut options = sentry::ClientOptions::default();
    options.dsn = "http://public@127.0.0.1:1/1".parse().ok();
    options.default_integrations = false;
    options.transport = Some(Arc::new(Arc::new(Nowhere)));
    let client = Arc::new(sentry::Client::from(options));
    assert!(client.is_enabled());
    Arc::new(sentry::Hub::new(Some(client), Arc::default()))
}
