//! The same work written by hand, with nothing around it: what a library could reach.
//!
//! An event becomes JSON on the thread that captures and goes to the end of a shared buffer; a worker sends that over a bare
//! socket. There are no checks, no limits, no hooks, no retries, and no answer is looked at beyond its status.

pub mod context;
pub mod event;
pub mod queue;
