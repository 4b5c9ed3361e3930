//! The routes of the service that are known here, and where each has its rules.
//!
//! A further route is a further variant: the compiler then asks for its rules.

use serde_json::Value;

use crate::check::{self, Refusal};
use crate::promises;
use crate::received::Received;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// V0: `/batch/`.
    Batch,
}

impl Endpoint {
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/batch/" => Some(Self::Batch),
            _ => None,
        }
    }

    /// Whether the service accepts this body.
    pub(crate) fn check(self, body: &Value) -> Result<(), Refusal> {
        match self {
            Self::Batch => check::batch(body),
        }
    }

    /// What the SDK promised about this request and did not keep.
    pub(crate) fn broken_promises(self, request: &Received, text: Option<&[u8]>) -> Vec<String> {
        match self {
            Self::Batch => promises::batch(request, text),
        }
    }

    /// The body of the answer to an accepted request.
    pub(crate) fn success(self) -> &'static str {
        match self {
            Self::Batch => r#"{"status":1}"#,
        }
    }
}
