//! Setting the state of the current context.
//!
//! With no context open nothing is set, and nothing is remembered for one opened later (CTX-34).

use super::{InvalidSessionId, SessionId, stack};
use crate::{
    identifier::{self, Identifier},
    illegal_id, notice,
    notice::say,
    properties::Properties,
    property_value::PropertyValue,
};

/// Sets a tag of the current context: a property of every event captured in it and below it (CTX-30).
///
/// An inner context's tag wins over an outer one's, and a property given to `capture` over both (CTX-47). A value that
/// fails to serialize sets nothing, with a warning. Without a context open nothing happens (CTX-34).
///
/// ```
/// # let _scope = posthog_core::new_context().enter();
/// posthog_core::tag("transaction_id", "abc123");
/// ```
pub fn tag(key: impl AsRef<str>, value: impl PropertyValue) {
    let mut tags = Properties::new();
    tags.insert(key, value);
    set_tags(tags);
}

/// Sets several tags at once.
#[doc(hidden)]
pub fn set_tags(mut tags: Properties) {
    if tags.is_broken() {
        notice::warn_each(format_args!(
            "a tag is left out: its value panicked while it was serialized"
        ));
    }
    if !tags.is_empty() {
        change("a tag", |node| node.take_tags(&mut tags));
    }
}

/// Says who is acting: the distinct ID of every event captured in the current context that names none itself (CTX-31).
///
/// It sends nothing (CTX-40). A blank ID is ignored (CTX-38). Without a context open nothing happens (CTX-34).
///
/// ```
/// # let _scope = posthog_core::new_context().enter();
/// posthog_core::identify_context("user-7");
/// posthog_core::identify_context(42);
/// ```
pub fn identify_context(id: impl Identifier) {
    if let Some(id) = distinct_id(&id) {
        change("a distinct ID", |node| {
            node.ids_mut().distinct = Some(id.into());
        });
    }
}

/// Sets the session of the current context: text of a UUIDv7, or a [`Uuid`](uuid::Uuid) (CTX-32, CTX-151).
///
/// Without a context open the ID is checked, and nothing else happens (CTX-34).
///
/// # Errors
/// [`InvalidSessionId`] for anything but a UUID of version 7; the context stays as it was.
pub fn set_context_session(id: impl Identifier) -> Result<(), InvalidSessionId> {
    let id = SessionId::parse(&id)?.to_string();
    change("a session ID", |node| {
        node.ids_mut().session = Some(id.into());
    });
    Ok(())
}

/// Sets the device ID of the current context, which goes with feature-flag requests and not with events (CTX-33, CTX-51).
///
/// A blank ID is ignored (CTX-38). Without a context open nothing happens (CTX-34).
pub fn set_context_device_id(id: impl Identifier) {
    if let Some(id) = device_id(&id) {
        change("a device ID", |node| {
            node.ids_mut().device = Some(id.into());
        });
    }
}

fn change(what: &str, f: impl FnOnce(&mut super::Node)) {
    if !stack::change(f) {
        say!(
            Debug,
            "{what} was set outside any context, which has no effect"
        );
    }
}

/// The ID as given (CTX-39), or `None` where it is blank (CTX-38).
fn present<I: Identifier + ?Sized>(what: &str, id: &I) -> Option<String> {
    let text = id.identifier();
    let present = text
        .as_deref()
        .filter(|text| identifier::clean(text).is_some());
    if present.is_none() {
        say!(Debug, "a blank {what} is ignored");
    }
    present.map(str::to_owned)
}

pub(super) fn distinct_id<I: Identifier + ?Sized>(id: &I) -> Option<String> {
    let id = present("distinct ID", id)?;
    warn_of_illegal(&id);
    Some(id)
}

pub(super) fn device_id<I: Identifier + ?Sized>(id: &I) -> Option<String> {
    present("device ID", id)
}

/// An ID that stands for nobody is used, and warned about once per value (CTX-41, CAP-45). The list is public, so the
/// value may be shown.
pub(crate) fn warn_of_illegal(id: &str) {
    if illegal_id::is_illegal(id) {
        notice::warn_once(format_args!(
            "the distinct ID `{}` stands for nobody: events of different users would be mixed",
            id.trim()
        ));
    }
}
