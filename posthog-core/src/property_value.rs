//! What can be the value, the key and the name of something that is sent.
//!
//! Each of these traits is implemented for all types that will do. They are there for what the compiler says about others.

use std::fmt::{Debug, Display};

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

/// A value that is sent as its `Display` text: `key = %value`.
///
/// It is implemented for all such types and has nothing to implement by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as text by `%`",
    label = "does not implement `std::fmt::Display`",
    note = "implement `std::fmt::Display` for it; or write `?value` to send its `Debug` text, `value` for what it serializes to"
)]
pub trait DisplayedValue: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> DisplayedValue for T {}

/// A value that is sent as its `Debug` text: `key = ?value`.
///
/// It is implemented for all such types and has nothing to implement by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as text by `?`",
    label = "does not implement `std::fmt::Debug`",
    note = "derive `Debug` for it; or write `%value` to send its `Display` text, `value` for what it serializes to"
)]
pub trait DebuggedValue: Debug {}

#[diagnostic::do_not_recommend]
impl<T: Debug + ?Sized> DebuggedValue for T {}

/// A key of a property or tag that is computed: anything that is text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a PostHog property",
    label = "is no text",
    note = "a key in parentheses is an expression that implements `AsRef<str>`, such as `&str` and `String`"
)]
pub trait PropertyKey {
    /// The key as text.
    fn property_key(&self) -> &str;
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> PropertyKey for T {
    fn property_key(&self) -> &str {
        self.as_ref()
    }
}
