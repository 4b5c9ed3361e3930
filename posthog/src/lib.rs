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
//! What speaks TLS to an `https` host. A provider that the program installed as rustls's process default comes first,
//! whichever it is; then, of several features, the first of these:
//!
//! - `tls-aws-lc-rs`: rustls with the aws-lc-rs provider.
//! - `tls-ring` (default): rustls with the ring provider.
//! - `tls-native`: the platform's own TLS and root certificates; on Linux that is OpenSSL.
//! - `tls-app-provider`: rustls with no provider but the one that the program installed before [`init`].
//!
//! Without any, only `http` hosts work, and [`init`] says so.
//!
//! - `tls-platform-roots`: `RootCertificates::platform`, for an [`HttpTransport`], to choose instead of the bundled ones.
//!
//! What failures say of their place:
//!
//! - `backtrace` (default): their stack. Without it, the one place that the compiler knows: file, line and function.
//! - `anyhow`: the stack that an `anyhow::Error` has of its own, instead of that of the place where it left the context. Its
//!   names are looked up on the thread that captures, which can take long the first time.
//!
//! How requests may be compressed beside gzip, by [`Options::compression`] and with [`CaptureMode::V1`] only:
//!
//! - `deflate`, `zstd`, `br`: [`Compression`] has further values.
//!
//! - `plan`: the tool `posthog-plan`, for tracking plans. The macros hold a program to its plan without it.

mod client;
mod init;
mod transport;

pub use client::Client;
pub use init::{Guard, init, init_with};
#[doc(inline)]
pub use posthog_core::{
    CaptureMode, CapturedEvent, Clock, Compression, Context, DebuggedValue, DeliveryFailure,
    DeliveryFailureKind, DisplayedValue, Draft, Event, EventName, Exception, ExceptionRateLimit,
    ExceptionText, FailedEvent, FlushError, Identifier, Immediate, InContext, InitError,
    InvalidSessionId, InvalidTimestamp, Level, NewContext, Options, Properties, PropertyKey,
    PropertyValue, Request, Response, Scope, SessionId, Stats, Timestamp, ToLevel, ToTimestamp,
    ToUuid, Transport, TransportError, alias, capture, capture_ai, capture_exception, flush,
    flush_async, group_identify, identify, identify_context, new_context, set,
    set_context_device_id, set_context_session, set_once, shutdown, tag, testing,
};
#[doc(inline)]
pub use posthog_macros::{Event, capture, capture_exception, context, scoped, tag};

pub use transport::{HttpTransport, HttpTransportBuilder};
#[cfg(feature = "_tls")]
pub use transport::{InvalidRootCertificates, RootCertificates};

/// What the compiler's messages about the macros can name. There is nothing in here to use.
pub use posthog_core::{planned, site};

/// What expansions of the macros call. Nothing in here is covered by any promise of stability.
#[doc(hidden)]
pub mod __private {
    pub use posthog_core::expansion::*;
    pub use std::{
        cfg, column, concat,
        convert::From,
        file, include_bytes, line,
        option::Option::{self, None, Some},
        primitive::str,
        result::Result::{self, Err, Ok},
    };
}
