//! The wire formats.

/// How a lane speaks to the service. `V0` and `Ai` share a body and differ in where it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    V0,
    V1,
    Ai,
}

impl Form {
    /// Where batches go, below the host (DLV-14).
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::V0 => "/batch/",
            Self::V1 => "/i/v1/analytics/events",
            Self::Ai => "/i/v0/ai/batch/",
        }
    }

    /// What the lane is called in logs and failures.
    pub(super) fn lane(self) -> &'static str {
        match self {
            Self::V0 | Self::V1 => "analytics",
            Self::Ai => "ai",
        }
    }

    /// Whether the service may take the same request later (DLV-96).
    pub(super) fn is_retryable(self, status: u16) -> bool {
        match self {
            Self::V0 | Self::Ai => matches!(status, 408 | 429 | 500..=599),
            // Overload is signalled by 5xx there, and 429 is final.
            Self::V1 => matches!(status, 408 | 500 | 502 | 503 | 504),
        }
    }
}
