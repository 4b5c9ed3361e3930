//! A context about to be opened.

use super::{Context, InContext, Node, Scope, SessionId, future, mutators, stack};
use crate::{
    client::Client, failure::FailureKind, identifier::Identifier, notice, properties::Properties,
    property_value::PropertyValue, site::AsClient,
};
use std::{any::type_name, error::Error, future::Future, panic::Location, sync::Arc};

/// Begins a new context; say what it is, then [`enter`](NewContext::enter) it or let code [`run`](NewContext::run) in it.
///
/// ```
/// use posthog_core::{Context, new_context};
/// let total = new_context().tag("step", 1).run(|| {
///     assert_eq!(Context::current().tags()["step"], 1);
///     9.5
/// });
/// assert!(Context::current().tags().is_empty());
/// # assert_eq!(total, 9.5);
/// ```
#[inline]
pub fn new_context() -> NewContext {
    NewContext::default()
}

/// A context about to be opened, made by [`new_context`].
///
/// Empty it is a few words that need no allocation, for most contexts set nothing while they are made.
#[derive(Default)]
#[must_use = "nothing happens until the context is entered: `enter()`, `run(…)` or `wrap(…)`"]
pub struct NewContext {
    fresh: bool,
    /// What it does about failures, where it says so.
    rare: Option<Box<stack::Rare>>,
    /// What it sets, without its parent.
    own: Option<Arc<Node>>,
}

impl NewContext {
    /// Whether the context starts empty instead of inheriting tags and IDs (CTX-23). Defaults to `false`.
    pub fn fresh(mut self, fresh: bool) -> Self {
        self.fresh = fresh;
        self
    }

    /// Whether failures that leave the context are captured (CTX-60).
    ///
    /// Defaults to what the client says ([`Options::capture_exceptions`](crate::Options::capture_exceptions)), which is
    /// `true` unless changed. It is not inherited: each context decides for itself.
    pub fn capture_exceptions(mut self, capture: bool) -> Self {
        self.settings().capture_exceptions = Some(capture);
        self
    }

    /// The client that captures the failures leaving this context; without one it is the global client (CTX-66).
    ///
    /// It has no effect on other captures inside the context.
    pub fn client<C: AsClient + ?Sized>(mut self, client: &C) -> Self {
        self.settings().client = Some(client.as_client().clone());
        self
    }

    /// Sets a tag. See [`tag`](crate::tag).
    pub fn tag(self, key: impl AsRef<str>, value: impl PropertyValue) -> Self {
        let mut tags = Properties::new();
        tags.insert(key, value);
        self.tags(tags)
    }

    /// Sets tags.
    pub fn tags(mut self, mut tags: Properties) -> Self {
        if !tags.is_empty() {
            self.own(|node| node.take_tags(&mut tags));
        }
        self
    }

    /// Sets the distinct ID. A blank one is ignored (CTX-38).
    pub fn distinct_id(mut self, id: impl Identifier) -> Self {
        if let Some(id) = mutators::distinct_id(&id) {
            self.own(|node| node.ids_mut().distinct = Some(id.into()));
        }
        self
    }

    /// Sets the session ID. One that is no UUIDv7 is ignored, with a warning (CTX-151).
    pub fn session_id(mut self, id: impl Identifier) -> Self {
        match SessionId::parse(&id) {
            Ok(id) => {
                let id = Some(id.to_string().into());
                self.own(|node| node.ids_mut().session = id);
            }
            // An absent one was asked for: `session_id = request.session()`.
            Err(_) if id.identifier().is_none() => {}
            Err(error) => notice::warn_each(format_args!(
                "the option `session_id` of a context is ignored: {error}"
            )),
        }
        self
    }

    /// Sets the device ID. A blank one is ignored (CTX-38).
    pub fn device_id(mut self, id: impl Identifier) -> Self {
        if let Some(id) = mutators::device_id(&id) {
            self.own(|node| node.ids_mut().device = Some(id.into()));
        }
        self
    }

    fn settings(&mut self) -> &mut stack::Settings {
        self.rare.get_or_insert_default().settings_mut()
    }

    fn own(&mut self, set: impl FnOnce(&mut Node)) {
        // Nobody else has it yet.
        if let Some(node) = Arc::get_mut(self.own.get_or_insert_with(stack::spare_node)) {
            set(node);
        }
    }

    /// No context, but a recording of what happens in it.
    pub(crate) fn recording(recorder: Client) -> Self {
        let settings = stack::Settings {
            capture_exceptions: Some(false),
            recorder: Some(recorder),
            only_records: true,
            ..stack::Settings::default()
        };
        Self {
            rare: Some(Box::new(stack::Rare::of(settings))),
            ..Self::default()
        }
    }

    /// Enters the context on this thread, until the guard is dropped. Panics that unwind through it are captured.
    #[inline]
    pub fn enter(self) -> Scope {
        let Self { fresh, rare, own } = self;
        if !fresh && rare.is_none() && own.is_none() {
            Scope::open()
        } else {
            Self { fresh, rare, own }.enter_set()
        }
    }

    fn enter_set(self) -> Scope {
        let (sees, rare) = self.into_parts();
        Scope::open_with(sees, rare, None)
    }

    /// Enters the context in the function that `here`, a closure in it, has in the name of its type.
    #[doc(hidden)]
    #[inline]
    pub fn enter_here<H>(self, here: &H) -> Scope {
        self.enter().inside(here)
    }

    /// Enters the context inside the body of another, whose exits it shares (CTX-64).
    #[doc(hidden)]
    pub fn enter_inside<H>(self, outer: &Scope, here: &H) -> Scope {
        self.enter_in(outer).inside(here)
    }

    fn enter_in(self, outer: &Scope) -> Scope {
        let (sees, rare) = self.into_parts();
        Scope::open_with(sees, rare, Some(outer))
    }

    /// Runs `body` in the context. Panics that unwind through it are captured.
    pub fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let _scope = self.enter();
        body()
    }

    /// Runs `body` in the context, and captures the error that it returns.
    ///
    /// # Errors
    /// Those of `body`, unchanged (CTX-63).
    #[track_caller]
    pub fn try_run<R, E: Error>(self, body: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        let scope = self.enter();
        let result = body();
        if let Err(error) = &result {
            scope.failed(
                type_name::<E>(),
                FailureKind::Error(error),
                Location::caller(),
            );
        }
        result
    }

    /// A future that runs in the context: current during each poll, never between polls (CTX-83).
    ///
    /// The context stands below the one that is current here, wherever the future is polled.
    pub fn wrap<F: Future>(self, future: F) -> InContext<F> {
        InContext::observing_panics(self.detached(), future)
    }

    /// As [`wrap`](Self::wrap), and captures the error that the future ends with.
    #[track_caller]
    pub fn try_wrap<F, R, E>(self, future: F) -> InContext<F, future::Failing>
    where
        F: Future<Output = Result<R, E>>,
        E: Error,
    {
        InContext::observing_errors(self.detached(), future)
    }

    /// The context for a future: its parent is what is current now.
    #[doc(hidden)]
    #[must_use]
    pub fn detached(self) -> Detached {
        let current = stack::current();
        let (sees, rare) = self.into_parts();
        let (node, own) = match sees {
            stack::Sees::Node { node, own } => (Some(node), own),
            stack::Sees::Current => (current.node, false),
            stack::Sees::Nothing => (None, false),
        };
        let recorder = current.recorder;
        Detached::new(Context { node, recorder }, own, rare)
    }

    fn into_parts(self) -> (stack::Sees, Option<Box<stack::Rare>>) {
        let Self { fresh, rare, own } = self;
        let sees = match own.filter(|node| node.sets_something()) {
            Some(mut node) => {
                if let Some(node) = Arc::get_mut(&mut node)
                    && !fresh
                {
                    node.set_parent(stack::current_node());
                }
                stack::Sees::Node { node, own: true }
            }
            None if fresh => stack::Sees::Nothing,
            None => stack::Sees::Current,
        };
        (sees, rare)
    }
}

/// A context that is not on any thread, but goes with a future.
#[doc(hidden)]
#[derive(Default)]
pub struct Detached(pub(super) stack::Parked);

impl Detached {
    pub(super) fn new(context: Context, own: bool, rare: Option<Box<stack::Rare>>) -> Self {
        Self(stack::Parked::new(context, own, rare))
    }
}
