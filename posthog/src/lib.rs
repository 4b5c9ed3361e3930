//! PostHog for Rust, with contexts.
//!
//! Say once who is acting and what is going on; every event and error captured below that point carries it, across
//! function calls, threads and tasks.
//!
//! ```
//! use posthog::{capture, context, identify_context, tag};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let phc_project_key = posthog::Options::new("phc_project_key").disabled(true);
//! let _posthog = posthog::init(phc_project_key)?; // flushes and stops when dropped
//!
//! context! {
//!     tag!("transaction_id", "abc123");
//!     identify_context("user-7");
//!     capture!("order_processed", total = 9.5);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `tls-ring` (default): TLS by rustls with the ring provider and bundled roots. Without it only `http` hosts work.

mod client;
mod http;
mod init;

pub use client::Client;
pub use init::{Guard, init};
#[doc(inline)]
pub use posthog_core::{
    CaptureMode, CapturedEvent, Clock, Compression, Context, DeliveryFailure, DeliveryFailureKind,
    Event, EventName, FailedEvent, FlushError, Identifier, Immediate, InContext, InitError,
    InvalidSessionId, InvalidTimestamp, NewContext, Options, Properties, PropertyValue, Request,
    Response, Scope, SessionId, Stats, Timestamp, ToTimestamp, ToUuid, Transport, TransportError,
    alias, capture, capture_ai, flush, group_identify, identify, identify_context, new_context,
    set, set_context_device_id, set_context_session, set_once, shutdown, tag, testing,
};
#[doc(inline)]
pub use posthog_macros::{capture, context, scoped, tag};

// Its types show up in error messages: they have a path that is no `__private`.
#[doc(hidden)]
pub use posthog_core::site;

/// What expansions of the macros call. Nothing in here is covered by any promise of stability.
#[doc(hidden)]
pub mod __private {
    pub use posthog_core::expansion::*;
    pub use std::{
        option::Option::{self, None, Some},
        result::Result::{self, Err, Ok},
    };
}
