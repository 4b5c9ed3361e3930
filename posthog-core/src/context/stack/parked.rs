//! The scopes of a future, which go on and off the stacks of threads.

use super::{Frame, Place, Rare, Settings, Stack, frame::NOWHERE, with_kept};
use crate::{
    context::Context,
    failure::{FailureMemory, Mark},
};
use std::{mem, num::NonZeroU64, thread};

/// The scopes of a future between two polls: its own, and those opened in it and still open.
#[derive(Default)]
pub(crate) struct Parked {
    frames: Vec<Frame>,
    failures: FailureMemory,
    /// The thread's own memory while the future is polled.
    outside: FailureMemory,
    resumed: Mark,
}

impl Parked {
    /// The scope of a future that was not polled yet.
    pub(crate) fn new(context: Context, own: bool, mut rare: Option<Box<Rare>>) -> Self {
        let Context { node, recorder } = context;
        if recorder.is_some() {
            let Settings { recorder: mine, .. } = rare.get_or_insert_default().settings_mut();
            *mine = mine.take().or(recorder);
        }
        let frame = Frame {
            serial: None,
            since: Mark::now(),
            sees: NOWHERE,
            node,
            rare,
            owns_node: own,
            open: true,
            entered_unwinding: false,
        };
        Self {
            frames: vec![frame],
            ..Self::default()
        }
    }
}

/// How many guards are remembered that were dropped while their scopes were parked: some of those never come back.
const REMEMBERED: usize = 1000;

impl Stack {
    /// Remembers that a scope is closed which is not here, but with its future.
    pub(super) fn close_parked(&mut self, serial: NonZeroU64) {
        if self.closed_while_parked.len() >= REMEMBERED {
            self.closed_while_parked.remove(0);
        }
        self.closed_while_parked.push(serial);
    }
}

/// Puts a future's scopes on this thread's stack; the place of its own one.
pub(crate) fn resume(parked: &mut Parked) -> Option<Place> {
    let resumed = with_kept(|stack| {
        let base = stack.frames.len();
        let recorder = stack.frames.last().and_then(Frame::recorder).cloned();
        // Failures of what else runs on this thread are none of the future's.
        parked.outside = mem::replace(&mut stack.failures, mem::take(&mut parked.failures));
        parked.resumed = Mark::now();
        let unwinding = thread::panicking();
        for mut frame in parked.frames.drain(..) {
            if frame.serial.is_none() {
                stack.serials.fill();
                frame.serial = stack.serials.next();
            }
            let closed = stack
                .closed_while_parked
                .iter()
                .position(|serial| frame.serial == Some(*serial));
            if let Some(at) = closed {
                stack.closed_while_parked.swap_remove(at);
                frame.open = false;
            }
            frame.entered_unwinding = unwinding;
            if frame.node.is_some() {
                frame.sees = stack.frames.len();
            }
            if let Some(rare) = &mut frame.rare {
                rare.inside = rare.inside.map(|outer| outer + base);
            }
            if let Some(recorder) = &recorder
                && frame.recorder().is_none()
            {
                let settings = frame.rare_mut().settings_mut();
                settings.recorder = Some(recorder.clone());
                settings.recorder_is_borrowed = true;
            }
            stack.frames.push(frame);
        }
        let place = stack.frames.get(base).and_then(|frame| {
            let serial = frame.serial?;
            Some(Place {
                position: base,
                serial,
            })
        });
        (place, stack.pop_all_closed())
    });
    // The frames that were closed meanwhile are dropped outside the borrow.
    resumed.and_then(|(place, _closed)| place)
}

/// Takes a scope off the stack with all that was opened in it and is still open: nothing of it is seen by others, and a
/// future has it back at its next poll (CTX-76).
pub(crate) fn park(place: Place, parked: &mut Parked) {
    let closed = with_kept(|stack| {
        let Some(base) = stack.position(place) else {
            return Default::default();
        };
        // A scope that sees a frame below keeps that frame's node: the frame will not be there, or not at that place.
        for position in base..stack.frames.len() {
            let node = stack.node_of(&stack.frames[position]).cloned();
            let frame = &mut stack.frames[position];
            if let Some(rare) = &mut frame.rare {
                rare.inside = rare.inside.and_then(|outer| outer.checked_sub(base));
                let settings = rare.settings_mut();
                if mem::take(&mut settings.recorder_is_borrowed) {
                    settings.recorder = None;
                }
            }
            frame.sees = NOWHERE;
            if frame.node.is_none() {
                (frame.node, frame.owns_node) = (node, false);
            }
        }
        let above = stack.frames.drain(base..).enumerate();
        let (open, closed): (Vec<_>, Vec<_>) =
            above.partition(|(offset, frame)| *offset == 0 || frame.open);
        // `inside` counts positions: where a closed frame leaves a gap, the links are given up.
        let gaps = !closed.is_empty();
        let frames = open.into_iter().map(|(_, mut frame)| {
            if let Some(rare) = &mut frame.rare
                && gaps
            {
                rare.inside = None;
            }
            frame
        });
        parked.frames = frames.collect();
        parked.failures = mem::replace(&mut stack.failures, mem::take(&mut parked.outside));
        // The scopes around the future know what was captured in it, so that they do not capture it again.
        stack.failures.learn(&parked.failures, parked.resumed);
        stack.forget_if_left();
        // A guard of a scope below may have been dropped meanwhile: it has waited for those above it.
        (closed, stack.pop_all_closed())
    });
    // Dropped outside the borrow: the last handle of a client may go with them.
    drop(closed);
}
