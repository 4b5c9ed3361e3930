//! What can be the value of a property or tag.

use crate::event::Event;

/// A value of a property or tag: anything that implements [`serde::Serialize`].
///
/// It is implemented for all such types and has nothing to implement by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a PostHog property",
    label = "does not implement `serde::Serialize`",
    note = "derive `serde::Serialize` for it, or write `%value`, `?value` to send its `Display`, `Debug` text"
)]
pub trait PropertyValue: serde::Serialize {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + ?Sized> PropertyValue for T {}

/// What can stand first in `capture!`: a name that is computed, which is anything that is text, or a typed event, which is
/// a struct that derives `Event`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the name of a PostHog event",
    label = "is no text",
    note = "a name is a string literal, or an expression that implements `AsRef<str>`, such as `&str` and `String`; \
            or it is a struct that derives `posthog::Event`"
)]
pub trait EventName {
    /// The name as text.
    fn event_name(&self) -> &str;

    /// The event: for a name, one without properties.
    #[doc(hidden)]
    fn to_event(&self) -> Event {
        Event::new(self.event_name())
    }
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> EventName for T {
    fn event_name(&self) -> &str {
        self.as_ref()
    }
}
