//! `cargo run --release` prints one table of what each library's operation takes on the caller's thread, beside ours;
//! `cargo run --release -- delivery` one of what delivering 200,000 events takes, to a server that counts distinct ones.
//!
//! Times are medians of bursts of 1,000. They compare within one run, and on an idle machine only.

mod delivery;
mod operations;
mod server;

use operations::{OPERATIONS, Peer};
use std::{
    env,
    time::{Duration, Instant},
};

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("server") => server::run(),
        Some("client") => delivery::client(&arguments[1..]),
        Some("delivery") => delivery::table(),
        _ => table(),
    }
}

fn table() {
    println!("| operation | ours, ns | {} |", PEERS.map(name).join(" | "));
    println!("|---|--:|{}", "--:|".repeat(PEERS.len()));
    for (operation, measure) in OPERATIONS {
        let median = |peer| measure(peer).map(median_of_bursts);
        let Some(ours) = median(Peer::Ours) else {
            continue;
        };
        let others = PEERS.map(|peer| match median(peer) {
            Some(theirs) => format!("{theirs:.0} ({:.1} ×)", theirs / ours),
            None => "–".to_owned(),
        });
        println!("| {operation} | {ours:.1} | {} |", others.join(" | "));
    }
}

const PEERS: [Peer; 5] = [
    Peer::PosthogRs,
    Peer::Sentry,
    Peer::Tracing,
    Peer::Emit,
    Peer::Fastrace,
];

fn name(peer: Peer) -> &'static str {
    match peer {
        Peer::Ours => "ours",
        Peer::PosthogRs => "posthog-rs",
        Peer::Sentry => "sentry",
        Peer::Tracing => "tracing",
        Peer::Emit => "emit",
        Peer::Fastrace => "fastrace",
    }
}

/// Nanoseconds of one operation.
fn median_of_bursts(mut operation: Box<dyn FnMut()>) -> f64 {
    const BURST: u32 = 1000;
    let mut bursts: Vec<Duration> = (0..51)
        .map(|_| {
            let start = Instant::now();
            (0..BURST).for_each(|_| operation());
            start.elapsed()
        })
        .collect();
    bursts.sort_unstable();
    bursts[bursts.len() / 2].as_nanos() as f64 / f64::from(BURST)
}
