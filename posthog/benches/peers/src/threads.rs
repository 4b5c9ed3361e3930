//! Many threads capture with one client.

use crate::{
    data::Data,
    peer::Peer,
    process,
    sender::{Sender, Settings},
    server::Server,
};
use cpu_time::ThreadTime;
use std::{
    process::exit,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// Of all threads together.
const EVENTS: usize = 128_000;
const THREADS: [usize; 5] = [1, 2, 4, 8, 64];
const ROUNDS: usize = 3;

const PEERS: [Peer; 3] = [Peer::Ours, Peer::PosthogRs, Peer::ByHand];

const WINDOW: Duration = Duration::from_secs(1);

pub fn table() {
    println!("ns per event: CPU time of the threads that capture / by the clock\n");
    println!("| threads | {} | lost |", PEERS.map(Peer::name).join(" | "));
    println!("|--:|{}", "--:|".repeat(PEERS.len() + 1));
    let mut alone = [f64::NAN; PEERS.len()];
    for threads in THREADS {
        let mut lost = 0.0;
        let mut measured = PEERS.map(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (peer, measured) in PEERS.iter().zip(&mut measured) {
                let server = Server::start();
                let arguments = [&*server.port.to_string(), &*threads.to_string()];
                let arguments = [peer.name(), arguments[0], arguments[1]];
                measured.push(process::alone("threads", &arguments));
                lost += EVENTS as f64 - server.counts().distinct;
            }
        }
        let cells = measured.iter().zip(&mut alone).map(|(runs, alone)| {
            let [cpu, clock] = process::medians(runs)[..] else {
                return "failed".to_owned();
            };
            if threads == 1 {
                *alone = cpu;
            }
            format!("{cpu:.0} ({:.1} ×) / {clock:.0}", cpu / *alone)
        });
        let cells: Vec<_> = cells.collect();
        println!("| {threads} | {} | {lost:.0} |", cells.join(" | "));
    }
    fairness();
}

/// Says the CPU time and the time by the clock that an event takes, in nanoseconds.
pub fn alone(arguments: &[&str]) {
    let [peer, port, threads] = arguments else {
        return;
    };
    let peer = Peer::named(peer).expect("a peer");
    let threads: usize = threads.parse().expect("a number");
    let settings = Settings {
        port: port.parse().expect("a port"),
        room: (peer == Peer::PosthogRs).then_some(EVENTS),
        ..Settings::default()
    };
    let (data, sender) = (Data::new(), Sender::new(peer, settings));
    let each = |thread: usize| {
        let cpu = ThreadTime::now();
        let own = thread * EVENTS / threads..(thread + 1) * EVENTS / threads;
        own.for_each(|number| sender.capture(&data, number));
        cpu.elapsed()
    };
    let (cpu, clock) = together(threads, each);
    sender.flush();
    let per_event = |time: Duration| time.as_nanos() as f64 / EVENTS as f64;
    println!("{} {}", per_event(cpu.iter().sum()), per_event(clock));
}

/// How evenly the captures of a fixed time are spread over many threads. There are fewer cores, so that the scheduler alone
/// spreads them, too: the row `nothing` has no lock at all.
fn fairness() {
    println!(
        "\ncaptures of each of 64 threads in {WINDOW:?}, and the others as a part of the median\n"
    );
    println!("| client | median | fewest | 10th percentile | 90th percentile | most |");
    println!("|---|--:|--:|--:|--:|--:|");
    for peer in [Peer::Nothing].into_iter().chain(PEERS) {
        let runs: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let server = Server::start();
                process::alone("fairness", &[peer.name(), &server.port.to_string()])
            })
            .collect();
        let medians = process::medians(&runs);
        let Some((median, parts)) = medians.split_first() else {
            println!("| {} | failed |", peer.name());
            continue;
        };
        let parts: Vec<_> = parts.iter().map(|part| format!("{part:.2}")).collect();
        println!("| {} | {median:.0} | {} |", peer.name(), parts.join(" | "));
    }
}

/// Says that median and those parts. The queue has room for all that is captured meanwhile.
pub fn fairness_alone(arguments: &[&str]) {
    let [peer, port] = arguments else {
        return;
    };
    let settings = Settings {
        port: port.parse().expect("a port"),
        room: Some(5_000_000),
        ..Settings::default()
    };
    let sender = Sender::new(Peer::named(peer).expect("a peer"), settings);
    let data = Data::new();
    let each = |_| {
        let start = Instant::now();
        let mut captures = 0;
        while start.elapsed() < WINDOW {
            (0..10).for_each(|number| sender.capture(&data, number));
            captures += 10;
        }
        f64::from(captures)
    };
    let (mut captures, _) = together(64, each);
    if let Sender::Ours(client) = &sender {
        assert_eq!(client.stats().dropped_queue_full, 0);
    }
    captures.sort_unstable_by(f64::total_cmp);
    println!("{}", captures[32]);
    for at in [0, 6, 57, 63] {
        println!("{}", captures[at] / captures[32]);
    }
    // What is queued is of no interest.
    exit(0);
}

/// Starts the threads at one time, and returns what each of them did, and how long all of them took.
fn together<T: Send>(threads: usize, each: impl Fn(usize) -> T + Sync) -> (Vec<T>, Duration) {
    let (ready, each) = (Barrier::new(threads + 1), &each);
    thread::scope(|scope| {
        let start = |thread| {
            let ready = &ready;
            scope.spawn(move || {
                ready.wait();
                each(thread)
            })
        };
        let running: Vec<_> = (0..threads).map(start).collect();
        ready.wait();
        let start = Instant::now();
        let done = running.into_iter().map(|thread| thread.join());
        let done: Vec<_> = done.map(|each| each.expect("no panic")).collect();
        (done, start.elapsed())
    })
}
