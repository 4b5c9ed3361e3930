//! What an event takes in the queue: many are captured while the server does not answer, so that nothing is delivered.

use crate::{
    data::Data,
    peer::Peer,
    process,
    sender::{Sender, Settings},
};
use std::{net::TcpListener, process::exit};

const EVENTS: usize = 50_000;

pub fn table() {
    println!("| client | bytes allocated per event | bytes resident per event |");
    println!("|---|--:|--:|");
    for peer in [Peer::Ours, Peer::PosthogRs, Peer::ByHand] {
        let [allocated, resident] = process::alone("memory", &[peer.name()])[..] else {
            println!("| {} | failed |", peer.name());
            continue;
        };
        println!("| {} | {allocated:.0} | {resident:.0} |", peer.name());
    }
}

/// Says how much more is allocated, and is resident, than before the events. `allocated` is the allocator's own count.
pub fn alone(arguments: &[&str], allocated: impl Fn() -> usize) {
    let [peer] = arguments else {
        return;
    };
    let peer = Peer::named(peer).expect("a peer");
    // The kernel accepts the connection and takes the request; nobody reads it.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let settings = Settings {
        port: silent.local_addr().expect("an address").port(),
        // posthog-rs has room for 10,000 at its default.
        room: (peer == Peer::PosthogRs).then_some(EVENTS * 2),
        ..Settings::default()
    };
    let (data, sender) = (Data::new(), Sender::new(peer, settings));
    sender.capture(&data, 0);
    let before = (allocated(), process::memory("VmRSS"));
    (0..EVENTS).for_each(|number| sender.capture(&data, number));
    let after = (allocated(), process::memory("VmRSS"));
    if let Sender::Ours(client) = &sender {
        assert_eq!(client.stats().pending(), EVENTS as u64 + 1);
    }
    let per_event = |bytes: f64| bytes / EVENTS as f64;
    println!(
        "{} {}",
        per_event(after.0 as f64 - before.0 as f64),
        per_event(after.1 - before.1)
    );
    // What is queued can never be delivered.
    exit(0);
}
