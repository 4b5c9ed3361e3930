//! Whom to believe.

use std::{error::Error, fmt};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// The authorities that are believed when a server says who it is.
///
/// Given to [`HttpTransportBuilder::root_certificates`](crate::HttpTransportBuilder::root_certificates).
#[derive(Clone)]
pub struct RootCertificates(RootCerts);

impl RootCertificates {
    /// Those that Mozilla believes, built into the program.
    #[must_use]
    pub fn bundled() -> Self {
        Self(RootCerts::WebPki)
    }

    /// Those that the platform believes, asked at each new connection.
    #[cfg(feature = "tls-platform-roots")]
    #[must_use]
    pub fn platform() -> Self {
        Self(RootCerts::PlatformVerifier)
    }

    /// These and no others, in PEM form: the text between `-----BEGIN CERTIFICATE-----` and its end, any number of times.
    ///
    /// # Errors
    /// [`InvalidRootCertificates`] if there is none, or one cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self, InvalidRootCertificates> {
        let mut certificates = Vec::new();
        for item in parse_pem(text) {
            if let PemItem::Certificate(certificate) = item.map_err(|_| InvalidRootCertificates)? {
                certificates.push(certificate);
            }
        }
        Self::only(certificates)
    }

    /// These and no others, each in DER form.
    ///
    /// # Errors
    /// [`InvalidRootCertificates`] if there is none, or one cannot be read.
    pub fn from_der<I>(certificates: I) -> Result<Self, InvalidRootCertificates>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let owned = |der: I::Item| Certificate::from_der(der.as_ref()).to_owned();
        Self::only(certificates.into_iter().map(owned).collect())
    }

    /// The platform's, by a stack that knows them without a feature.
    #[cfg(feature = "tls-native")]
    pub(super) fn of_the_platform() -> Self {
        Self(RootCerts::PlatformVerifier)
    }

    fn only(certificates: Vec<Certificate<'static>>) -> Result<Self, InvalidRootCertificates> {
        if certificates.is_empty() || !certificates.iter().all(is_readable) {
            return Err(InvalidRootCertificates);
        }
        Ok(Self(RootCerts::from(certificates)))
    }
}

impl From<RootCertificates> for RootCerts {
    fn from(certificates: RootCertificates) -> Self {
        certificates.0
    }
}

impl fmt::Debug for RootCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            RootCerts::Specific(certificates) => {
                write!(f, "RootCertificates({} given)", certificates.len())
            }
            RootCerts::PlatformVerifier => f.write_str("RootCertificates(platform)"),
            _ => f.write_str("RootCertificates(bundled)"),
        }
    }
}

/// What was given as root certificates holds none, or one that cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidRootCertificates;

impl fmt::Display for InvalidRootCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the root certificates are malformed, or there are none")
    }
}

impl Error for InvalidRootCertificates {}

/// Whether the stack will take it: it would leave out what it cannot read, without a word.
#[cfg(feature = "_rustls")]
fn is_readable(certificate: &Certificate<'_>) -> bool {
    rustls::RootCertStore::empty()
        .add(certificate.der().into())
        .is_ok()
}

/// The platform's stack shows no way to ask; at least it is a sequence of something.
#[cfg(not(feature = "_rustls"))]
fn is_readable(certificate: &Certificate<'_>) -> bool {
    certificate.der().first() == Some(&0x30)
}
