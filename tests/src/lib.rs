//! A local `PostHog`, to test and try the SDK against.
//!
//! [`LocalPostHog`] is a real HTTP server on loopback: it accepts and refuses what the ingestion service accepts and
//! refuses, keeps what it accepted, and fails on request in the ways networks and services fail ([`Fault`]). What the
//! service would let pass but this SDK promises never to send is noted in [`LocalPostHog::violations`].
//!
//! It does not process events (no persons, no deduplication), speaks no TLS, and answers 404 to everything but
//! `POST /batch/`.

mod answer;
mod body;
mod check;
mod duplicate_keys;
mod endpoint;
mod fault;
mod gate;
mod listening;
mod local_posthog;
mod promises;
mod received;
mod service;
mod store;
mod wire;

pub use fault::Fault;
pub use gate::Gate;
pub use local_posthog::LocalPostHog;
pub use received::Received;

/// The code of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
