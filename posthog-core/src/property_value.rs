//! What can be the value of a property or tag.

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

/// A name of an event that is computed: anything that is text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the name of a PostHog event",
    label = "is no text",
    note = "a name is a string literal, or an expression that implements `AsRef<str>`, such as `&str` and `String`"
)]
pub trait EventName {
    /// The name as text.
    fn event_name(&self) -> &str;
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> EventName for T {
    fn event_name(&self) -> &str {
        self.as_ref()
    }
}
