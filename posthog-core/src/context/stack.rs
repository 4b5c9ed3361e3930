//! The scopes that are open on a thread.
//!
//! Every thread has one stack of frames; the last is current. A frame that sets nothing holds nothing: it points to the
//! frame below whose node it sees, so that an empty scope costs no allocation and depth costs no walk.
//!
//! Invariant: the last frame is open. A frame that is closed while others lie above it waits for them, so that
//! positions stay true and each close costs amortised O(1) (CTX-16).

mod frame;
mod observe;
mod parked;

use frame::State;
pub(crate) use frame::{Frame, Rare, Settings};
pub(crate) use observe::{
    Observer, ending, entered_unwinding, failures, innermost, innermost_since, is_gone, observer,
    outermost, outlive,
};
pub(crate) use parked::{Parked, park, resume};

use super::{Context, Node};
use crate::{
    client::Client,
    failure::{FailureMemory, Mark},
};
use std::{
    cell::RefCell,
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

struct Stack {
    frames: Vec<Frame>,
    serials: Serials,
    failures: FailureMemory,
    /// Scopes whose guards were dropped while they were parked with their future: closed when it is polled again.
    closed_while_parked: Vec<NonZeroU64>,
}

/// Numbers that no other thread gives out: a future takes its frames along.
struct Serials {
    next: u64,
    end: u64,
}

impl Serials {
    #[inline]
    fn next(&mut self) -> Option<NonZeroU64> {
        if self.next == self.end {
            self.take_block();
        }
        self.next += 1;
        // The first is 1.
        NonZeroU64::new(self.next)
    }

    #[cold]
    fn take_block(&mut self) {
        /// A thread takes this many at once.
        const BLOCK: u64 = 1 << 32;
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        self.next = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
        self.end = self.next + BLOCK;
    }
}

thread_local! {
    static STACK: RefCell<Stack> = const { RefCell::new(Stack::new()) };
}

/// A frame's place on its thread.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    position: usize,
    serial: NonZeroU64,
}

/// Runs `f` on this thread's stack; `None` where the thread is ending, or where a caller is at it already.
#[inline]
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

/// Opens a scope that sets nothing yet and sees what is current, as most do. Otherwise as [`enter`].
#[inline]
pub(crate) fn enter_plain() -> Option<Place> {
    let entered = with(|stack| {
        let (state, around) = stack.seen_from_above();
        match around.and_then(Frame::recorder) {
            None => Ok(stack.push(state, None)),
            Some(_) => Err(()),
        }
    });
    match entered {
        Some(Ok(place)) => place,
        Some(Err(())) => enter(Sees::Current, None, None),
        None => None,
    }
}

/// Opens a scope. `None` where the thread is ending: then there is no context.
pub(crate) fn enter(
    sees: Sees,
    mut rare: Option<Box<Rare>>,
    inside: Option<Place>,
) -> Option<Place> {
    with(|stack| {
        let (current, around) = stack.seen_from_above();
        let state = match sees {
            Sees::Current => current,
            Sees::Nothing | Sees::Shared(None) => State::Empty,
            Sees::Own(node) => State::Node { node, own: true },
            Sees::Shared(Some(node)) => State::Node { node, own: false },
        };
        if let Some(around) = around
            && let Some(recorder) = around.recorder()
        {
            let settings = rare.get_or_insert_default().settings_mut();
            if settings.recorder.is_none() {
                settings.recorder = Some(recorder.clone());
                settings.recorder_is_borrowed = around.settings().recorder_is_borrowed;
            }
        }
        if let Some(outer) = inside {
            rare.get_or_insert_default().inside = stack.position(outer);
        }
        stack.push(state, rare)
    })
    .flatten()
}

impl Stack {
    const fn new() -> Self {
        Self {
            frames: Vec::new(),
            serials: Serials { next: 0, end: 0 },
            failures: FailureMemory::new(),
            closed_while_parked: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, state: State, rare: Option<Box<Rare>>) -> Option<Place> {
        let position = self.frames.len();
        let serial = self.serials.next();
        self.frames.push(Frame {
            serial,
            since: Mark::now(),
            state,
            rare,
            open: true,
            entered_unwinding: thread::panicking(),
        });
        serial.map(|serial| Place { position, serial })
    }

    /// What a scope that sets nothing sees when it is opened now, and the scope around it.
    #[inline]
    fn seen_from_above(&self) -> (State, Option<&Frame>) {
        let Some(around) = self.frames.last() else {
            return (State::Empty, None);
        };
        let state = match around.state {
            State::Empty => State::Empty,
            State::Below(position) => State::Below(position),
            State::Node { .. } => State::Below(self.frames.len() - 1),
        };
        (state, Some(around))
    }

    #[inline]
    fn node_of<'a>(&'a self, frame: &'a Frame) -> Option<&'a Arc<Node>> {
        let frame = match frame.state {
            State::Empty => return None,
            State::Node { .. } => frame,
            // A frame below is pointed to only for its node, which it keeps.
            State::Below(position) => self.frames.get(position)?,
        };
        match &frame.state {
            State::Node { node, .. } => Some(node),
            State::Empty | State::Below(_) => None,
        }
    }

    /// Where a frame stands now. A future's frames may have moved since it was entered; then it is searched for.
    fn position(&self, place: Place) -> Option<usize> {
        let is_it = |frame: &Frame| frame.serial == Some(place.serial);
        match self.frames.get(place.position) {
            Some(frame) if is_it(frame) => Some(place.position),
            _ => self.frames.iter().rposition(is_it),
        }
    }

    /// Takes all frames at the end away that are closed.
    fn pop_all_closed(&mut self) -> Vec<Frame> {
        std::iter::from_fn(|| self.pop_closed()).collect()
    }

    /// Takes the last frame away if it is closed.
    fn pop_closed(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_if(|frame| !frame.open)?;
        self.forget_if_left();
        Some(frame)
    }

    /// With no scope open, failures are forgotten but the last one (EXC-80).
    #[inline]
    fn forget_if_left(&mut self) {
        if self.frames.is_empty() {
            self.failures.keep_last();
        }
    }
}

/// Closes a scope. The one most recently entered and still open becomes current.
#[inline]
pub(crate) fn close(place: Place) {
    if with(|stack| stack.close_last(place)) == Some(false) {
        close_elsewhere(place);
    }
}

/// Closes a scope for which others wait, or with which something of the user's may end.
#[cold]
fn close_elsewhere(place: Place) {
    let closed = with(|stack| {
        match stack.position(place) {
            Some(position) => stack.frames[position].open = false,
            None => stack.close_parked(place.serial),
        }
        stack.pop_all_closed()
    });
    // Dropped outside the borrow: the last handle of a client may go with them.
    drop(closed);
}

impl Stack {
    /// Closes the last frame if it is that one, nothing waited for it, and nothing goes with it that runs code which is not
    /// the SDK's.
    #[inline]
    fn close_last(&mut self, place: Place) -> bool {
        let (last, below_is_open) = match &*self.frames {
            [.., below, last] => (last, below.open),
            [last] => (last, true),
            [] => return false,
        };
        let is_usual = last.serial == Some(place.serial) && below_is_open && last.rare.is_none();
        if is_usual {
            self.frames.pop();
            self.forget_if_left();
        }
        is_usual
    }
}

/// A handle to what is current.
pub(crate) fn current() -> Context {
    with(|stack| stack.handle(stack.frames.last())).unwrap_or_default()
}

/// A handle to what the scope at `place` sees.
pub(crate) fn context_of(place: Place) -> Context {
    with(|stack| {
        let position = stack.position(place);
        stack.handle(position.map(|position| &stack.frames[position]))
    })
    .unwrap_or_default()
}

/// The node that is current.
pub(crate) fn current_node() -> Option<Arc<Node>> {
    with(|stack| stack.node_of(stack.frames.last()?).cloned()).flatten()
}

impl Stack {
    #[inline]
    fn handle(&self, frame: Option<&Frame>) -> Context {
        let Some(frame) = frame else {
            return Context::default();
        };
        Context {
            node: self.node_of(frame).cloned(),
            recorder: frame.recorder().cloned(),
        }
    }
}

/// The recorder that captures on this thread go to, if there is one.
pub(crate) fn recorder() -> Option<Client> {
    with(|stack| stack.frames.last()?.recorder().cloned()).flatten()
}

/// Changes the current context; `false` without one. Whoever holds a handle keeps what they saw.
pub(crate) fn change(f: impl FnOnce(&mut Node)) -> bool {
    with(|stack| {
        let Some(top) = stack.frames.last_mut() else {
            return false;
        };
        if top.settings().only_records {
            return false;
        }
        // A node that nobody else holds is changed in place.
        if let State::Node { node, own: true } = &mut top.state
            && let Some(node) = Arc::get_mut(node)
        {
            f(node);
            return true;
        }
        let Some(top) = stack.frames.last() else {
            return false;
        };
        let mut node = match &top.state {
            State::Node { node, own: true } => node.changed(),
            _ => Node::child_of(stack.node_of(top).cloned()),
        };
        f(&mut node);
        if let Some(top) = stack.frames.last_mut() {
            top.state = State::Node {
                node: Arc::new(node),
                own: true,
            };
        }
        true
    })
    .unwrap_or(false)
}
