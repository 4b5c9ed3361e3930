//! From the first capture until everything is delivered.

use crate::{
    data::Data,
    peer::Peer,
    process,
    sender::{Sender, Settings},
    server::Server,
};
use cpu_time::ProcessTime;
use std::time::Instant;

const EVENTS: usize = 200_000;

/// posthog-rs would lose most events at its default: it has room for 10,000.
fn room(peer: Peer) -> Option<usize> {
    (peer == Peer::PosthogRs).then_some(EVENTS)
}

pub fn table() {
    println!("| client | events/s | CPU s per million | bytes per event | memory, MiB | lost |");
    println!("|---|--:|--:|--:|--:|--:|");
    for gzip in [false, true] {
        for peer in [Peer::Ours, Peer::PosthogRs, Peer::ByHand] {
            let server = Server::start();
            let encoding = if gzip { "gzip" } else { "plain" };
            let port = server.port.to_string();
            let client = process::alone("delivery", &[peer.name(), encoding, &port]);
            let arrived = server.counts();
            let [seconds, cpu, memory] = client[..] else {
                println!("| {}, {encoding} | failed |", peer.name());
                continue;
            };
            println!(
                "| {}, {encoding} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} |",
                peer.name(),
                arrived.distinct / seconds,
                cpu / arrived.distinct * 1e6,
                arrived.bytes / arrived.distinct,
                memory / f64::from(1 << 20),
                EVENTS as f64 - arrived.distinct,
            );
        }
    }
}

/// Captures and flushes, and says how long it took, its CPU seconds, and the most memory it had. Batches have 100 events.
pub fn alone(arguments: &[&str]) {
    let [peer, encoding, port] = arguments else {
        return;
    };
    let peer = Peer::named(peer).expect("a peer");
    let settings = Settings {
        port: port.parse().expect("a port"),
        gzip: *encoding == "gzip",
        room: room(peer),
    };
    let data = Data::new();
    let (start, cpu) = (Instant::now(), ProcessTime::now());
    let sender = Sender::new(peer, settings);
    (0..EVENTS).for_each(|number| sender.capture(&data, number));
    sender.flush();
    let (seconds, cpu) = (start.elapsed(), cpu.elapsed());
    println!(
        "{} {} {}",
        seconds.as_secs_f64(),
        cpu.as_secs_f64(),
        process::memory("VmHWM")
    );
}
