//! How a value is held to a tracking plan: its type by the compiler, what only run time can know by a debug build.
//!
//! A macro sees no types. So the expansion asks method resolution whether the type of a value is one of those that are
//! known here, as in [`site`](crate::site): the first rung is for those, and their [`Planned`] bound is then an error if the
//! plan says something else. Any other type, such as one of the user's own, falls to the second rung and passes.
//!
//! ```ignore
//! Planned::<number>::planned((&&Given(value)).__known())
//! ```
//!
//! Its names show up in messages. Those of the types are the words of the plan.

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
    fn planned(&self) {}
}

/// Text.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum string {}
/// Any number.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum number {}
/// A number of an integer type.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum integer {}
/// `true` or `false`.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum boolean {}
/// A list.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum array {}
/// A map.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum object {}
/// Nothing.
#[expect(
    non_camel_case_types,
    reason = "messages show it, and a plan calls it so"
)]
pub enum null {}

/// What the plan says, or `null`.
pub struct Nullable<S>(std::marker::PhantomData<S>);

/// One of several types; `()` stands for one that is not among them.
pub struct OneOf<S, N, I, B, A, O>(std::marker::PhantomData<(S, N, I, B, A, O)>);

/// What a plan says takes values of the kind `K`.
#[doc(hidden)]
pub trait Takes<K> {}
/// What a plan says takes `null`.
#[doc(hidden)]
pub trait TakesNull {}

impl Takes<string> for string {}
impl Takes<number> for number {}
impl Takes<integer> for number {}
impl Takes<integer> for integer {}
impl Takes<boolean> for boolean {}
impl Takes<array> for array {}
impl Takes<object> for object {}
impl TakesNull for null {}
impl<K, S: Takes<K>> Takes<K> for Nullable<S> {}
impl<S> TakesNull for Nullable<S> {}
impl<N, I, B, A, O> Takes<string> for OneOf<string, N, I, B, A, O> {}
impl<S, I, B, A, O> Takes<number> for OneOf<S, number, I, B, A, O> {}
// The macro writes `integer` wherever it writes `number`.
impl<S, N, B, A, O> Takes<integer> for OneOf<S, N, integer, B, A, O> {}
impl<S, N, I, A, O> Takes<boolean> for OneOf<S, N, I, boolean, A, O> {}
impl<S, N, I, B, O> Takes<array> for OneOf<S, N, I, B, array, O> {}
impl<S, N, I, B, A> Takes<object> for OneOf<S, N, I, B, A, object> {}

/// A value that is to be what the plan says.
pub struct Given<'a, T: ?Sized>(pub &'a T);

/// A value of a type that is not known here. It passes.
pub struct Unknown;

impl<S> Planned<S> for Unknown {}

/// The rungs of the decision. They come into scope by one glob import, in a block without user code.
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
