//! Being inside a context on a thread.

use super::{
    Context, Detached, Node,
    stack::{self, Place},
};
use crate::{
    failure::{self, Failure, FailureKind},
    frames::Location,
};
use std::{any::type_name, cell::Cell, fmt, marker::PhantomData, panic, sync::Arc, thread};

/// A guard: its context is current on this thread until it is dropped.
///
/// Dropping it brings back the scope most recently entered and still open, also after a panic and when guards are
/// dropped out of order (CTX-12, CTX-16). It cannot be sent to another thread; send a [`Context`] handle (CTX-15).
#[must_use = "the context ends where this guard is dropped: bind it, `let _scope = …`"]
pub struct Scope {
    /// `None` where the thread is ending: then there is no context.
    place: Option<Place>,
    /// The function that it was entered in, if a macro has told.
    function: Option<&'static str>,
    /// Where the value left that is looked at next, if that is known better than by the look.
    noted: Cell<Option<&'static panic::Location<'static>>>,
    /// Belongs to this thread.
    not_send: PhantomData<*const ()>,
}

impl Scope {
    /// A scope that sets nothing yet.
    pub(super) fn open() -> Self {
        match stack::enter(None) {
            Ok(place) => Self::at(place),
            Err(()) => Self::open_slowly(),
        }
    }

    /// A scope below that node.
    #[inline]
    pub(super) fn open_below(node: &Arc<Node>) -> Self {
        match stack::enter(Some(node)) {
            Ok(place) => Self::at(place),
            Err(()) => Self::open_below_slowly(node),
        }
    }

    // Out of line, and the last that is done: then what is done as a rule saves no registers.
    #[cold]
    #[inline(never)]
    fn open_slowly() -> Self {
        Self::open_with(stack::Sees::Current, None, None)
    }

    #[cold]
    #[inline(never)]
    fn open_below_slowly(node: &Arc<Node>) -> Self {
        let (node, own) = (Arc::clone(node), false);
        Self::open_with(stack::Sees::Node { node, own }, None, None)
    }

    pub(super) fn open_with(
        sees: stack::Sees,
        rare: Option<Box<stack::Rare>>,
        outer: Option<&Self>,
    ) -> Self {
        let outer = outer.and_then(|outer| outer.place);
        Self::at(stack::enter_with(sees, rare, outer))
    }

    #[inline]
    fn at(place: Option<Place>) -> Self {
        Self {
            place,
            function: None,
            noted: Cell::new(None),
            not_send: PhantomData,
        }
    }

    /// The scope, in a function whose name is part of the name of that closure's type.
    #[inline]
    pub(super) fn inside<H>(self, _: &H) -> Self {
        self.inside_of::<H>()
    }

    /// The scope, in a function whose name is part of the name of that type.
    #[inline]
    pub(super) fn inside_of<H>(mut self) -> Self {
        self.function = Some(type_name::<H>());
        self
    }

    /// The scope of a future that is being polled; [`Self::park`] ends the poll.
    pub(super) fn resume(parked: &mut stack::Parked) -> Self {
        Self::at(stack::resume(parked))
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

    /// Takes down where the value leaves that is looked at next.
    #[inline]
    pub(crate) fn note(&self, at: Option<&'static panic::Location<'static>>) {
        self.noted.set(at);
    }

    /// An error leaves this scope: it is captured here, or by the scope around it whose exits this one shares.
    #[cold]
    pub(crate) fn failed(
        &self,
        type_name: &'static str,
        kind: FailureKind<'_>,
        seen: &'static panic::Location<'static>,
    ) {
        let failure = Failure {
            type_name,
            kind,
            location: Location::of(self.noted.take().unwrap_or(seen), self.function),
        };
        let mut place = self.place;
        while let Some(observer) = place.and_then(stack::observer) {
            if failure::observe_error(&observer, &failure) {
                return;
            }
            place = observer.inside;
        }
    }

    /// Captures the panic that unwinds through this scope, while it is still current (CTX-62).
    #[inline]
    pub(super) fn notice_panic(&self) {
        if thread::panicking() {
            self.observe_panic();
        }
    }

    #[inline]
    fn close(&self) {
        if let Some(place) = self.place {
            stack::close(place);
        }
    }

    #[cold]
    #[inline(never)]
    fn close_unwinding(&self) {
        self.observe_panic();
        self.close();
    }

    #[cold]
    fn observe_panic(&self) {
        if let Some(place) = self.place
            && !stack::entered_unwinding(place)
            && let Some(observer) = stack::observer(place)
        {
            failure::observe_panic(&observer);
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if thread::panicking() {
            self.close_unwinding();
        } else {
            self.close();
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scope").field(&self.context()).finish()
    }
}
