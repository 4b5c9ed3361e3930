//! Being inside a context on a thread.

use super::{
    Context, Detached,
    stack::{self, Place},
};
use crate::failure::{self, Failure, FailureKind};
use std::{error::Error, fmt, marker::PhantomData, thread};

/// A guard: its context is current on this thread until it is dropped.
///
/// Dropping it brings back the scope most recently entered and still open, also after a panic and when guards are
/// dropped out of order (CTX-12, CTX-16). It cannot be sent to another thread; send a [`Context`] handle (CTX-15).
#[must_use = "the context ends where this guard is dropped: bind it, `let _scope = …`"]
pub struct Scope {
    /// `None` where the thread is ending: then there is no context.
    place: Option<Place>,
    /// Belongs to this thread.
    not_send: PhantomData<*const ()>,
}

impl Scope {
    pub(super) fn open(sees: stack::Sees, settings: stack::Settings, outer: Option<&Self>) -> Self {
        let place = stack::enter(sees, settings, outer.and_then(|outer| outer.place));
        Self {
            place,
            not_send: PhantomData,
        }
    }

    /// The scope of a future that is being polled; [`Self::park`] ends the poll.
    pub(super) fn resume(parked: &mut stack::Parked) -> Self {
        Self {
            place: stack::resume(parked),
            not_send: PhantomData,
        }
    }

    /// Takes the scope off the thread, for the future's next poll.
    pub(super) fn park(mut self, parked: &mut stack::Parked) {
        if let Some(place) = self.place.take() {
            stack::park(place, parked);
        }
    }

    /// Takes the context off the thread, for a future to carry.
    #[doc(hidden)]
    #[must_use]
    pub fn detach(self) -> Detached {
        let mut detached = Detached::default();
        self.park(&mut detached.0);
        detached
    }

    /// A handle to what this scope sees.
    #[must_use]
    pub fn context(&self) -> Context {
        self.place.map(stack::context_of).unwrap_or_default()
    }

    /// An error leaves this scope: it is captured here, or by the scope around it whose exits this one shares.
    #[doc(hidden)]
    #[cold]
    pub fn failed(&self, failure: &Failure<'_>) {
        let mut place = self.place;
        while let Some(observer) = place.and_then(stack::observer) {
            if failure::observe_error(&observer, failure) {
                return;
            }
            place = observer.inside;
        }
    }

    #[cold]
    pub(super) fn failed_with<E: Error>(&self, error: &E) {
        self.failed(&Failure {
            type_name: std::any::type_name::<E>(),
            kind: FailureKind::Error(error),
        });
    }

    /// Captures the panic that unwinds through this scope, while it is still current (CTX-62).
    pub(super) fn notice_panic(&self) {
        if let Some(place) = self.place
            && thread::panicking()
            && !stack::entered_unwinding(place)
            && let Some(observer) = stack::observer(place)
        {
            failure::observe_panic(&observer);
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.notice_panic();
        if let Some(place) = self.place.take() {
            stack::close(place);
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.context()).finish()
    }
}
