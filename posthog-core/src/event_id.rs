//! The UUID of an event.

use crate::uuid_text;
use uuid::Uuid;

/// What can be the UUID of an event: a [`Uuid`], or its text with or without hyphens, in braces, or as a URN (CAP-110).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the UUID of a PostHog event",
    label = "is no `Uuid` and no text",
    note = "write a `uuid::Uuid`, or its text"
)]
pub trait ToUuid {
    /// The UUID, or `None` where the text is none.
    fn to_uuid(&self) -> Option<Uuid>;
}

impl ToUuid for Uuid {
    fn to_uuid(&self) -> Option<Uuid> {
        (!self.is_nil()).then_some(*self)
    }
}

impl ToUuid for str {
    fn to_uuid(&self) -> Option<Uuid> {
        uuid_text::event_id(self).map(Uuid::from_u128)
    }
}

impl ToUuid for String {
    fn to_uuid(&self) -> Option<Uuid> {
        self.as_str().to_uuid()
    }
}

impl<T: ToUuid + ?Sized> ToUuid for &T {
    fn to_uuid(&self) -> Option<Uuid> {
        (**self).to_uuid()
    }
}
