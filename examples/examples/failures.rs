//! Forty ways to fail, and each as a person reads it in error tracking.
//!
//! The failures are recorded in the process: no account is needed, and nothing is sent.

use posthog_tests::gallery::{failures, shown};
use std::panic;

fn main() {
    // What the panics among them print by themselves is in the way here.
    panic::set_hook(Box::new(|_| {}));
    for failure in failures() {
        println!("── {}", failure.title);
        let captured = failure.captured();
        if captured.is_empty() {
            println!("nothing is captured");
        }
        for event in captured {
            print!("{}", shown(&event, true));
        }
        println!();
    }
}
