//! Does one operation many times, for `instructions.sh` to count: `instructions CASE N`, or `instructions GROWTH SIZE N`.

mod cases;

use cases::{CASES, World};
use std::{env, process};

/// The queue's first block grows step by step; those behind it have the room of the one before.
const WARM_UP: u32 = 100;

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let world = World::quiet();
    match arguments[..] {
        ["list"] => CASES.iter().for_each(|(name, _)| println!("{name}")),
        [name, n] => match (CASES.iter().find(|(case, _)| *case == name), n.parse()) {
            (Some((_, operation)), Ok(n)) => operation(&world, n),
            _ => eprintln!("unknown case: {name}"),
        },
        [growth, size, n] => match (growth, size.parse(), n.parse::<u32>()) {
            ("tags", Ok(size), Ok(n)) => cases::below_tags(&world, size, WARM_UP + n),
            ("depth", Ok(size), Ok(n)) => cases::at_depth(&world, size, WARM_UP + n),
            ("tagged-depth", Ok(size), Ok(n)) => cases::below_tagged(&world, size, WARM_UP + n),
            _ => eprintln!("unknown growth: {growth}"),
        },
        // `cargo bench` and `cargo test` call it without a case: then there is nothing to count.
        _ => return,
    }
    // What is queued is of no interest.
    process::exit(0);
}
