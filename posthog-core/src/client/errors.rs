//! What can go wrong where the caller is told.

/// Why there is no client.
///
/// It names the option at fault and never shows a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The project key cannot be one.
    #[error(
        "the option `api_key` is malformed: {reason}; write the project key of the project's settings (`phc_…`)"
    )]
    ApiKey {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The host cannot be one.
    #[error("the option `host` is malformed: {reason}; write it like `https://us.i.posthog.com`")]
    Host {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The compression is not one that the capture mode knows (DLV-3).
    #[error(
        "the option `compression` does not fit: with capture mode V0 it is gzip or none; take V1 for the others"
    )]
    Compression,
    /// There is a global client already; it stays (CAP-7).
    #[error(
        "PostHog is initialised already: `init` is called once, and again only after its guard was dropped"
    )]
    AlreadyInitialised,
    /// The host is `https`, and there is no TLS.
    ///
    /// The program was built without a feature that brings one; or with `tls-app-provider` alone, and has not installed
    /// a provider yet.
    #[error(
        "the option `host` is https, but there is no TLS: enable one of the features `tls-ring`, `tls-aws-lc-rs` and \
         `tls-native` of `posthog`; or, with `tls-app-provider`, install a `rustls` `CryptoProvider` as the process \
         default before"
    )]
    NoTls,
}

/// Not everything was final in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{pending} events were neither delivered nor given up in time")]
#[non_exhaustive]
pub struct FlushError {
    /// How many events were pending when the time was up.
    pub pending: u64,
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
