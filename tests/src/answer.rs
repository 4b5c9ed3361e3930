//! What is sent back: decided first, then acted out.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::check::Refusal;
use crate::endpoint::Endpoint;
use crate::fault::{Fault, Recovery};
use crate::wire::Wire;

/// Everything that can happen to a request in the end.
pub(crate) enum Answer {
    /// HTTP, in order.
    Http(Response),
    /// Bytes past the HTTP server, then what follows them. The status is the one the bytes speak of.
    Raw {
        status: Option<u16>,
        bytes: String,
        then: Then,
    },
}

/// What happens to the connection after raw bytes.
pub(crate) enum Then {
    Close,
    Reset,
    KeepOpen,
    /// Nothing more, until the server recovers or the client leaves.
    Hang,
    /// This chunk, until so many bytes were sent.
    Repeat {
        chunk: String,
        bytes: usize,
    },
}

impl Answer {
    pub(crate) fn text(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<String>,
    ) -> Self {
        Self::Http((status, [(header::CONTENT_TYPE, content_type)], body.into()).into_response())
    }

    /// The answer to a request that met this fault, or none. `success` is the body of the normal one.
    ///
    /// A [`Fault::Delay`] is over when this is asked.
    pub(crate) fn to(fault: Option<Fault>, success: &str) -> Self {
        let status_line = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        let ok = |rest: String, then| Self::Raw {
            status: Some(200),
            bytes: format!("{status_line}{rest}"),
            then,
        };
        let silent = |then| Self::Raw {
            status: None,
            bytes: String::new(),
            then,
        };
        let Some(fault) = fault else {
            return Self::text(StatusCode::OK, "application/json", success);
        };
        match fault {
            Fault::Status(status) => {
                let status = status_code(status);
                Self::text(
                    status,
                    "text/plain",
                    status.canonical_reason().unwrap_or("a fault"),
                )
            }
            Fault::StatusWith {
                status,
                retry_after,
                body,
            } => {
                let mut response = (status_code(status), body).into_response();
                if let Some(value) =
                    retry_after.and_then(|value| HeaderValue::from_str(&value).ok())
                {
                    response.headers_mut().insert(header::RETRY_AFTER, value);
                }
                Self::Http(response)
            }
            Fault::Delay(_) | Fault::Results(_) => Self::to(None, success),
            Fault::HangBeforeHeaders => silent(Then::Hang),
            Fault::HangInBody => ok(
                format!("Content-Length: {}\r\n\r\n{success}", success.len() + 1000),
                Then::Hang,
            ),
            Fault::TruncateBody => ok(
                format!("Content-Length: {}\r\n\r\n{success}", success.len() + 1000),
                Then::Close,
            ),
            Fault::WrongContentLength => ok(
                format!("Content-Length: 2\r\n\r\n{success}"),
                Then::KeepOpen,
            ),
            Fault::ResetBeforeRead | Fault::ResetAfterRead | Fault::AcceptThenReset => {
                silent(Then::Reset)
            }
            Fault::Garbage => Self::Raw {
                status: None,
                bytes: "\u{1}\u{2}\u{3} this is not HTTP \u{0}\r\n\r\n".to_owned(),
                then: Then::Close,
            },
            Fault::Raw(bytes) => Self::Raw {
                status: bytes
                    .split(' ')
                    .nth(1)
                    .and_then(|status| status.parse().ok()),
                bytes,
                then: Then::Close,
            },
            Fault::Nonsense => Self::text(
                StatusCode::OK,
                "text/html",
                "<html><body>Please log in to the network</body></html>",
            ),
            Fault::Endless => {
                let chunk = format!("{ENDLESS_CHUNK:x}\r\n{}\r\n", " ".repeat(ENDLESS_CHUNK));
                ok(
                    "Transfer-Encoding: chunked\r\n\r\n".to_owned(),
                    Then::Repeat {
                        chunk,
                        bytes: ENDLESS_BYTES,
                    },
                )
            }
            Fault::Redirect(location) => {
                let location =
                    HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/"));
                Self::Http(
                    (
                        StatusCode::TEMPORARY_REDIRECT,
                        [(header::LOCATION, location)],
                    )
                        .into_response(),
                )
            }
        }
    }

    /// A refusal by the service, in words or, by V1, as JSON (DLV-122).
    pub(crate) fn refused(refusal: Refusal, endpoint: Option<Endpoint>) -> Self {
        let Refusal {
            status,
            code,
            reason,
        } = refusal;
        if endpoint == Some(Endpoint::V1) {
            let body = json!({ "error": code, "error_description": reason });
            Self::text(status, "application/json", body.to_string())
        } else {
            Self::text(status, "text/plain", reason)
        }
    }

    /// The status that the client sees, if any.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Http(response) => Some(response.status().as_u16()),
            Self::Raw { status, .. } => *status,
        }
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status()
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Sends it, and returns what the HTTP server is to send, which `wire` discards if it is already sent.
    pub(crate) async fn act(self, wire: &Wire, recovery: Recovery) -> Response {
        let (bytes, then) = match self {
            Self::Http(response) => return response,
            Self::Raw {
                status: _,
                bytes,
                then,
            } => (bytes, then),
        };
        // Failing to write means that the client has left; then nothing that follows can matter to it.
        if wire.say(bytes.as_bytes()).await.is_ok() {
            match then {
                Then::Close => wire.close(),
                Then::Reset => wire.reset(),
                Then::KeepOpen => wire.discard_answer(),
                Then::Hang => {
                    recovery.wait().await;
                    wire.reset();
                }
                Then::Repeat { chunk, bytes } => {
                    let mut left = bytes;
                    while left > 0 && wire.say(chunk.as_bytes()).await.is_ok() {
                        left = left.saturating_sub(chunk.len());
                        tokio::task::yield_now().await; // a client that reads fast must not keep the thread busy
                    }
                    wire.close();
                }
            }
        } else {
            wire.close();
        }
        StatusCode::OK.into_response()
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR) // checked when the fault was planned
}

const ENDLESS_CHUNK: usize = 64 * 1024;
const ENDLESS_BYTES: usize = 10_000_000_000;
