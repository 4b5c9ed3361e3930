//! The routes of the service that are known here, and where each has its rules.
//!
//! A further route is a further variant: the compiler then asks for its rules.

use std::sync::Arc;

use serde_json::Value;

use crate::accepted::Accepted;
use crate::body;
use crate::check::{self, Refusal};
use crate::check_v1;
use crate::promises;
use crate::promises_v1;
use crate::received::Received;
use crate::verdict::Verdict;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// V0: `/batch/`.
    Batch,
    /// V1: `/i/v1/analytics/events`, which answers for each event.
    V1,
    /// AI events: `/i/v0/ai/batch/`, with the body of V0.
    Ai,
}

impl Endpoint {
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/batch/" => Some(Self::Batch),
            "/i/v1/analytics/events" => Some(Self::V1),
            "/i/v0/ai/batch/" => Some(Self::Ai),
            _ => None,
        }
    }

    /// Whether the service reads on after the headers. `authorization` is the header of that name, which no
    /// [`Received`] shows.
    pub(crate) fn check_head(
        self,
        request: &Received,
        authorization: Option<&str>,
    ) -> Result<(), Refusal> {
        match self {
            Self::Batch | Self::Ai => Ok(()),
            Self::V1 => check_v1::head(request, authorization),
        }
    }

    /// What the service accepts of this body.
    pub(crate) fn check(self, body: &Arc<Value>) -> Result<Accepted, Refusal> {
        match self {
            Self::Batch => check::batch(body)?,
            Self::Ai => check::ai_batch(body)?,
            Self::V1 => {
                check_v1::batch(body)?;
                let verdicts = body::events(body).iter().map(Verdict::of).collect();
                return Ok(Accepted::by_verdict(Arc::clone(body), verdicts));
            }
        }
        Ok(Accepted::whole(Arc::clone(body)))
    }

    /// What the SDK promised about this request and did not keep.
    pub(crate) fn broken_promises(self, request: &Received, text: Option<&[u8]>) -> Vec<String> {
        match self {
            Self::Batch => promises::batch(request, text),
            Self::Ai => promises::ai_batch(request, text),
            Self::V1 => promises_v1::batch(request, text),
        }
    }
}
