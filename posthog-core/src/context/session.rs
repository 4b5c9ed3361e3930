//! Session IDs. A server makes none of its own: it passes on those that were made elsewhere (CTX-150).

use crate::{Identifier, fresh_uuid::fresh_uuid, uuid_text};
use std::{error::Error, fmt};
use uuid::Uuid;

/// A session ID: a UUID of version 7 (CTX-151).
///
/// ```
/// use posthog_core::SessionId;
/// let id: SessionId = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11".parse()?;
/// assert_eq!(id.to_string(), "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11");
/// # Ok::<(), posthog_core::InvalidSessionId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SessionId(Uuid);

/// Why something is no session ID. It never repeats what was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InvalidSessionId {
    /// Nothing was given, or only white space.
    Blank,
    /// The text is no UUID.
    NotAUuid,
    /// It is a UUID, but not of version 7.
    WrongVersion {
        /// The version that it is of.
        version: usize,
    },
}

impl Error for InvalidSessionId {}

impl fmt::Display for InvalidSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => {
                f.write_str("the session ID is blank: give the UUIDv7 that the frontend made")
            }
            Self::NotAUuid => {
                f.write_str("the session ID is no UUID: give the UUIDv7 that the frontend made")
            }
            Self::WrongVersion { version } => write!(
                f,
                "the session ID is a UUID of version {version}, not of version 7"
            ),
        }
    }
}

impl SessionId {
    /// A new ID, for tests and batch jobs that have no frontend (CTX-152).
    #[must_use]
    pub fn new_v7() -> Self {
        Self(fresh_uuid())
    }

    /// Reads an ID from text or a [`Uuid`].
    ///
    /// # Errors
    /// [`InvalidSessionId`] where it is blank, no UUID, or a UUID of another version.
    pub fn parse<I: Identifier + ?Sized>(id: &I) -> Result<Self, InvalidSessionId> {
        let text = id.identifier().unwrap_or_default();
        match text.trim() {
            "" => Err(InvalidSessionId::Blank),
            text => uuid_text::parse(text)
                .map(Uuid::from_u128)
                .ok_or(InvalidSessionId::NotAUuid)?
                .try_into(),
        }
    }
}

impl TryFrom<Uuid> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(uuid: Uuid) -> Result<Self, InvalidSessionId> {
        if uuid_text::is_version_7(uuid.as_u128()) {
            return Ok(Self(uuid));
        }
        let version = uuid.get_version_num();
        Err(InvalidSessionId::WrongVersion { version })
    }
}

impl std::str::FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        Self::parse(text)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Identifier for SessionId {
    fn identifier(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some(self.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidSessionId, SessionId};
    use uuid::Uuid;

    #[test]
    fn ctx_151_only_a_uuid_of_version_7_is_a_session_id() {
        assert!(SessionId::parse(&Uuid::now_v7()).is_ok());
        assert!(SessionId::parse(&SessionId::new_v7()).is_ok());
        assert_eq!(SessionId::parse("  "), Err(InvalidSessionId::Blank));
        assert_eq!(
            SessionId::parse(&None::<&str>),
            Err(InvalidSessionId::Blank)
        );
        assert_eq!(
            SessionId::parse("session-1"),
            Err(InvalidSessionId::NotAUuid)
        );
        assert_eq!(
            SessionId::parse("00000000-0000-4000-8000-000000000000"),
            Err(InvalidSessionId::WrongVersion { version: 4 })
        );
        assert_eq!(
            SessionId::parse(&Uuid::nil()),
            Err(InvalidSessionId::WrongVersion { version: 0 })
        );
    }

    #[test]
    fn ctx_152_a_new_id_is_valid() {
        assert_eq!(
            SessionId::new_v7()
                .to_string()
                .parse::<SessionId>()
                .map(|_| ()),
            Ok(())
        );
    }
}
