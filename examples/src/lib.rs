//! What the examples share: a PostHog to send to, and a look at what arrived there.

mod arrived;
mod demo;

pub use arrived::Arrived;
pub use demo::{Demo, ELSEWHERE, Failed};
