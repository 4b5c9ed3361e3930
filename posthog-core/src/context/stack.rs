//! The scopes that are open on a thread.
//!
//! Every thread has one stack of frames; the last is current. A frame that sets nothing holds nothing: it points to the
//! frame below whose node it sees, so that an empty scope costs no allocation and depth costs no walk.
//!
//! Invariant: the last frame is open. A frame that is closed while others lie above it waits for them, so that
//! positions stay true and each close costs amortised O(1) (CTX-16).

mod parked;

pub(crate) use parked::{Parked, park, resume};

use super::{Context, Node};
use crate::{
    client::{Client, Ending},
    failure::{FailureMemory, Mark},
};
use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// One scope.
pub(crate) struct Frame {
    /// Tells this frame from all others of the process.
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
    /// Clients that stop when the scope closes.
    endings: Vec<Ending>,
}

/// What a scope does about failures; its own, never inherited (CTX-25).
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) capture_exceptions: Option<bool>,
    pub(crate) client: Option<Client>,
    /// The recorder of `testing::record`, which everything below sends to.
    pub(crate) recorder: Option<Client>,
    /// The recorder is that of whoever polls the future at the moment.
    pub(crate) recorder_is_borrowed: bool,
    /// A recording is no context: what sets nothing outside of it must set nothing in it either (CTX-34).
    pub(crate) only_records: bool,
}

impl Settings {
    pub(crate) fn are_default(&self) -> bool {
        let Self {
            capture_exceptions,
            client,
            recorder,
            recorder_is_borrowed,
            only_records,
        } = self;
        capture_exceptions.is_none()
            && client.is_none()
            && recorder.is_none()
            && !recorder_is_borrowed
            && !only_records
    }
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

struct Stack {
    frames: Vec<Frame>,
    serials: Serials,
    failures: FailureMemory,
    /// Scopes whose guards were dropped while they were parked with their future: closed when it is polled again.
    closed_while_parked: Vec<u64>,
}

/// Numbers that no other thread gives out: a future takes its frames along.
struct Serials {
    next: u64,
    end: u64,
}

impl Serials {
    fn next(&mut self) -> u64 {
        /// A thread takes this many at once.
        const BLOCK: u64 = 1 << 32;
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        if self.next == self.end {
            self.next = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
            self.end = self.next + BLOCK;
        }
        self.next += 1;
        self.next
    }
}

thread_local! {
    static STACK: RefCell<Stack> = const { RefCell::new(Stack::new()) };
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

/// Opens a scope that sets nothing yet and sees what is current, as most do. Otherwise as [`enter`].
pub(crate) fn enter_plain() -> Option<Place> {
    with(|stack| {
        let recorded = stack
            .frames
            .last()
            .is_some_and(|around| around.settings.recorder.is_some());
        (!recorded).then(|| stack.push(stack.seen_from_above(), Settings::default(), None))
    })
    .unwrap_or_default()
    .or_else(|| enter(Sees::Current, Settings::default(), None))
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
        if settings.recorder.is_none()
            && let Some(around) = stack.frames.last()
            && let Some(recorder) = &around.settings.recorder
        {
            settings.recorder = Some(recorder.clone());
            settings.recorder_is_borrowed = around.settings.recorder_is_borrowed;
        }
        stack.push(state, settings, inside)
    })
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
    fn push(&mut self, state: State, settings: Settings, inside: Option<Place>) -> Place {
        let place = Place {
            position: self.frames.len(),
            serial: self.serials.next(),
        };
        self.frames.push(Frame {
            serial: place.serial,
            open: true,
            state,
            settings,
            inside: inside.and_then(|outer| self.position(outer)),
            entered_unwinding: thread::panicking(),
            since: Mark::now(),
            endings: Vec::new(),
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

    /// Takes all frames at the end away that are closed.
    fn pop_all_closed(&mut self) -> Vec<Frame> {
        std::iter::from_fn(|| self.pop_closed()).collect()
    }

    /// Takes the last frame away if it is closed.
    #[inline]
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
    let closed = with(|stack| stack.close(place));
    // Dropped outside the borrow: the last handle of a client may go with them.
    drop(closed);
}

impl Stack {
    /// Closes a frame; what is to be dropped because of it.
    fn close(&mut self, place: Place) -> Vec<Frame> {
        let (last, below) = match &*self.frames {
            [.., below, last] => (last, below.open),
            [last] => (last, true),
            [] => return self.close_elsewhere(place),
        };
        if last.serial == place.serial && below && !last.has_clients() {
            // As a rule: nothing waited for it, and nothing of the user's goes with it.
            self.frames.truncate(self.frames.len() - 1);
            if self.frames.is_empty() {
                self.failures.keep_last();
            }
            return Vec::new();
        }
        self.close_elsewhere(place)
    }

    #[cold]
    fn close_elsewhere(&mut self, place: Place) -> Vec<Frame> {
        match self.position(place) {
            Some(position) => self.frames[position].open = false,
            None => self.close_parked(place.serial),
        }
        self.pop_all_closed()
    }
}

impl Frame {
    /// Whether a client may end with it, which runs code that is not the SDK's.
    fn has_clients(&self) -> bool {
        self.settings.client.is_some()
            || self.settings.recorder.is_some()
            || !self.endings.is_empty()
    }
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
        let (position, frame) =
            stack.frames.iter().enumerate().rfind(|(_, frame)| {
                frame.open && !frame.entered_unwinding && fits(&frame.settings)
            })?;
        Some(Place {
            position,
            serial: frame.serial,
        })
    })
    .flatten()
}

/// Works with the thread's memory of captured failures.
pub(crate) fn failures<R>(f: impl FnOnce(&mut FailureMemory) -> R) -> Option<R> {
    with(|stack| {
        let result = f(&mut stack.failures);
        if stack.frames.is_empty() {
            stack.failures.keep_last();
        }
        result
    })
}

/// Whether the thread is ending, and its scopes are gone for good.
pub(crate) fn is_gone() -> bool {
    STACK.try_with(|_| ()).is_err()
}

/// When the innermost scope of this thread was opened; `None` if none is.
pub(crate) fn innermost_since() -> Option<Mark> {
    with(|stack| Some(stack.frames.last()?.since)).flatten()
}

/// The outermost scope that is open on this thread.
pub(crate) fn outermost() -> Option<u64> {
    with(|stack| {
        let is_scope = |frame: &&Frame| frame.open && !frame.settings.only_records;
        Some(stack.frames.iter().find(is_scope)?.serial)
    })
    .flatten()
}

/// Has a client end with a scope; gives it back where that scope is not open on this thread.
pub(crate) fn outlive(serial: u64, ending: Ending) -> Option<Ending> {
    let mut ending = Some(ending);
    with(|stack| {
        let scope = stack
            .frames
            .iter_mut()
            .find(|frame| frame.open && frame.serial == serial);
        if let Some(scope) = scope {
            scope.endings.extend(ending.take());
        }
    });
    ending
}

/// A client that ends with a scope of this thread: the failure that leaves the scope is its last.
pub(crate) fn ending() -> Option<Client> {
    with(|stack| {
        let endings = stack
            .frames
            .iter()
            .rev()
            .find_map(|frame| frame.endings.last());
        endings.map(|ending| ending.client().clone())
    })
    .flatten()
}
