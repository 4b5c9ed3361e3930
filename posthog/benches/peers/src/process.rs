//! A measurement in a process of its own, so that nothing that was measured before is in its times, CPU time and memory.

use std::{env, fs, process::Command};

/// Runs this program with these arguments behind `alone`, and returns the numbers that it prints.
pub fn alone(measurement: &str, arguments: &[&str]) -> Vec<f64> {
    let this = env::current_exe().expect("this program");
    let output = Command::new(this)
        .args(["alone", measurement])
        .args(arguments)
        .output()
        .expect("this program once more");
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
    }
    numbers(&String::from_utf8_lossy(&output.stdout))
}

pub fn numbers(text: &str) -> Vec<f64> {
    let words = text.split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of each number of several runs.
pub fn medians(runs: &[Vec<f64>]) -> Vec<f64> {
    let numbers = runs.iter().map(Vec::len).min().unwrap_or(0);
    (0..numbers)
        .map(|at| median(runs.iter().map(|run| run[at]).collect()))
        .collect()
}

/// What Linux says of this process's memory, in bytes: `VmRSS` is what it has now, `VmHWM` the most it had.
pub fn memory(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of_field = |line: &str| Some(line.strip_prefix(field)?.strip_prefix(':')?.to_owned());
    let kib = status.lines().find_map(of_field);
    let kib = kib.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) * 1024.0
}
