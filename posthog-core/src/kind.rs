//! The kinds of calls: who an event belongs to, and what the context adds to it (CTX-52).

use crate::{
    assemble::{IdLimit, checked_id},
    client::DropReason,
    context::Node,
    identifier::clean,
    illegal_id::is_illegal,
    limits, notice,
    notice::say,
};
use std::borrow::Cow;
use uuid::Uuid;

/// What kind of call an event comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Capture,
    /// As a capture, by the lane for AI events (CAP-5).
    Ai,
    /// As a capture, of a failure that the SDK described.
    Exception,
    Identify,
    /// `set` and `set_once`.
    Person,
    Alias {
        /// The ID that is to mean the same person from now on.
        new_id: Option<String>,
    },
    Group {
        group_type: String,
        key: String,
    },
}

/// Who an event belongs to.
pub(crate) struct Identity<'a> {
    /// Empty where nobody is known.
    pub(crate) distinct_id: Cow<'a, str>,
    /// Nobody is known: the event gets a random ID and makes no person (CAP-46).
    pub(crate) personless: bool,
    /// For an alias, the other ID.
    pub(crate) alias: Option<Cow<'a, str>>,
}

impl Identity<'_> {
    const PERSONLESS: Self = Self {
        distinct_id: Cow::Borrowed(""),
        personless: true,
        alias: None,
    };
}

impl Kind {
    /// Whether the context's tags become properties. Person and group calls describe a person or a group for good; what
    /// is going on at the moment has no place there (CTX-53).
    pub(crate) fn takes_tags(&self) -> bool {
        matches!(self, Self::Capture | Self::Ai | Self::Exception)
    }

    /// Whose event it is: what the call says, then what the context says, then what the kind makes of neither.
    #[inline]
    pub(crate) fn identity<'a>(
        &'a self,
        name: &str,
        explicit: Option<&'a str>,
        context: Option<&'a Node>,
        limit: IdLimit,
    ) -> Result<Identity<'a>, DropReason> {
        let ambient = || context?.merged_ids().distinct.as_deref();
        if self.takes_tags() && explicit.is_none() && ambient().is_none() {
            return Ok(Identity::PERSONLESS);
        }
        self.identity_of(name, explicit, ambient(), limit)
    }

    fn identity_of<'a>(
        &'a self,
        name: &str,
        explicit: Option<&'a str>,
        ambient: Option<&'a str>,
        limit: IdLimit,
    ) -> Result<Identity<'a>, DropReason> {
        let explicit = explicit.and_then(clean);
        let ambient = || ambient.and_then(clean);
        let known = |distinct_id| Identity {
            distinct_id,
            personless: false,
            alias: None,
        };
        match self {
            Self::Capture | Self::Ai | Self::Exception => match explicit.or_else(ambient) {
                Some(id) => Ok(known(checked_id(id, name, limit)?)),
                None => Ok(Identity::PERSONLESS),
            },
            Self::Identify => Ok(known(mergeable(explicit, name, limit)?)),
            Self::Person => {
                let Some(id) = explicit.or_else(ambient) else {
                    say!(
                        Debug,
                        "there is no distinct ID to set person properties for"
                    );
                    return Err(DropReason::NothingToSend);
                };
                Ok(known(checked_id(id, name, limit)?))
            }
            Self::Alias { new_id } => {
                let previous = mergeable(explicit, name, limit)?;
                let new = mergeable(
                    new_id.as_deref().and_then(clean).or_else(ambient),
                    name,
                    limit,
                )?;
                if previous == new {
                    notice::warn_each(format_args!(
                        "the event `{name}` is dropped: both of its distinct IDs are the same"
                    ));
                    return Err(DropReason::Invalid);
                }
                Ok(Identity {
                    alias: Some(new),
                    ..known(previous)
                })
            }
            Self::Group { group_type, key } => {
                checked_group(group_type, key)?;
                match explicit.or_else(ambient) {
                    Some(id) => Ok(known(checked_id(id, name, limit)?)),
                    None => Ok(known(group_id(group_type, key, limit).into())),
                }
            }
        }
    }
}

/// An ID that persons can be merged by: the service refuses others, or pools unrelated users in one person (CAP-45).
fn mergeable<'a>(
    id: Option<Cow<'a, str>>,
    name: &str,
    limit: IdLimit,
) -> Result<Cow<'a, str>, DropReason> {
    let Some(id) = id else {
        notice::warn_each(format_args!(
            "the event `{name}` is dropped: it needs a distinct ID that is not blank"
        ));
        return Err(DropReason::Invalid);
    };
    if is_illegal(&id) {
        notice::warn_each(format_args!(
            "the event `{name}` is dropped: the distinct ID `{id}` stands for nobody"
        ));
        return Err(DropReason::Invalid);
    }
    checked_id(id, name, limit)
}

/// A group that the service takes (CAP-95).
fn checked_group(group_type: &str, key: &str) -> Result<(), DropReason> {
    let reason = if group_type.trim().is_empty() || key.trim().is_empty() {
        "its type or its key is blank"
    } else if key.chars().count() > limits::GROUP_KEY_CHARS {
        "its key has more than 400 characters"
    } else {
        return Ok(());
    };
    notice::warn_each(format_args!("a group is not identified: {reason}"));
    Err(DropReason::Invalid)
}

/// The ID of a group that nobody identifies: always the same, so that it makes one person at most (CAP-96).
fn group_id(group_type: &str, key: &str, limit: IdLimit) -> String {
    let id = format!("${}_{}", group_type.trim(), key.trim());
    if limit.length_of(&id) <= limits::DISTINCT_ID {
        return id;
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, id.as_bytes()).to_string()
}
