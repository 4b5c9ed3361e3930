//! Each command prints a table, ours beside posthog-rs, the same by hand and, for operations, others:
//!
//! - `cargo run --release`: what an operation takes on the caller's thread;
//! - `cargo run --release -- delivery`: what delivering 200,000 events takes, to a server that counts distinct ones;
//! - `cargo run --release -- latency`: what a single capture takes, when captures are far apart;
//! - `cargo run --release -- start`: how long `init` takes, and how long until the first event is delivered;
//! - `cargo run --release -- threads`: what a capture takes when many threads share a client, and how even their shares are;
//! - `cargo run --release --bin memory`: what an event takes in the queue.
//!
//! Times compare within one run, and on an idle machine only.

use peers::{delivery, latency, operations, server, start, threads};
use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        [] => operations::table(),
        ["delivery"] => delivery::table(),
        ["latency"] => latency::table(),
        ["start"] => start::table(),
        ["threads"] => threads::table(),
        // What the tables start as processes of their own.
        ["server"] => server::run(),
        ["alone", "delivery", arguments @ ..] => delivery::alone(arguments),
        ["alone", "latency", arguments @ ..] => latency::alone(arguments),
        ["alone", "start", arguments @ ..] => start::alone(arguments),
        ["alone", "threads", arguments @ ..] => threads::alone(arguments),
        ["alone", "fairness", arguments @ ..] => threads::fairness_alone(arguments),
        _ => {
            eprintln!(
                "there are: delivery, latency, start, threads, and nothing; and `--bin memory`"
            );
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
