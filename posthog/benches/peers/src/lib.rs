//! Measurements of this SDK beside posthog-rs, others, and the same work by hand, in one run. Each is a command that prints
//! a table; `main.rs` has them. Everything stays on this machine.

pub mod by_hand;
pub mod data;
pub mod delivery;
pub mod latency;
pub mod memory;
pub mod operations;
pub mod peer;
pub mod process;
pub mod sender;
pub mod server;
pub mod start;
pub mod threads;
