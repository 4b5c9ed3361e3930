//! Single captures that are far apart, as they are in a service: the worker sleeps between them, caches go cold.
//!
//! Every hundredth fills a batch and wakes the worker, so that p99 stands between a capture that does and one that does not.

use crate::{
    data::Data,
    peer::Peer,
    process,
    sender::{Sender, Settings},
    server::Server,
};
use std::{
    hint,
    time::{Duration, Instant},
};

/// Rounds are interleaved, so that what else the machine does meets all alike.
const ROUNDS: usize = 5;

const PEERS: [Peer; 4] = [Peer::Nothing, Peer::Ours, Peer::PosthogRs, Peer::ByHand];

pub fn table() {
    println!("| µs, p50 / p99 | every 20 µs | every 1 ms |");
    println!("|---|--:|--:|");
    let mut runs: [Vec<Vec<f64>>; PEERS.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (peer, runs) in PEERS.iter().zip(&mut runs) {
            let server = Server::start();
            let port = server.port.to_string();
            runs.push(process::alone("latency", &[peer.name(), &port]));
        }
    }
    for (peer, runs) in PEERS.iter().zip(&runs) {
        let [p50_close, p99_close, p50_far, p99_far] = process::medians(runs)[..] else {
            println!("| {} | failed |", peer.name());
            continue;
        };
        println!(
            "| {} | {p50_close:.2} / {p99_close:.2} | {p50_far:.2} / {p99_far:.2} |",
            peer.name()
        );
    }
}

/// Says the percentiles of both paces, with default options, one after another.
pub fn alone(arguments: &[&str]) {
    let [peer, port] = arguments else {
        return;
    };
    let settings = Settings {
        port: port.parse().expect("a port"),
        ..Settings::default()
    };
    let sender = Sender::new(Peer::named(peer).expect("a peer"), settings);
    let data = Data::new();
    // The worker and its connection are there by now.
    sender.capture(&data, 0);
    sender.flush();
    percentiles(20_000, || spin(Duration::from_micros(20)), &sender, &data);
    sender.flush();
    let sleep = || std::thread::sleep(Duration::from_millis(1));
    percentiles(2_000, sleep, &sender, &data);
}

fn percentiles(captures: usize, wait: impl Fn(), sender: &Sender, data: &Data) {
    let one = |number| {
        wait();
        let start = Instant::now();
        sender.capture(data, number);
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..captures).map(one).collect();
    times.sort_unstable();
    for percent in [50, 99] {
        let time = times[(times.len() - 1) * percent / 100];
        println!("{}", time.as_secs_f64() * 1e6);
    }
}

fn spin(pause: Duration) {
    let start = Instant::now();
    while start.elapsed() < pause {
        hint::spin_loop();
    }
}
