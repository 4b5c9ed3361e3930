//! The transport over HTTP.

use posthog_core::{Request, Response, Transport, TransportError};
use std::{fmt, io::Read};

/// Sends requests over HTTP/1.1 and keeps the connection for the next one.
///
/// It neither retries nor follows redirects: what to do with an answer is the worker's to decide (DLV-71).
#[derive(Clone)]
pub(crate) struct Http(ureq::Agent);

/// How much of an answer is read (DLV-73).
const MAX_ANSWER_BYTES: u64 = 1 << 20;

impl Http {
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(64 << 10)
            .build();
        Self(config.new_agent())
    }
}

impl Transport for Http {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let failed = |error: ureq::Error| failure(&error, request);
        let mut builder = self
            .0
            .post(&request.url)
            .config()
            .timeout_global(Some(request.timeout))
            .build();
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let mut answer = builder.send(&request.body[..]).map_err(failed)?;
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut body = Vec::new();
        let read = answer
            .body_mut()
            .as_reader()
            .take(MAX_ANSWER_BYTES)
            .read_to_end(&mut body);
        // A body that breaks off leaves open what became of the request (DLV-74).
        read.map_err(|error| failure(&ureq::Error::from(error), request))?;
        let mut response = Response::new(answer.status().as_u16()).with_body(body);
        response.retry_after = retry_after;
        Ok(response)
    }
}

/// What went wrong, without the URL and what else an error may quote.
fn failure(error: &ureq::Error, request: &Request) -> TransportError {
    let reason = match error {
        ureq::Error::Timeout(_) => {
            return TransportError::TimedOut {
                after: request.timeout,
            };
        }
        ureq::Error::Io(error) => {
            return TransportError::Connection {
                reason: error.kind().to_string(),
            };
        }
        ureq::Error::HostNotFound => "the host was not found",
        ureq::Error::ConnectionFailed => "no connection could be made",
        ureq::Error::Tls(reason) => reason,
        ureq::Error::Protocol(_) => "the answer is no HTTP",
        ureq::Error::LargeResponseHeader(..) => "the answer's headers are too large",
        _ => "the request could not be made",
    };
    TransportError::Connection {
        reason: reason.to_owned(),
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}
