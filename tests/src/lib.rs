//! A local `PostHog`, to test and try the SDK against.
//!
//! [`LocalPostHog`] is a real HTTP server on loopback: it accepts and refuses what the ingestion service accepts and
//! refuses, keeps what it accepted, and fails on request in the ways networks and services fail ([`Fault`]). What the
//! service would let pass but this SDK promises never to send is noted in [`LocalPostHog::violations`].
//!
//! It knows `POST /batch/`, `POST /i/v1/analytics/events` and `POST /i/v0/ai/batch/`, and answers 404 to everything else.
//! It does not process events (no persons, no deduplication) and speaks no TLS.
//!
//! [`gallery`] has forty ways to fail, and what error tracking shows of each.
//!
//! [`adapter`] is a program of its own: the SDK behind the HTTP interface of `PostHog`'s test harness.

mod accepted;
pub mod adapter;
mod answer;
mod body;
mod check;
mod check_v1;
mod duplicate_keys;
mod endpoint;
mod fault;
pub mod gallery;
mod gate;
mod listening;
mod local_posthog;
mod promises;
mod promises_v1;
mod received;
mod service;
mod store;
mod verdict;
mod wire;

pub use fault::Fault;
pub use gate::Gate;
pub use local_posthog::LocalPostHog;
pub use received::Received;

/// The code of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
