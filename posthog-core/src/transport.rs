//! What delivery asks of the network.

use std::{error::Error, fmt, time::Duration};

/// Sends requests. `posthog` implements it over HTTP, [`testing::Memory`](crate::testing::Memory) in memory.
pub trait Transport: Send + Sync {
    /// Sends one request and waits for its answer, at most for the request's timeout.
    ///
    /// It neither retries nor follows redirects; any status is an answer (DLV-71).
    ///
    /// # Errors
    /// [`TransportError`] where no complete answer came.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;
}

/// A POST request.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// Where it goes.
    pub url: String,
    /// Its headers, beside `Host` and `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// How long it may take as a whole.
    pub timeout: Duration,
    pub(crate) key: String,
}

impl Request {
    /// The project key. The body has it or a header, and the answer may say it back: a transport whose library writes
    /// logs keeps it out of them (DLV-144).
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Debug for Request {
    /// Shows neither body nor headers nor URL: they may carry the key and what users did.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url: _,
            headers: _,
            body,
            timeout,
            key: _,
        } = self;
        f.debug_struct("Request")
            .field("bytes", &body.len())
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

/// The answer to a request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its `Retry-After` header, as it came.
    pub retry_after: Option<String>,
    /// Its body, at most 1 MiB of it (DLV-73).
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with that status, and nothing else.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Adds a `Retry-After` header.
    #[must_use]
    pub fn with_retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }

    /// Adds a body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// Why no complete answer came. Its text never holds the URL.
#[derive(Debug)]
#[non_exhaustive]
pub enum TransportError {
    /// Not within the request's timeout.
    TimedOut {
        /// The timeout.
        after: Duration,
    },
    /// The connection failed, or broke off.
    Connection {
        /// What the network said.
        reason: String,
    },
}

impl Error for TransportError {}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { after } => write!(f, "no answer within {after:?}"),
            Self::Connection { reason } => write!(f, "the connection failed: {reason}"),
        }
    }
}
