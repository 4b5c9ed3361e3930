//! How a value is held to a tracking plan: its type by the compiler, what only run time can know by a debug build.
//!
//! A macro sees no types. So the expansion asks method resolution whether the type of a value is one of those that are
//! known here, as in [`site`](crate::site): the first rung is for those, and their [`Planned`] bound is then an error if the
//! plan says something else. Any other type, such as one of the user's own, falls to the second rung and passes.
//!
//! ```ignore
//! Planned::<JsonNumber>::planned((&&Given(value)).__known())
//! ```
//!
//! Its names show up in messages, where the compiler leaves the path away of a name that is there once among all that can be
//! seen. So nothing that is shown is hidden from the documentation, and none has a name that std has as well.

mod known;
mod observed;

pub use observed::Expected;

/// A value that may be what the tracking plan says.
#[diagnostic::on_unimplemented(
    message = "the tracking plan says `{S}` here, and this is `{Self}`",
    label = "is not what the tracking plan says",
    note = "`posthog.plan.json` says what each property and tag is; give it another value, or change the plan"
)]
pub trait Planned<S> {
    #[doc(hidden)]
    fn planned(&self) {}
}

/// Text.
pub enum JsonString {}
/// Any number.
pub enum JsonNumber {}
/// A number of an integer type.
pub enum JsonInteger {}
/// `true` or `false`.
pub enum JsonBoolean {}
/// A list.
pub enum JsonArray {}
/// A map.
pub enum JsonObject {}
/// Nothing.
pub enum JsonNull {}

/// What the plan says, or `null`.
pub struct Nullable<S>(std::marker::PhantomData<S>);

/// One of several types; `()` stands for one that is not among them, and is not shown at the end.
pub struct OneOf<S = (), N = (), I = (), B = (), A = (), O = ()>(
    std::marker::PhantomData<(S, N, I, B, A, O)>,
);

/// What a plan says takes values of the kind `K`.
#[doc(hidden)]
pub trait Takes<K> {}
/// What a plan says takes `null`.
#[doc(hidden)]
pub trait TakesNull {}

impl Takes<JsonString> for JsonString {}
impl Takes<JsonNumber> for JsonNumber {}
impl Takes<JsonInteger> for JsonNumber {}
impl Takes<JsonInteger> for JsonInteger {}
impl Takes<JsonBoolean> for JsonBoolean {}
impl Takes<JsonArray> for JsonArray {}
impl Takes<JsonObject> for JsonObject {}
impl TakesNull for JsonNull {}
impl<K, S: Takes<K>> Takes<K> for Nullable<S> {}
impl<S> TakesNull for Nullable<S> {}
impl<N, I, B, A, O> Takes<JsonString> for OneOf<JsonString, N, I, B, A, O> {}
impl<S, I, B, A, O> Takes<JsonNumber> for OneOf<S, JsonNumber, I, B, A, O> {}
// The macro writes `JsonInteger` wherever it writes `JsonNumber`.
impl<S, N, B, A, O> Takes<JsonInteger> for OneOf<S, N, JsonInteger, B, A, O> {}
impl<S, N, I, A, O> Takes<JsonBoolean> for OneOf<S, N, I, JsonBoolean, A, O> {}
impl<S, N, I, B, O> Takes<JsonArray> for OneOf<S, N, I, B, JsonArray, O> {}
impl<S, N, I, B, A> Takes<JsonObject> for OneOf<S, N, I, B, A, JsonObject> {}

/// A value that is to be what the plan says.
#[doc(hidden)]
pub struct Given<'a, T: ?Sized>(pub &'a T);

/// A value of a type that is not known here. It passes.
#[doc(hidden)]
pub struct Unknown;

#[diagnostic::do_not_recommend]
impl<S> Planned<S> for Unknown {}

/// The rungs of the decision. They come into scope by one glob import, in a block without user code.
#[doc(hidden)]
pub mod probe {
    use super::{Given, Unknown, known::Known};

    /// First rung: a type that is known.
    pub trait KnownType<'a> {
        type Type: ?Sized;
        fn __known(&self) -> &'a Self::Type;
    }
    impl<'a, T: Known + ?Sized> KnownType<'a> for &Given<'a, T> {
        type Type = T;
        fn __known(&self) -> &'a T {
            self.0
        }
    }

    /// Last rung: any other.
    pub trait AnyType {
        fn __known(&self) -> &'static Unknown;
    }
    impl<T: ?Sized> AnyType for Given<'_, T> {
        fn __known(&self) -> &'static Unknown {
            &Unknown
        }
    }
}
