//! From a captured event to an acknowledged one.
//!
//! A [`lane`] is a queue with a worker of its own. What happens when is decided by [`schedule`], which knows neither
//! threads nor time, after [`answer`] has said what the service meant; the lane is the plumbing around it: a lock, a
//! condition, and one thread.
//!
//! Invariant: an event that was admitted is counted exactly once, as delivered or as failed.

mod answer;
mod batch;
mod block;
mod bytes;
mod compression;
mod cut;
mod events;
mod failure;
mod form;
mod lane;
mod lanes;
mod queue;
mod retry;
mod retry_after;
mod schedule;
mod v0;
pub(crate) mod v1;
mod wire;

pub use compression::Compression;
pub(crate) use failure::OnError;
pub use failure::{DeliveryFailure, DeliveryFailureKind, FailedEvent};
pub(crate) use lane::may_wait;
pub(crate) use lanes::{Flush, Lanes};
