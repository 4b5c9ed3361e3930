//! The scopes that are open on a thread.
//!
//! Every thread has one stack of frames; the last is current. A frame that sets nothing holds nothing: it points to the
//! frame below whose node it sees, so that an empty scope costs no allocation and depth costs no walk.
//!
//! Nodes that are done with wait for the next context: in a thread's steady state none is allocated.
//!
//! Invariant: the last frame is open. A frame that is closed while others lie above it waits for them, so that
//! positions stay true and each close costs amortised O(1) (CTX-16).

mod frame;
mod observe;
mod parked;

use frame::NOWHERE;
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
    mem::{self, ManuallyDrop},
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
    /// Nodes that are done with, each empty and held by nobody else.
    spare_nodes: Vec<Arc<Node>>,
}

/// As many as the contexts around a capture usually are.
const MOST_SPARE_NODES: usize = 8;

/// Numbers that no other thread gives out: a future takes its frames along.
struct Serials {
    next: u64,
    end: u64,
}

impl Serials {
    /// The next one; [`Self::fill`] was called before.
    #[inline]
    fn next(&mut self) -> Option<NonZeroU64> {
        self.next += 1;
        // The first is 1.
        NonZeroU64::new(self.next)
    }

    fn fill(&mut self) {
        /// A thread takes this many at once.
        const BLOCK: u64 = 1 << 32;
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        if self.next == self.end {
            self.next = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
            self.end = self.next + BLOCK;
        }
    }
}

thread_local! {
    /// Nothing is dropped with it when the thread ends, so that reaching it is one look; see [`Leaving`].
    static STACK: RefCell<ManuallyDrop<Stack>> = const { RefCell::new(ManuallyDrop::new(Stack::new())) };
    static LEAVING: Leaving = const { Leaving };
}

/// Takes a thread's stack away when the thread ends, for good.
struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        let stack = STACK.try_with(|stack| {
            let mut stack = stack.try_borrow_mut().ok()?;
            let last = mem::replace(&mut **stack, Stack::new());
            // What is borrowed for ever, nobody opens a scope on.
            mem::forget(stack);
            Some(last)
        });
        // Outside of a borrow that ends: the last handle of a client may go with it.
        drop(stack);
    }
}

/// A frame's place on its thread.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    position: usize,
    serial: NonZeroU64,
}

/// Runs `f` on this thread's stack; `None` where the thread is ending, or where a caller is at it already.
///
/// For what keeps nothing that was not there before; see [`with_kept`].
#[inline]
fn with<R>(f: impl FnOnce(&mut Stack) -> R) -> Option<R> {
    STACK
        .try_with(|stack| stack.try_borrow_mut().ok().map(|mut stack| f(&mut stack)))
        .ok()
        .flatten()
}

/// As [`with`], for what is not on the way of each scope or event: it is not compiled again for each `f`.
fn with_seldom<R>(f: impl FnOnce(&mut Stack) -> R) -> Option<R> {
    #[inline(never)]
    fn run(f: &mut dyn FnMut(&mut Stack)) {
        with(f);
    }
    let (mut f, mut result) = (Some(f), None);
    run(&mut |stack| result = f.take().map(|f| f(stack)));
    result
}

/// As [`with`], and sees to it that what is kept goes with the thread.
fn with_kept<R>(f: impl FnOnce(&mut Stack) -> R) -> Option<R> {
    if is_gone() { None } else { with(f) }
}

/// What a new frame sees at first.
pub(crate) enum Sees {
    /// What is current now.
    Current,
    Nothing,
    /// This node, which was made for it or is that of a handle.
    Node {
        node: Arc<Node>,
        own: bool,
    },
}

/// Opens a scope that sees that node, or else what is current, and says nothing about failures, as most do; `None` where
/// the thread is ending: then there is no context.
///
/// It fails where something else is to be done for it, which [`enter_with`] does.
#[inline]
pub(crate) fn enter(node: Option<&Arc<Node>>) -> Result<Option<Place>, ()> {
    if thread::panicking() {
        return Err(());
    }
    with(|stack| {
        let current = match stack.frames.last() {
            None => NOWHERE,
            Some(last) if last.rare.is_none() => last.sees,
            Some(_) => return Err(()),
        };
        if !stack.has_room() {
            return Err(());
        }
        let sees = if node.is_some() {
            stack.frames.len()
        } else {
            current
        };
        Ok(stack.push(sees, node.cloned()))
    })
    .unwrap_or(Ok(None))
}

/// Opens a scope.
#[inline(never)]
pub(crate) fn enter_with(
    sees: Sees,
    mut rare: Option<Box<Rare>>,
    inside: Option<Place>,
) -> Option<Place> {
    with_kept(|stack| {
        if let Some(around) = stack.frames.last()
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
        let (sees, node, owns_node) = match sees {
            Sees::Current => {
                let current = stack.frames.last().map_or(NOWHERE, |last| last.sees);
                (current, None, false)
            }
            Sees::Nothing => (NOWHERE, None, false),
            Sees::Node { node, own } => (stack.frames.len(), Some(node), own),
        };
        stack.make_room();
        let place = stack.push(sees, node)?;
        let frame = stack.frames.last_mut()?;
        (frame.rare, frame.owns_node) = (rare, owns_node);
        frame.entered_unwinding = thread::panicking();
        Some(place)
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
            spare_nodes: Vec::new(),
        }
    }

    /// Whether a scope can be opened before [`Self::make_room`].
    #[inline]
    fn has_room(&self) -> bool {
        self.frames.len() < self.frames.capacity() && self.serials.next != self.serials.end
    }

    #[cold]
    fn make_room(&mut self) {
        self.frames.reserve(1);
        self.serials.fill();
    }

    /// Opens a scope of a thread that does not unwind, which sees the node at that position.
    #[inline]
    fn push(&mut self, sees: usize, node: Option<Arc<Node>>) -> Option<Place> {
        let position = self.frames.len();
        let serial = self.serials.next();
        self.frames.push(Frame {
            serial,
            since: Mark::now(),
            sees,
            node,
            rare: None,
            owns_node: false,
            open: true,
            entered_unwinding: false,
        });
        serial.map(|serial| Place { position, serial })
    }

    #[inline]
    fn node_of<'a>(&'a self, frame: &'a Frame) -> Option<&'a Arc<Node>> {
        match &frame.node {
            Some(own) => Some(own),
            None => self.frames.get(frame.sees)?.node.as_ref(),
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
    match with(|stack| stack.close_last(place)) {
        Some(Ok(left)) => left.let_go(),
        Some(Err(())) => close_elsewhere(place),
        None => {}
    }
}

/// Closes a scope that others lie above, that is with its future, or with which failures are forgotten.
#[cold]
fn close_elsewhere(place: Place) {
    let closed = with_kept(|stack| {
        match stack.position(place) {
            Some(position) => stack.frames[position].open = false,
            None => stack.close_parked(place.serial),
        }
        // Mostly it is one, for which no room has to be found.
        (stack.pop_closed(), stack.pop_all_closed())
    });
    drop(closed);
}

impl Stack {
    /// Closes the last frame, if it is that one and nothing waited for it: what goes with it.
    #[inline]
    fn close_last(&mut self, place: Place) -> Result<Left, ()> {
        let (last, nothing_waits) = match &*self.frames {
            [.., below, last] => (last, below.open),
            [last] => (last, !self.failures.has_several()),
            [] => return Err(()),
        };
        if last.serial != Some(place.serial) || !nothing_waits {
            return Err(());
        }
        let Frame {
            node,
            rare,
            owns_node,
            ..
        } = self.frames.pop().ok_or(())?;
        Ok(Left {
            node,
            rare,
            owns_node,
        })
    }

    /// An empty node that nobody else holds.
    #[inline]
    fn spare_node(&mut self) -> Arc<Node> {
        self.spare_nodes.pop().unwrap_or_default()
    }
}

/// What goes with a frame; the rest of it is numbers.
struct Left {
    node: Option<Arc<Node>>,
    rare: Option<Box<Rare>>,
    owns_node: bool,
}

impl Left {
    /// Outside of any borrow of the stack: the last handle of a client may go with it.
    ///
    /// Out of line but for the look whether there is anything, as most scopes have nothing.
    #[inline]
    fn let_go(self) {
        let Self {
            node,
            rare,
            owns_node,
        } = self;
        match (node, rare) {
            (None, None) => {}
            (Some(node), None) if owns_node => keep_spare(node),
            (Some(node), None) => drop_node(node),
            (node, Some(rare)) => drop_all(node, rare),
        }
    }
}

#[inline(never)]
fn drop_node(node: Arc<Node>) {
    drop(node);
}

#[inline(never)]
fn drop_all(node: Option<Arc<Node>>, rare: Box<Rare>) {
    drop((node, rare));
}

/// Keeps a node for the next context, if nobody else holds it.
#[inline(never)]
fn keep_spare(mut node: Arc<Node>) {
    if let Some(own) = Arc::get_mut(&mut node) {
        own.clear();
        with(|stack| {
            if stack.spare_nodes.len() < MOST_SPARE_NODES {
                stack.spare_nodes.push(node);
            }
        });
    }
}

/// An empty node that nobody else holds, for a context that is about to be opened.
pub(crate) fn spare_node() -> Arc<Node> {
    with(Stack::spare_node).unwrap_or_default()
}

/// A handle to what is current.
pub(crate) fn current() -> Context {
    with(|stack| match &*stack.frames {
        [.., last] => stack.handle(last),
        [] => Context::default(),
    })
    .unwrap_or_default()
}

/// A handle to what the scope at `place` sees.
pub(crate) fn context_of(place: Place) -> Context {
    with_seldom(|stack| {
        let position = stack.position(place)?;
        Some(stack.handle(&stack.frames[position]))
    })
    .flatten()
    .unwrap_or_default()
}

/// The node that is current.
pub(crate) fn current_node() -> Option<Arc<Node>> {
    with(|stack| stack.current_node()).flatten()
}

impl Stack {
    #[inline]
    fn current_node(&self) -> Option<Arc<Node>> {
        self.node_of(self.frames.last()?).cloned()
    }

    #[inline]
    fn handle(&self, frame: &Frame) -> Context {
        Context {
            node: self.node_of(frame).cloned(),
            recorder: frame.rare.as_ref().and_then(|rare| rare.recorder()),
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
        if let Some(node) = &mut top.node
            && top.owns_node
            && let Some(node) = Arc::get_mut(node)
        {
            f(node);
            return true;
        }
        let before = top.node.clone().filter(|_| top.owns_node);
        let mut node = stack.spare_node();
        if let Some(node) = Arc::get_mut(&mut node) {
            match before {
                Some(before) => node.copy_from(&before),
                None => node.set_parent(stack.current_node()),
            }
            f(node);
        }
        let position = stack.frames.len() - 1;
        stack.frames[position].see(position, node, true);
        true
    })
    .unwrap_or(false)
}
