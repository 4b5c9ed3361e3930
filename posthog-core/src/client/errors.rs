//! What can go wrong where the caller is told.

use std::{error::Error, fmt};

/// Why there is no client.
///
/// It names the option at fault and never shows a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InitError {
    /// The project key cannot be one.
    ApiKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The host cannot be one.
    Host {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The compression is not one that the capture mode knows (DLV-3).
    Compression,
    /// There is a global client already; it stays (CAP-7).
    AlreadyInitialised,
    /// The host is `https`, and there is no TLS.
    ///
    /// The program was built without a feature that brings one; or with `tls-app-provider` alone, and has not installed
    /// a provider yet.
    NoTls,
}

impl Error for InitError {}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey { reason } => write!(
                f,
                "the option `api_key` is malformed: {reason}; write the project key of the project's settings (`phc_…`)"
            ),
            Self::Host { reason } => write!(
                f,
                "the option `host` is malformed: {reason}; write it like `https://us.i.posthog.com`"
            ),
            Self::Compression => f.write_str(
                "the option `compression` does not fit: with capture mode V0 it is gzip or none; take V1 for the others",
            ),
            Self::AlreadyInitialised => f.write_str(
                "PostHog is initialised already: `init` is called once, and again only after its guard was dropped",
            ),
            Self::NoTls => f.write_str(
                "the option `host` is https, but there is no TLS: enable one of the features `tls-ring`, `tls-aws-lc-rs` and \
                 `tls-native` of `posthog`; or, with `tls-app-provider`, install a `rustls` `CryptoProvider` as the process \
                 default before",
            ),
        }
    }
}

/// Not everything was final in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FlushError {
    /// How many events were pending when the time was up.
    pub pending: u64,
}

impl Error for FlushError {}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pending } = self;
        write!(
            f,
            "{pending} events were neither delivered nor given up in time"
        )
    }
}

impl FlushError {
    pub(crate) fn unless_none(pending: u64) -> Result<(), Self> {
        if pending == 0 {
            Ok(())
        } else {
            Err(Self { pending })
        }
    }
}
