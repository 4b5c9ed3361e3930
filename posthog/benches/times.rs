//! How long the same operations take by the wall clock: `cargo bench --package posthog --bench times`.
//!
//! Times differ from run to run on a machine that does other things; compare them within one run only.

mod cases;

use cases::{CASES, World};
use divan::{Bencher, counter::ItemsCount};
use std::{sync::Arc, thread, time::Duration};

fn main() {
    divan::main();
}

/// As many operations as are timed together. What they queue is sent afterwards, outside of the time.
const BURST: u32 = 1000;

#[divan::bench(args = CASES.map(|(name, _)| name), sample_count = 50, sample_size = 1)]
fn operations(bencher: Bencher<'_, '_>, name: &str) {
    let (_, operation) = CASES
        .into_iter()
        .find(|(case, _)| *case == name)
        .expect("a case of that name");
    let world = World::quiet();
    bencher
        .counter(ItemsCount::new(BURST))
        .with_inputs(|| {
            let _ = world.client.flush(Duration::from_secs(10));
        })
        .bench_local_values(|()| operation(&world, BURST));
}

/// A capture of 5 properties below inherited tags.
#[divan::bench(args = [0, 1, 10, 100, 1000], sample_count = 20, sample_size = 1)]
fn inherited_tags(bencher: Bencher<'_, '_>, tags: usize) {
    let world = World::quiet();
    bencher
        .counter(ItemsCount::new(BURST))
        .with_inputs(|| {
            let _ = world.client.flush(Duration::from_secs(10));
        })
        .bench_local_values(|()| cases::below_tags(&world, tags, BURST));
}

/// A context of one tag and a capture of 5 properties, below contexts with a tag of their own.
#[divan::bench(args = [0, 1, 10, 100, 1000], sample_count = 20, sample_size = 1)]
fn depth(bencher: Bencher<'_, '_>, depth: usize) {
    let world = World::quiet();
    bencher
        .counter(ItemsCount::new(BURST))
        .with_inputs(|| {
            let _ = world.client.flush(Duration::from_secs(10));
        })
        .bench_local_values(|()| cases::below_tagged(&world, depth, BURST));
}

/// Many threads with one client: each has 1,000 captures of 5 properties to make.
#[divan::bench(args = [1, 2, 4, 8, 16, 32, 64], sample_count = 20, sample_size = 1)]
fn threads(bencher: Bencher<'_, '_>, threads: u32) {
    let world = Arc::new(World::quiet());
    bencher
        .counter(ItemsCount::new(BURST * threads))
        .with_inputs(|| {
            let _ = world.client.flush(Duration::from_secs(10));
        })
        .bench_local_values(|()| {
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| cases::at_depth(&world, 1, BURST));
                }
            });
        });
}
