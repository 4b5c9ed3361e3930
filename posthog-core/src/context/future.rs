//! A future that carries its context.

use super::{Detached, Scope};
use crate::site::{self, ByError, Look, Noting, Plain, Site};
use pin_project_lite::pin_project;
use std::{
    error::Error,
    future::Future,
    marker::PhantomData,
    panic::Location,
    pin::Pin,
    task::{self, Poll},
};

pin_project! {
    /// A future that runs in a context of its own: current during each poll, never between polls, on whatever thread it
    /// is polled (CTX-76, CTX-83).
    ///
    /// Scopes that the future opens and holds across an `await` go with it. When it is dropped before it is done, its
    /// own values are dropped inside the context, and nothing is captured (CTX-67).
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct InContext<F: Future, K: Look<F::Output> = Plain> {
        #[pin]
        future: Option<F>,
        context: Detached,
        // Where it was made, which is all that is known of the place that an error leaves it at.
        made: &'static Location<'static>,
        look: PhantomData<fn() -> K>,
    }

    impl<F: Future, K: Look<F::Output>> PinnedDrop for InContext<F, K> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let poll = Polling::begin::<F>(this.context);
                this.future.set(None);
                drop(poll);
            }
        }
    }
}

impl<F: Future> InContext<F> {
    #[track_caller]
    pub(super) fn observing_panics(context: Detached, future: F) -> Self {
        Self {
            future: Some(future),
            context,
            made: Location::caller(),
            look: PhantomData,
        }
    }
}

impl<F: Future, R, E: Error> InContext<F, Failing>
where
    F: Future<Output = Result<R, E>>,
{
    #[track_caller]
    pub(super) fn observing_errors(context: Detached, future: F) -> Self {
        Self {
            future: Some(future),
            context,
            made: Location::caller(),
            look: PhantomData,
        }
    }
}

/// How to look at an output that is known to be a `Result` of an [`Error`].
pub(super) type Failing = site::Failing<ByError>;

/// A future in a context; how its output is looked at is decided where the macro knows its type.
#[doc(hidden)]
#[track_caller]
pub fn wrap<F: Future, K: Look<F::Output>>(
    context: Detached,
    _: Site<F::Output, K>,
    future: F,
) -> InContext<F, K> {
    InContext {
        future: Some(future),
        context,
        made: Location::caller(),
        look: PhantomData,
    }
}

impl<F: Future, K: Look<F::Output>> Future for InContext<F, K> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, waker: &mut task::Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            // Polled after its end, which only a broken executor does. Never ready is safe; a panic would be ours.
            return Poll::Pending;
        };
        let polling = Polling::begin::<F>(this.context);
        let poll = future.poll(waker);
        match poll {
            Poll::Pending => Poll::Pending,
            Poll::Ready(output) => {
                let output = match &polling.scope {
                    Some(scope) => {
                        scope.note(Noting::take());
                        K::look(scope, output, this.made)
                    }
                    None => output,
                };
                // Its values end inside the context, as those of a function's body do.
                this.future.set(None);
                Poll::Ready(output)
            }
        }
    }
}

/// One poll: puts the scopes back where they belong also when the poll panics.
struct Polling<'a> {
    scope: Option<Scope>,
    context: &'a mut Detached,
}

impl<'a> Polling<'a> {
    fn begin<F>(context: &'a mut Detached) -> Self {
        let scope = Scope::resume(&mut context.0).inside_of::<F>();
        Self {
            scope: Some(scope),
            context,
        }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        if let Some(scope) = self.scope.take() {
            scope.notice_panic();
            scope.park(&mut self.context.0);
        }
        // What a body has noted that was cancelled, or that panicked, is not for a future around it.
        Noting::take();
    }
}
