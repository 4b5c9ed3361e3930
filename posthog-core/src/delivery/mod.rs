//! From a captured event to an acknowledged one.
//!
//! A [`Lane`] is a queue with a worker of its own. What happens when is decided by [`schedule`], which knows neither
//! threads nor time; [`lane`] is the plumbing around it: a lock, a condition, and one thread.
//!
//! Invariant: an event that was admitted is counted exactly once, as delivered or as failed.

mod compression;
mod lane;
mod queue;
mod retry;
mod retry_after;
mod schedule;
mod v0;

pub use compression::Compression;
pub(crate) use lane::{Lane, LaneOptions};
