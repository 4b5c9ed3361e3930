//! The scopes that are open on a thread.
//!
//! Every thread has one stack of frames; the last is current. A frame that sets nothing holds nothing: it points to the
//! frame below whose node it sees, so that an empty scope costs no allocation and depth costs no walk.
//!
//! Invariant: the last frame is open. A frame that is closed while others lie above it waits for them, so that
//! positions stay true and each close costs amortised O(1) (CTX-16).

use super::{Context, Node};
use crate::{
    client::Client,
    failure::{FailureMemory, Mark},
};
use std::{cell::RefCell, mem, sync::Arc, thread};

/// One scope.
pub(crate) struct Frame {
    /// Tells this frame from one that stood at the same position before.
    serial: u64,
    open: bool,
    state: State,
    pub(crate) settings: Settings,
    /// The position of the scope that this one also observes failures for (CTX-64).
    pub(crate) inside: Option<usize>,
    /// The thread was unwinding already when the scope was opened: what unwinds is not its failure (CTX-64).
    pub(crate) entered_unwinding: bool,
    /// What was captured before the scope was opened is none of its business (EXC-80).
    pub(crate) since: Mark,
}

/// What a scope does about failures; its own, never inherited (CTX-25).
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) capture_exceptions: Option<bool>,
    pub(crate) client: Option<Client>,
    /// The recorder of `testing::record`, which everything below sends to.
    pub(crate) recorder: Option<Client>,
    /// A recording is no context: what sets nothing outside of it must set nothing in it either (CTX-34).
    pub(crate) only_records: bool,
}

#[derive(Clone)]
enum State {
    /// Sees nothing: no scope around it has set anything.
    Empty,
    /// Sees what the frame at that position sees.
    Below(usize),
    /// Sees this node. `own` tells whether this scope made it: then it may be changed where nobody else holds it.
    Node { node: Arc<Node>, own: bool },
}

#[derive(Default)]
struct Stack {
    frames: Vec<Frame>,
    serials: u64,
    failures: FailureMemory,
}

thread_local! {
    static STACK: RefCell<Stack> = RefCell::default();
}

/// A frame's place on its thread.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    position: usize,
    serial: u64,
}

/// Runs `f` on this thread's stack; `None` where the thread is ending, or where a caller is at it already.
fn with<R>(f: impl FnOnce(&mut Stack) -> R) -> Option<R> {
    STACK
        .try_with(|stack| stack.try_borrow_mut().ok().map(|mut stack| f(&mut stack)))
        .ok()
        .flatten()
}

/// What a new frame sees at first.
pub(crate) enum Sees {
    /// What is current now.
    Current,
    /// Nothing.
    Nothing,
    /// A node made for it.
    Own(Arc<Node>),
    /// The node of a handle.
    Shared(Option<Arc<Node>>),
}

/// Opens a scope. `None` where the thread is ending: then there is no context.
pub(crate) fn enter(sees: Sees, mut settings: Settings, inside: Option<Place>) -> Option<Place> {
    with(|stack| {
        let state = match sees {
            Sees::Current => stack.seen_from_above(),
            Sees::Nothing | Sees::Shared(None) => State::Empty,
            Sees::Own(node) => State::Node { node, own: true },
            Sees::Shared(Some(node)) => State::Node { node, own: false },
        };
        if settings.recorder.is_none() {
            settings.recorder = stack
                .frames
                .last()
                .and_then(|frame| frame.settings.recorder.clone());
        }
        stack.push(state, settings, inside)
    })
}

impl Stack {
    fn push(&mut self, state: State, settings: Settings, inside: Option<Place>) -> Place {
        self.serials += 1;
        let place = Place {
            position: self.frames.len(),
            serial: self.serials,
        };
        self.frames.push(Frame {
            serial: place.serial,
            open: true,
            state,
            settings,
            inside: inside.and_then(|outer| self.position(outer)),
            entered_unwinding: thread::panicking(),
            since: Mark::now(),
        });
        place
    }

    /// What a scope that sets nothing sees when it is opened now.
    fn seen_from_above(&self) -> State {
        match self.frames.last().map(|frame| &frame.state) {
            None | Some(State::Empty) => State::Empty,
            Some(State::Below(position)) => State::Below(*position),
            Some(State::Node { .. }) => State::Below(self.frames.len() - 1),
        }
    }

    fn node_of<'a>(&'a self, frame: &'a Frame) -> Option<&'a Arc<Node>> {
        match &frame.state {
            State::Empty => None,
            State::Node { node, .. } => Some(node),
            State::Below(position) => match &self.frames[*position].state {
                State::Node { node, .. } => Some(node),
                // A frame below is pointed to only for its node, which it keeps.
                State::Empty | State::Below(_) => None,
            },
        }
    }

    /// Where a frame stands now. A future's frames may have moved since it was entered; then it is searched for.
    fn position(&self, place: Place) -> Option<usize> {
        match self.frames.get(place.position) {
            Some(frame) if frame.serial == place.serial => Some(place.position),
            _ => self
                .frames
                .iter()
                .rposition(|frame| frame.serial == place.serial),
        }
    }

    /// Takes the last frame away if it is closed.
    fn pop_closed(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_if(|frame| !frame.open)?;
        if self.frames.is_empty() {
            self.failures.keep_last();
        }
        Some(frame)
    }
}

/// Closes a scope. The one most recently entered and still open becomes current.
pub(crate) fn close(place: Place) {
    let closed = with(|stack| {
        if let Some(position) = stack.position(place) {
            stack.frames[position].open = false;
        }
        let last = stack.pop_closed();
        // Those below that waited for it; as a rule there are none, and nothing is allocated.
        let waiting: Vec<_> = std::iter::from_fn(|| stack.pop_closed()).collect();
        (last, waiting)
    });
    // Dropped outside the borrow: the last handle of a client may go with them.
    drop(closed);
}

/// A handle to what is current.
pub(crate) fn current() -> Context {
    with(|stack| stack.handle(stack.frames.len().checked_sub(1))).unwrap_or_default()
}

/// A handle to what the scope at `place` sees.
pub(crate) fn context_of(place: Place) -> Context {
    with(|stack| stack.handle(stack.position(place))).unwrap_or_default()
}

impl Stack {
    fn handle(&self, position: Option<usize>) -> Context {
        let Some(frame) = position.and_then(|position| self.frames.get(position)) else {
            return Context::default();
        };
        Context {
            node: self.node_of(frame).cloned(),
            recorder: frame.settings.recorder.clone(),
        }
    }
}

/// The recorder that captures on this thread go to, if there is one.
pub(crate) fn recorder() -> Option<Client> {
    with(|stack| stack.frames.last()?.settings.recorder.clone()).flatten()
}

/// Changes the current context; `false` without one. Whoever holds a handle keeps what they saw.
pub(crate) fn change(f: impl FnOnce(&mut Node)) -> bool {
    with(|stack| {
        let Some(top) = stack.frames.last() else {
            return false;
        };
        if top.settings.only_records {
            return false;
        }
        let mut node = match &top.state {
            State::Node { node, own: true } => Arc::clone(node),
            _ => Arc::new(Node::child_of(stack.node_of(top).cloned())),
        };
        let Some(top) = stack.frames.last_mut() else {
            return false;
        };
        // Lets go of the frame's own reference, so that a node that nobody else holds is changed in place.
        top.state = State::Empty;
        if let Some(node) = Arc::get_mut(&mut node) {
            f(node);
        } else {
            let mut changed = node.changed();
            f(&mut changed);
            node = Arc::new(changed);
        }
        top.state = State::Node { node, own: true };
        true
    })
    .unwrap_or(false)
}

/// What a scope has to know to decide about a failure.
pub(crate) struct Observer {
    pub(crate) settings: Settings,
    pub(crate) since: Mark,
    pub(crate) context: Context,
    pub(crate) inside: Option<Place>,
}

/// The scope at `place` as one that observes a failure.
pub(crate) fn observer(place: Place) -> Option<Observer> {
    with(|stack| {
        let position = stack.position(place)?;
        let frame = &stack.frames[position];
        let inside = frame.inside.and_then(|outer| {
            stack.frames.get(outer).map(|frame| Place {
                position: outer,
                serial: frame.serial,
            })
        });
        Some(Observer {
            settings: frame.settings.clone(),
            since: frame.since,
            context: stack.handle(Some(position)),
            inside,
        })
    })
    .flatten()
}

/// Whether a panic that unwinds now began after the scope was opened.
pub(crate) fn entered_unwinding(place: Place) -> bool {
    with(|stack| {
        stack
            .position(place)
            .is_none_or(|position| stack.frames[position].entered_unwinding)
    })
    .unwrap_or(true)
}

/// The innermost open scope of this thread whose settings fit.
pub(crate) fn innermost(fits: impl Fn(&Settings) -> bool) -> Option<Place> {
    with(|stack| {
        let (position, frame) = stack
            .frames
            .iter()
            .enumerate()
            .rfind(|(_, frame)| frame.open && fits(&frame.settings))?;
        Some(Place {
            position,
            serial: frame.serial,
        })
    })
    .flatten()
}

/// Works with the thread's memory of captured failures.
pub(crate) fn failures<R>(f: impl FnOnce(&mut FailureMemory) -> R) -> Option<R> {
    with(|stack| f(&mut stack.failures))
}

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
    pub(crate) fn new(context: Context, own: bool, settings: Settings) -> Self {
        let Context { node, recorder } = context;
        let state = node.map_or(State::Empty, |node| State::Node { node, own });
        let settings = Settings {
            recorder: settings.recorder.or(recorder),
            ..settings
        };
        let frame = Frame {
            serial: 0,
            open: true,
            state,
            settings,
            inside: None,
            entered_unwinding: false,
            since: Mark::now(),
        };
        Self {
            frames: vec![frame],
            ..Self::default()
        }
    }
}

/// Puts a future's scopes on this thread's stack; the place of its own one.
pub(crate) fn resume(parked: &mut Parked) -> Option<Place> {
    with(|stack| {
        let base = stack.frames.len();
        let recorder = stack
            .frames
            .last()
            .and_then(|frame| frame.settings.recorder.clone());
        // Failures of what else runs on this thread are none of the future's.
        parked.outside = mem::replace(&mut stack.failures, mem::take(&mut parked.failures));
        parked.resumed = Mark::now();
        let unwinding = thread::panicking();
        for mut frame in parked.frames.drain(..) {
            if frame.serial == 0 {
                stack.serials += 1;
                frame.serial = stack.serials;
            }
            frame.inside = frame.inside.map(|outer| outer + base);
            frame.entered_unwinding = unwinding;
            if frame.settings.recorder.is_none() {
                frame.settings.recorder.clone_from(&recorder);
            }
            stack.frames.push(frame);
        }
        stack.frames.get(base).map(|frame| Place {
            position: base,
            serial: frame.serial,
        })
    })
    .flatten()
}

/// Takes a scope off the stack with all that was opened in it and is still open: nothing of it is seen by others, and a
/// future has it back at its next poll (CTX-76).
pub(crate) fn park(place: Place, parked: &mut Parked) {
    let closed = with(|stack| {
        let Some(base) = stack.position(place) else {
            return Vec::new();
        };
        // A scope that sees a frame below keeps that frame's node: the frame will not be there, or not at that place.
        for position in base..stack.frames.len() {
            let node = stack.node_of(&stack.frames[position]).cloned();
            let frame = &mut stack.frames[position];
            frame.inside = frame.inside.and_then(|outer| outer.checked_sub(base));
            if let State::Below(_) = frame.state {
                frame.state = node.map_or(State::Empty, |node| State::Node { node, own: false });
            }
        }
        let above = stack.frames.drain(base..).enumerate();
        let (open, closed): (Vec<_>, Vec<_>) =
            above.partition(|(offset, frame)| *offset == 0 || frame.open);
        // `inside` counts positions: where a closed frame leaves a gap, the links are given up.
        let gaps = !closed.is_empty();
        let inside = |frame: Frame| {
            if gaps {
                Frame {
                    inside: None,
                    ..frame
                }
            } else {
                frame
            }
        };
        parked.frames = open.into_iter().map(|(_, frame)| inside(frame)).collect();
        parked.failures = mem::replace(&mut stack.failures, mem::take(&mut parked.outside));
        // The scopes around the future know what was captured in it, so that they do not capture it again.
        stack.failures.learn(&parked.failures, parked.resumed);
        if stack.frames.is_empty() {
            stack.failures.keep_last();
        }
        closed
    });
    // Dropped outside the borrow: the last handle of a client may go with them.
    drop(closed);
}
