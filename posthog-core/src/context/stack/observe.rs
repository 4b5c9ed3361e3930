//! What failures have to know about the scopes of a thread.

use super::{Frame, LEAVING, Place, Settings, with, with_seldom};
use crate::{
    client::{Client, Ending},
    context::Context,
    failure::{FailureMemory, Mark},
};
use std::num::NonZeroU64;

/// What a scope has to know to decide about a failure.
pub(crate) struct Observer {
    pub(crate) settings: Settings,
    pub(crate) since: Mark,
    pub(crate) context: Context,
    pub(crate) inside: Option<Place>,
}

/// The scope at `place` as one that observes a failure.
pub(crate) fn observer(place: Place) -> Option<Observer> {
    with_seldom(|stack| {
        let frame = &stack.frames[stack.position(place)?];
        let inside = frame.inside().and_then(|position| {
            let serial = stack.frames.get(position)?.serial?;
            Some(Place { position, serial })
        });
        Some(Observer {
            settings: frame.settings().clone(),
            since: frame.since,
            context: stack.handle(frame),
            inside,
        })
    })
    .flatten()
}

/// Whether the thread was unwinding already when the scope was opened.
pub(crate) fn entered_unwinding(place: Place) -> bool {
    with_seldom(|stack| {
        stack
            .position(place)
            .is_none_or(|position| stack.frames[position].entered_unwinding)
    })
    .unwrap_or(true)
}

/// The innermost open scope of this thread whose settings fit.
pub(crate) fn innermost(fits: impl Fn(&Settings) -> bool) -> Option<Place> {
    with_seldom(|stack| {
        let (position, frame) =
            stack.frames.iter().enumerate().rfind(|(_, frame)| {
                frame.open && !frame.entered_unwinding && fits(frame.settings())
            })?;
        let serial = frame.serial?;
        Some(Place { position, serial })
    })
    .flatten()
}

/// Works with the thread's memory of captured failures.
pub(crate) fn failures<R>(f: impl FnOnce(&mut FailureMemory) -> R) -> Option<R> {
    // What is kept goes with the thread.
    if is_gone() {
        return None;
    }
    with_seldom(|stack| {
        let result = f(&mut stack.failures);
        stack.forget_if_left();
        result
    })
}

/// Whether the thread is ending, and its scopes are gone for good.
pub(crate) fn is_gone() -> bool {
    LEAVING.try_with(|_| ()).is_err()
}

/// When the innermost scope of this thread was opened; `None` if none is.
pub(crate) fn innermost_since() -> Option<Mark> {
    with(|stack| Some(stack.frames.last()?.since)).flatten()
}

/// The outermost scope that is open on this thread.
pub(crate) fn outermost() -> Option<NonZeroU64> {
    with_seldom(|stack| {
        let is_scope = |frame: &&Frame| frame.open && !frame.settings().only_records;
        stack.frames.iter().find(is_scope)?.serial
    })
    .flatten()
}

/// Has a client end with a scope; gives it back where that scope is not open on this thread.
pub(crate) fn outlive(serial: NonZeroU64, ending: Ending) -> Option<Ending> {
    let mut ending = Some(ending);
    with_seldom(|stack| {
        let scope = stack
            .frames
            .iter_mut()
            .find(|frame| frame.open && frame.serial == Some(serial));
        if let Some(scope) = scope {
            scope.rare_mut().endings.extend(ending.take());
        }
    });
    ending
}

/// A client that ends with a scope of this thread: the failure that leaves the scope is its last.
pub(crate) fn ending() -> Option<Client> {
    with_seldom(|stack| {
        let mut frames = stack.frames.iter().rev();
        let ending = frames.find_map(|frame| frame.endings().last())?;
        Some(ending.client().clone())
    })
    .flatten()
}
