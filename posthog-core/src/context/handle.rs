//! A handle to a context.

use super::{Detached, InContext, Node, Scope, node::Ids, stack};
use crate::{client::Client, json::read};
use serde_json::{Map, Value};
use std::{future::Future, sync::Arc};

/// A handle to a context, as it was when the handle was taken.
///
/// It is cheap to clone and can be sent to another thread, where [`attach`](Self::attach) enters it. It keeps what it
/// saw: changes made in the context later are not seen through it, and it outlives the context's scope (CTX-80, CTX-86).
///
/// ```
/// use posthog_core::{Context, identify_context, new_context};
/// let _scope = new_context().enter();
/// identify_context("u-1");
/// let context = Context::current();
/// std::thread::spawn(move || {
///     let _scope = context.attach();
///     assert_eq!(Context::current().distinct_id().as_deref(), Some("u-1"));
/// })
/// .join()
/// .expect("the thread ends well");
/// ```
#[derive(Clone, Default)]
pub struct Context {
    pub(super) node: Option<Arc<Node>>,
    pub(super) recorder: Option<Client>,
}

impl Context {
    /// The current context of this thread, or an empty one. O(1).
    #[must_use]
    pub fn current() -> Self {
        stack::current()
    }

    /// The tags, inherited ones included; an inner context's tag wins (CTX-21). The map is a copy (CTX-35).
    #[must_use]
    pub fn tags(&self) -> Map<String, Value> {
        let mut tags = Vec::with_capacity(16);
        self.for_each_tag(|key, json| {
            // What was encoded is JSON, and reads back.
            let value = match unescaped(json) {
                Some(text) => Some(Value::String(text.to_owned())),
                None => read(json.as_bytes()),
            };
            tags.extend(value.map(|value| (key.to_owned(), value)));
        });
        // A map made of all at once costs half as much as one that grows.
        tags.into_iter().collect()
    }

    /// Looks at the tags that [`tags`](Self::tags) gives, in no particular order, without making a map of them: for a log
    /// line or a message on a hot path. `look` gets each key, and its value as JSON, where text has its quotes.
    ///
    /// Each key comes once, as [`tags`](Self::tags) has it (CTX-21, CTX-35); without tags `look` is not called. It may tag,
    /// capture and leave scopes: what it looks at stays as it was. A panic in it goes on to the caller.
    ///
    /// ```
    /// use posthog_core::{Context, new_context, tag};
    /// let _scope = new_context().enter();
    /// tag("tenant", "acme");
    /// tag("attempt", 2);
    /// let mut line = String::from("paid");
    /// Context::current().for_each_tag(|key, json| line += &format!(" {key}={json}"));
    /// assert_eq!(line, r#"paid tenant="acme" attempt=2"#);
    /// ```
    pub fn for_each_tag(&self, mut look: impl FnMut(&str, &str)) {
        if let Some(node) = self.node() {
            node.for_each_tag(&mut look);
        }
    }

    /// The distinct ID, its own or inherited.
    #[must_use]
    pub fn distinct_id(&self) -> Option<String> {
        self.id(|ids| ids.distinct.as_deref())
    }

    /// The session ID, its own or inherited.
    #[must_use]
    pub fn session_id(&self) -> Option<String> {
        self.id(|ids| ids.session.as_deref())
    }

    /// The device ID, its own or inherited. It is sent with feature-flag requests, never with events (CTX-51).
    #[must_use]
    pub fn device_id(&self) -> Option<String> {
        self.id(|ids| ids.device.as_deref())
    }

    /// Enters a new context below this one on the current thread, until the guard is dropped (CTX-82).
    ///
    /// Code in it sees the state of this context; what it sets stays in the new one. Panics that unwind through it are
    /// captured; for errors, too, open a context inside it: `context.attach()`, then [`context!`] or `#[scoped]`.
    ///
    /// [`context!`]: https://docs.rs/posthog/latest/posthog/macro.context.html
    pub fn attach(&self) -> Scope {
        match (&self.node, &self.recorder) {
            (Some(node), None) => Scope::open_below(node),
            _ => self.attach_slowly(),
        }
    }

    #[inline(never)]
    fn attach_slowly(&self) -> Scope {
        let sees = match self.node.clone() {
            Some(node) => stack::Sees::Node { node, own: false },
            None => stack::Sees::Nothing,
        };
        let rare = self.recorder.as_ref().map(recording_to);
        Scope::open_with(sees, rare.map(Box::new), None)
    }

    /// A future that runs in a new context below this one: current during each poll, never between polls (CTX-83).
    pub fn wrap<F: Future>(&self, future: F) -> InContext<F> {
        InContext::observing_panics(Detached::new(self.clone(), false, None), future)
    }

    pub(crate) fn node(&self) -> Option<&Node> {
        self.node.as_deref()
    }

    fn id(&self, pick: impl Fn(&Ids) -> Option<&str>) -> Option<String> {
        pick(self.node()?.merged_ids()).map(str::to_owned)
    }
}

/// What stands between the quotes, if it is text that has no escapes.
fn unescaped(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

/// What a scope has that goes on with a recording.
fn recording_to(recorder: &Client) -> stack::Rare {
    stack::Rare::of(stack::Settings {
        recorder: Some(recorder.clone()),
        ..stack::Settings::default()
    })
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("tags", &self.tags())
            .field("distinct_id", &self.distinct_id())
            .field("session_id", &self.session_id())
            .field("device_id", &self.device_id())
            .finish()
    }
}
