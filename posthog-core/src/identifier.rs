//! What can be an ID.

use crate::trimmed::trimmed;
use std::{borrow::Cow, rc::Rc, sync::Arc};
use uuid::Uuid;

/// A distinct ID, session ID or device ID: text, a [`Uuid`] or an integer, or an `Option` of one, where `None` means
/// that no ID is known.
///
/// Integers are written in base 10 (CTX-39, CAP-40), UUIDs lower-case with hyphens.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an ID in PostHog",
    label = "is no text, `Uuid` or integer",
    note = "an ID is text, a `Uuid` or an integer; for a type of your own write `id.to_string()`, or implement `Identifier` for it"
)]
pub trait Identifier {
    /// The ID as text, or `None` where there is none.
    fn identifier(&self) -> Option<Cow<'_, str>>;
}

macro_rules! as_text {
    ($($type:ty)*) => {
        $(impl Identifier for $type {
            fn identifier(&self) -> Option<Cow<'_, str>> {
                Some(Cow::Borrowed(self))
            }
        })*
    };
}

macro_rules! by_display {
    ($($type:ty)*) => {
        $(impl Identifier for $type {
            fn identifier(&self) -> Option<Cow<'_, str>> {
                Some(Cow::Owned(self.to_string()))
            }
        })*
    };
}

macro_rules! through {
    ($($type:ty)*) => {
        $(impl<T: Identifier + ?Sized> Identifier for $type {
            fn identifier(&self) -> Option<Cow<'_, str>> {
                (**self).identifier()
            }
        })*
    };
}

as_text!(str String Cow<'_, str>);
by_display!(Uuid u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
through!(&T &mut T Box<T> Rc<T> Arc<T>);

impl<T: Identifier> Identifier for Option<T> {
    fn identifier(&self) -> Option<Cow<'_, str>> {
        self.as_ref()?.identifier()
    }
}

/// The ID as it is kept: trimmed (CAP-42), without NUL (CAP-43); `None` where it is blank (CTX-38, CAP-41).
pub(crate) fn clean(id: &str) -> Option<Cow<'_, str>> {
    let id = trimmed(id);
    match id {
        "" => None,
        _ if id.contains('\0') => Some(Cow::Owned(id.replace('\0', "\u{FFFD}"))),
        _ => Some(Cow::Borrowed(id)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Identifier, clean};
    use uuid::Uuid;

    #[test]
    fn ctx_39_numbers_and_uuids_become_text() {
        let text = |id: &dyn Identifier| id.identifier().map(std::borrow::Cow::into_owned);
        assert_eq!(text(&-17i64).as_deref(), Some("-17"));
        assert_eq!(
            text(&u128::MAX).as_deref(),
            Some("340282366920938463463374607431768211455")
        );
        assert_eq!(
            text(&Uuid::nil()).as_deref(),
            Some("00000000-0000-0000-0000-000000000000")
        );
        assert_eq!(text(&Some("x")).as_deref(), Some("x"));
        assert_eq!(text(&None::<u8>), None);
        assert_eq!(text(&&String::from("s")).as_deref(), Some("s"));
    }

    #[test]
    fn cap_42_an_id_is_trimmed_and_a_blank_one_is_none() {
        assert_eq!(clean(" u-1\n").as_deref(), Some("u-1"));
        assert_eq!(clean(" \t\u{a0}"), None);
        assert_eq!(clean("a\0b").as_deref(), Some("a\u{FFFD}b"));
    }
}
