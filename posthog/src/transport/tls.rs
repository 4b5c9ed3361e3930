//! Which TLS stack is used, and what it says when it fails.
//!
//! rustls is never left to choose its provider: where a build has two of them, or none, it panics.

use std::io;

#[cfg(feature = "_rustls")]
use rustls::crypto::CryptoProvider;
#[cfg(feature = "_rustls")]
use std::sync::Arc;
#[cfg(feature = "_tls")]
use {
    super::RootCertificates,
    ureq::tls::{TlsConfig, TlsProvider},
};

/// A TLS stack that works.
#[derive(Clone)]
pub(super) enum Tls {
    #[cfg(feature = "_rustls")]
    Rustls(Arc<CryptoProvider>),
    #[cfg(feature = "tls-native")]
    Native,
}

impl Tls {
    /// The one that the program installed; else aws-lc-rs, ring, or the platform's, whichever there is first.
    pub(super) fn choose() -> Option<Self> {
        let stacks: &[fn() -> Option<Self>] = &[
            #[cfg(feature = "_rustls")]
            || crypto_provider().map(Self::Rustls),
            #[cfg(feature = "tls-native")]
            || Some(Self::Native),
        ];
        stacks.iter().find_map(|stack| stack())
    }

    /// How ureq is told.
    #[cfg(feature = "_tls")]
    pub(super) fn config(&self, roots: Option<RootCertificates>) -> TlsConfig {
        let (config, by_default) = match self {
            #[cfg(feature = "_rustls")]
            Self::Rustls(provider) => (
                TlsConfig::builder()
                    .provider(TlsProvider::Rustls)
                    .unversioned_rustls_crypto_provider(Arc::clone(provider)),
                RootCertificates::bundled(),
            ),
            #[cfg(feature = "tls-native")]
            Self::Native => (
                TlsConfig::builder().provider(TlsProvider::NativeTls),
                RootCertificates::of_the_platform(),
            ),
        };
        config
            .root_certs(roots.unwrap_or(by_default).into())
            .build()
    }
}

#[cfg(feature = "_rustls")]
fn crypto_provider() -> Option<Arc<CryptoProvider>> {
    // ureq panics over a provider that fits no version of TLS.
    let fits = |provider: &Arc<CryptoProvider>| {
        rustls::ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .is_ok()
    };
    let built_in: &[fn() -> CryptoProvider] = &[
        #[cfg(feature = "tls-aws-lc-rs")]
        rustls::crypto::aws_lc_rs::default_provider,
        #[cfg(feature = "tls-ring")]
        rustls::crypto::ring::default_provider,
    ];
    let installed = CryptoProvider::get_default().cloned();
    installed
        .filter(fits)
        .or_else(|| built_in.first().map(|provider| Arc::new(provider())))
}

/// What the TLS stack said, if this is its word. It quotes the server's certificate at most.
pub(super) fn reason(error: &ureq::Error) -> Option<String> {
    match error {
        #[cfg(feature = "_tls")]
        ureq::Error::Tls(reason) => Some(in_words(reason)),
        #[cfg(feature = "_rustls")]
        ureq::Error::Rustls(error) => Some(in_words(error)),
        #[cfg(feature = "tls-native")]
        ureq::Error::NativeTls(error) => Some(in_words(error)),
        _ => None,
    }
}

/// The same, of an error that came by way of the socket.
pub(super) fn reason_within(error: &io::Error) -> Option<String> {
    #[cfg(feature = "_rustls")]
    if let Some(error) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        return Some(in_words(error));
    }
    let _ = error;
    None
}

#[cfg(feature = "_tls")]
fn in_words(error: impl std::fmt::Display) -> String {
    format!("TLS: {error}")
}
