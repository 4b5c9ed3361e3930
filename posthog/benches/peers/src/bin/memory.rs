//! `cargo run --release --bin memory` prints a table of what an event takes in the queue. It is a program of its own because
//! its allocator counts, which the times of the other one must not contain.

use cap::Cap;
use std::{alloc::System, env};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["alone", "memory", arguments @ ..] => {
            peers::memory::alone(arguments, || ALLOCATOR.allocated());
        }
        _ => peers::memory::table(),
    }
}
