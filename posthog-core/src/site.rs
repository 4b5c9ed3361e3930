//! How a macro looks at a value whose type it cannot see.
//!
//! `context!` and `#[scoped]` report an `Err` that leaves them, of any error type, without asking for a bound and
//! without changing what the compiler infers about the user's code. A macro sees tokens, not types, so the decision has
//! to be made by method resolution; and it cannot be made where the value stands, because there its type is often still
//! open (`s.parse()?`), and method resolution would settle it the wrong way.
//!
//! So it is made late. Each exit is noted in a [`Site<R, K>`]: `R` is the type of the value that leaves there, `K` how to
//! look at it. At the exit `K` stays open: [`tried`] and [`pass`] only say that there is one. Behind the user's code, where
//! every `R` is known, the expansion asks for it once more, in a branch that never runs:
//!
//! ```ignore
//! (&&&&&&&(&&__site).__kind()).__settle()
//! ```
//!
//! `__kind` tells a `Result` from everything else, `__settle` picks how its error is described. Each `&` is one rung: method
//! resolution tries the impl for the most references first, and falls to the next one when a bound does not hold. The
//! traits of the rungs are in [`probe`], and only in scope for that line.
//!
//! The invariant: nothing here requires `'static`, and nothing here holds a borrow when it returns. Method resolution
//! ignores lifetimes, so an impl with `E: 'static` would be chosen for a borrowed error as well, and then not compile.

use std::{
    any::type_name, cell::Cell, error::Error, fmt::Display, marker::PhantomData, ops::Deref,
    panic::Location, task::Poll,
};

use crate::{client::Client, context::Scope, failure::FailureKind};

// With the rest, so that every name an error can show is in this one module.
#[doc(hidden)]
pub use crate::context::wrap;

/// What `client = expr` can be: a [`Client`], or anything that is `AsRef<Client>`.
///
/// It is implemented for all such types and has nothing to implement by hand.
// The expansion asks for this by itself: a bound on the function that takes the client would show that function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client of PostHog",
    label = "is no `posthog::Client`",
    note = "write `client = &client`, where `client` is a `posthog::Client`"
)]
pub trait AsClient {
    /// The client.
    fn as_client(&self) -> &Client;
}

// Without this the compiler would explain the bounds of the impl instead of the message above; the same further down.
#[diagnostic::do_not_recommend]
impl<C: AsRef<Client> + ?Sized> AsClient for C {
    #[inline]
    fn as_client(&self) -> &Client {
        self.as_ref()
    }
}

/// One exit of a context: a value of type `R` leaves there, and `K` says how to look at it.
///
/// It has no content; it carries the two types from the exit to the place where `K` is chosen.
#[doc(hidden)]
pub struct Site<R, K>(PhantomData<fn(R) -> K>);

impl<R, K> Site<R, K> {
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// A value of the type that leaves here, for code that is only type-checked.
    ///
    /// A method call on it is an error while the type is open. Without that, a context whose value has no type yet would
    /// be taken for something that is no `Result`, and its `Err` would go unseen.
    #[must_use]
    pub fn witness(self) -> R {
        never()
    }
}

impl<R, K> Clone for Site<R, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, K> Copy for Site<R, K> {}

impl<R, K> Default for Site<R, K> {
    fn default() -> Self {
        Self::new()
    }
}

/// A way to look at a value of type `R` that leaves `scope`; the value goes on unchanged.
///
/// Every type can be looked at, one way or another. The compiler finds none only for a type that was still open at the end
/// of the context, where the way was chosen, and was settled behind it.
#[diagnostic::on_unimplemented(
    message = "the type of an error is not known yet where the context ends",
    label = "one of its errors gets its type only behind this context",
    note = "name the type inside the context: `Ok::<_, MyError>(value)`, or `let result: Result<_, MyError> = ...`"
)]
pub trait Look<R> {
    /// Looks at `left`, which leaves at that place, and hands it back.
    fn look(scope: &Scope, left: R, at: Place) -> R;
}

/// How to look at what cannot fail: not at all.
#[doc(hidden)]
pub enum Plain {}

impl<R> Look<R> for Plain {
    #[inline]
    fn look(_: &Scope, left: R, _: Place) -> R {
        left
    }
}

/// How to look at what may have failed, with an error that `D` describes.
#[doc(hidden)]
pub struct Failing<D>(PhantomData<fn() -> D>);

#[diagnostic::do_not_recommend]
impl<R: Fallible, D: DescribedBy<R::Error>> Look<R> for Failing<D> {
    #[inline]
    fn look(scope: &Scope, left: R, at: Place) -> R {
        if let Some(error) = left.error() {
            report::<_, D>(scope, error, at);
        }
        left
    }
}

/// Kept out of line, so that what is inlined into the user's function is one comparison.
#[cold]
fn report<E, D: DescribedBy<E>>(scope: &Scope, error: &E, at: Place) {
    scope.failed(type_name::<E>(), D::describe(error), at);
}

/// A place in the user's code.
#[doc(hidden)]
pub type Place = &'static Location<'static>;

/// The place of this call.
#[doc(hidden)]
#[inline]
#[must_use]
#[track_caller]
pub fn here() -> Place {
    Location::caller()
}

/// What `?` takes and what can hold an error. An `Option` or a `ControlFlow` holds none.
#[doc(hidden)]
pub trait Fallible {
    type Error;
    fn error(&self) -> Option<&Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;
    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

impl<T, E> Fallible for Poll<Result<T, E>> {
    type Error = E;
    #[inline]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        }
    }
}

impl<T, E> Fallible for Poll<Option<Result<T, E>>> {
    type Error = E;
    #[inline]
    fn error(&self) -> Option<&E> {
        match self {
            Poll::Ready(Some(Err(error))) => Some(error),
            _ => None,
        }
    }
}

/// A way to describe an error of type `E`.
#[doc(hidden)]
pub trait DescribedBy<E> {
    fn describe(error: &E) -> FailureKind<'_>;
}

/// It is an [`Error`].
#[doc(hidden)]
pub enum ByError {}

/// It is an `anyhow::Error`, which knows where it was made. Without the feature `anyhow` no type is described so.
#[doc(hidden)]
pub enum ByAnyhow {}

/// It holds an [`Error`] that is `Send` and `Sync`: `anyhow::Error`, `eyre::Report`, `Box<dyn Error + Send + Sync>`.
#[doc(hidden)]
pub enum ByErasedSync {}

/// It holds an [`Error`] that is `Send`: `Box<dyn Error + Send>`.
#[doc(hidden)]
pub enum ByErasedSend {}

/// It holds an [`Error`]: `Box<dyn Error>`.
#[doc(hidden)]
pub enum ByErased {}

/// It is only [`Display`]: `String`, `&str`.
#[doc(hidden)]
pub enum ByText {}

/// Nothing is known of it but the name of its type.
#[doc(hidden)]
pub enum ByName {}

#[diagnostic::do_not_recommend]
impl<E: Error> DescribedBy<E> for ByError {
    fn describe(error: &E) -> FailureKind<'_> {
        FailureKind::Error(error)
    }
}

#[cfg(feature = "anyhow")]
impl DescribedBy<anyhow::Error> for ByAnyhow {
    fn describe(error: &anyhow::Error) -> FailureKind<'_> {
        FailureKind::Traced(error.as_ref(), error.backtrace())
    }
}

impl<E: AsRef<dyn Error + Send + Sync>> DescribedBy<E> for ByErasedSync {
    fn describe(error: &E) -> FailureKind<'_> {
        FailureKind::Erased(error.as_ref())
    }
}

impl<E: AsRef<dyn Error + Send>> DescribedBy<E> for ByErasedSend {
    fn describe(error: &E) -> FailureKind<'_> {
        FailureKind::Erased(error.as_ref())
    }
}

impl<E: AsRef<dyn Error>> DescribedBy<E> for ByErased {
    fn describe(error: &E) -> FailureKind<'_> {
        FailureKind::Erased(error.as_ref())
    }
}

impl<E: Display> DescribedBy<E> for ByText {
    fn describe(error: &E) -> FailureKind<'_> {
        FailureKind::Text(error)
    }
}

impl<E> DescribedBy<E> for ByName {
    fn describe(_: &E) -> FailureKind<'_> {
        FailureKind::Opaque
    }
}

/// The error at a site that is fallible, and the way to describe it. Like [`Site`] it has no content.
#[doc(hidden)]
pub struct ErrorAt<E, D>(PhantomData<fn(E) -> D>);

impl<E, D> ErrorAt<E, D> {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is made by expansions only")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E, D> Clone for ErrorAt<E, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E, D> Copy for ErrorAt<E, D> {}

/// What stands in the place of [`ErrorAt`] at a site that cannot fail.
#[doc(hidden)]
pub struct NoError;

impl NoError {
    pub fn __settle(&self) {}
}

/// The rungs of the decision. They come into scope by one glob import, in a block without user code.
#[doc(hidden)]
pub mod probe {
    use super::{
        ByErased, ByErasedSend, ByErasedSync, ByError, ByName, ByText, Display, Error, ErrorAt,
        Failing, Fallible, NoError, Plain, Site,
    };

    /// A value of which it can be asked whether its type is known; see [`Site::witness`].
    pub trait Known {
        fn __known(&self) {}
    }
    impl<R: ?Sized> Known for R {}

    /// First rung of `__kind`: the site is fallible.
    pub trait FallibleSite {
        type Error;
        type Way;
        fn __kind(&self) -> ErrorAt<Self::Error, Self::Way>;
    }
    impl<R: Fallible, D> FallibleSite for &Site<R, Failing<D>> {
        type Error = R::Error;
        type Way = D;
        fn __kind(&self) -> ErrorAt<R::Error, D> {
            ErrorAt::new()
        }
    }

    /// Last rung of `__kind`: anything else.
    pub trait PlainSite {
        fn __kind(&self) -> NoError;
    }
    impl<R> PlainSite for Site<R, Plain> {
        fn __kind(&self) -> NoError {
            NoError
        }
    }

    /// First rung of `__settle`; a type that is still open is taken for an `Error`.
    #[diagnostic::on_unimplemented(
        message = "the type of an error is not known yet where the context ends"
    )]
    pub trait SettleError {
        fn __settle(&self) {}
    }
    #[diagnostic::do_not_recommend]
    impl<E: Error> SettleError for &&&&&&ErrorAt<E, ByError> {}

    #[cfg(feature = "anyhow")]
    pub trait SettleAnyhow {
        fn __settle(&self) {}
    }
    #[cfg(feature = "anyhow")]
    impl SettleAnyhow for &&&&&ErrorAt<anyhow::Error, super::ByAnyhow> {}

    pub trait SettleErasedSync {
        fn __settle(&self) {}
    }
    impl<E: AsRef<dyn Error + Send + Sync>> SettleErasedSync for &&&&ErrorAt<E, ByErasedSync> {}

    pub trait SettleErasedSend {
        fn __settle(&self) {}
    }
    impl<E: AsRef<dyn Error + Send>> SettleErasedSend for &&&ErrorAt<E, ByErasedSend> {}

    pub trait SettleErased {
        fn __settle(&self) {}
    }
    impl<E: AsRef<dyn Error>> SettleErased for &&ErrorAt<E, ByErased> {}

    pub trait SettleText {
        fn __settle(&self) {}
    }
    impl<E: Display> SettleText for &ErrorAt<E, ByText> {}

    /// Last rung of `__settle`: the name of the type.
    pub trait SettleName {
        fn __settle(&self) {}
    }
    impl<E> SettleName for ErrorAt<E, ByName> {}
}

/// Looks at the operand of a `?`, and hands back the operand and the site.
///
/// The site is given back rather than taken: were it an argument, reading it would tie the operand's lifetimes to the
/// other turns of a surrounding loop. `R` has no bound except through `K`, or a `?` on something that is no `Result` would
/// be reported here as well as by the compiler.
#[doc(hidden)]
#[inline]
pub fn tried<R, K: Look<R>>(scope: &Scope, operand: R, at: Place) -> (R, Site<R, K>) {
    (K::look(scope, operand, at), Site::new())
}

/// Looks at the value of a `return`, or of the whole context. As an argument the value keeps its expected type.
#[doc(hidden)]
#[inline]
pub fn pass<R, K: Look<R>>(scope: &Scope, _: Site<R, K>, left: R, at: Place) -> R {
    K::look(scope, left, at)
}

/// Calls the body of a function.
///
/// A closure that is called in place is inferred to be `FnMut`, and a method that returns `&mut Self` does not compile
/// in one; as an argument of this it is `FnOnce`.
#[doc(hidden)]
#[inline]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// As [`call`], for the body of a function in `scope`: the exit that the body [`noted`](Noted) is where its error left.
#[doc(hidden)]
#[inline]
pub fn call_in<R>(scope: &Scope, body: impl FnOnce(&Noted) -> R) -> R {
    let noted = Noted::default();
    let left = body(&noted);
    scope.note(noted.0.get());
    left
}

/// Takes down at which exit a body is left, for the scope that it is the body of, and whose exits no one else sees.
#[doc(hidden)]
#[derive(Default)]
pub struct Noted(Cell<Option<Place>>);

impl Noted {
    /// The body is left at that place, if what follows leaves it.
    #[inline]
    pub fn note(&self, at: Place) {
        self.0.set(Some(at));
    }

    /// The operand of a `?` at that place. As an argument it keeps its expected type, and as the first one no `.await` in it
    /// happens while the other is borrowed.
    #[inline]
    pub fn at<R>(leaving: R, noted: &Self, at: Place) -> R {
        noted.note(at);
        leaving
    }
}

thread_local! {
    static LAST_NOTED: Cell<Option<Place>> = const { Cell::new(None) };
}

/// A [`Noted`] of the body of a future, at its beginning: it is dropped after everything else in there, and tells then.
#[doc(hidden)]
#[must_use]
pub struct Noting(Noted);

impl Noting {
    #[expect(clippy::new_without_default, reason = "it is made by expansions only")]
    pub fn new() -> Self {
        Self(Noted::default())
    }

    /// What the body that ended last on this thread has noted.
    #[inline]
    pub(crate) fn take() -> Option<Place> {
        LAST_NOTED.try_with(Cell::take).ok().flatten()
    }
}

impl Deref for Noting {
    type Target = Noted;

    fn deref(&self) -> &Noted {
        &self.0
    }
}

impl Drop for Noting {
    #[inline]
    fn drop(&mut self) {
        let _ = LAST_NOTED.try_with(|last| last.set(self.0.0.get()));
    }
}

/// Marks code that a macro could not read, so that it runs without its context.
///
/// Nobody uses the result, which the compiler then reports; but only if the code is otherwise right. Usually it is not, and
/// what the compiler says about that is all there is to say.
#[doc(hidden)]
#[must_use = "posthog cannot read this code, which therefore runs without its context; \
              move what is unusual about it into a function and call that here"]
pub struct Unread;

#[doc(hidden)]
#[inline]
pub fn unread() -> Unread {
    Unread
}

/// A value for code that is type-checked and never runs.
///
/// # Panics
///
/// When it does run.
#[doc(hidden)]
#[must_use]
#[cold]
pub fn never<T>() -> T {
    unreachable!("this branch of an expansion is only type-checked")
}
