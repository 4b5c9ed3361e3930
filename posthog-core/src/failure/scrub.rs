//! What an error says, changed before it is sent.

use super::cause::Cause;
use crate::{client::Client, notice, user_code::caught};
use std::{borrow::Cow, sync::Arc};

/// What an entry of an exception says: of the error itself, or of one that caused it.
///
/// Given to the hook of [`Options::scrub_exception`](crate::Options::scrub_exception), which may change it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ExceptionText {
    /// The type's name without its path, such as `PayError`; `Panic` for a panic.
    pub exception_type: String,
    /// What it says: its `Display` text, or the message of a panic.
    pub value: String,
}

/// A hook that changes what errors say.
pub(crate) type ScrubException = Arc<dyn Fn(&mut ExceptionText) + Send + Sync>;

/// Type and text of an entry, as they are sent. `None` if the hook panicked: a filter for privacy may have failed, so
/// nothing that the error says is sent, nor the type where its `Debug` text was asked for it.
pub(super) fn scrubbed<'a>(
    exception_type: &'a str,
    value: &'a str,
    client: &Client,
) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let Some(scrub) = &client.config().scrub_exception else {
        return Some((exception_type.into(), value.into()));
    };
    let mut text = ExceptionText {
        exception_type: exception_type.to_owned(),
        value: value.to_owned(),
    };
    if caught(|| crate::client::as_hook(|| scrub(&mut text))).is_none() {
        notice::warn_each(format_args!(
            "the text of a failure is left out: the `scrub_exception` hook panicked"
        ));
        return None;
    }
    let ExceptionText {
        exception_type: kind,
        value,
    } = text;
    // An entry without a type is none (EXC-11).
    let kind = if kind.is_empty() {
        exception_type.into()
    } else {
        kind.into()
    };
    Some((kind, value.into()))
}

/// The same for an entry of a chain.
pub(super) fn scrubbed_cause<'a>(
    cause: &'a Cause,
    client: &Client,
) -> (Cow<'a, str>, Cow<'a, str>) {
    scrubbed(&cause.type_name, &cause.text, client).unwrap_or_else(|| {
        // A type with a module is known from the program; any other may be what the error says.
        let known = cause.module.is_some();
        let kind = if known { &cause.type_name } else { "Error" };
        (kind.into(), "".into())
    })
}
