//! The first event of a process: how long `init` takes, and how long until that event is delivered.

use crate::{
    by_hand::event,
    data::Data,
    peer::Peer,
    process,
    sender::{self, Sender, Settings},
    server::Server,
};
use std::time::{Duration, Instant};

const PROCESSES: usize = 31;

const PEERS: [Peer; 3] = [Peer::Ours, Peer::PosthogRs, Peer::ByHand];

pub fn table() {
    println!("| client | init, ms | until the first event is delivered, ms | delivered |");
    println!("|---|--:|--:|--:|");
    let servers = PEERS.map(|_| Server::start());
    let mut runs: [Vec<Vec<f64>>; PEERS.len()] = Default::default();
    for _ in 0..PROCESSES {
        for ((peer, server), runs) in PEERS.iter().zip(&servers).zip(&mut runs) {
            let port = server.port.to_string();
            runs.push(process::alone("start", &[peer.name(), &port]));
        }
    }
    for ((peer, server), runs) in PEERS.iter().zip(servers).zip(&runs) {
        let arrived = server.counts().distinct;
        let [init, delivered] = process::medians(runs)[..] else {
            println!("| {} | failed |", peer.name());
            continue;
        };
        println!(
            "| {} | {init:.3} | {delivered:.2} | {arrived} of {PROCESSES} |",
            peer.name()
        );
    }
}

/// Says both in milliseconds. It is delivered when `flush` returns, so that the server's answer is in the time.
pub fn alone(arguments: &[&str]) {
    let [peer, port] = arguments else {
        return;
    };
    let settings = Settings {
        port: port.parse().expect("a port"),
        ..Settings::default()
    };
    let data = Data::new();
    let start = Instant::now();
    let init = match Peer::named(peer).expect("a peer") {
        Peer::Ours => {
            let _guard = posthog::init(sender::our_options(settings)).expect("valid options");
            let init = start.elapsed();
            posthog::capture!("started", distinct_id = data.texts[0]);
            posthog::flush(Duration::from_secs(10)).expect("it is delivered");
            report(init, start.elapsed());
            return;
        }
        Peer::PosthogRs => {
            posthog_rs::init_global(sender::their_options(settings)).expect("only once");
            let init = start.elapsed();
            posthog_rs::capture(posthog_rs::Event::new("started", data.texts[0].as_str()));
            posthog_rs::flush();
            init
        }
        peer => {
            let sender = Sender::new(peer, settings);
            let init = start.elapsed();
            if let Sender::ByHand(queue) = &sender {
                event::encoded(&data.texts[0], |_| {}, |json| queue.push(json));
            }
            sender.flush();
            init
        }
    };
    report(init, start.elapsed());
}

fn report(init: Duration, delivered: Duration) {
    println!(
        "{} {}",
        init.as_secs_f64() * 1e3,
        delivered.as_secs_f64() * 1e3
    );
}
