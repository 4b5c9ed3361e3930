//! A node of the tree of contexts.

use crate::properties::Properties;
use std::{
    mem,
    sync::{Arc, OnceLock},
};

/// What one context holds of its own, on top of its parent.
///
/// A node never changes once anybody else holds it (CTX-4). A `fresh` context is a node without a parent.
#[derive(Default)]
pub(crate) struct Node {
    parent: Option<Arc<Self>>,
    tags: Properties,
    ids: Ids,
    merged: OnceLock<Arc<Merged>>,
}

/// The IDs of a context, its own or as inherited.
#[derive(Clone, Default)]
pub(crate) struct Ids {
    pub(crate) distinct: Option<Arc<str>>,
    pub(crate) session: Option<Arc<str>>,
    pub(crate) device: Option<Arc<str>>,
}

impl Ids {
    /// Takes over what `inner` has of its own (CTX-20).
    fn override_by(&mut self, inner: &Self) {
        let Self {
            distinct,
            session,
            device,
        } = inner;
        for (mine, own) in [
            (&mut self.distinct, distinct),
            (&mut self.session, session),
            (&mut self.device, device),
        ] {
            if own.is_some() {
                mine.clone_from(own);
            }
        }
    }
}

/// What is seen from a node: its own state over that of its ancestors.
#[derive(Clone, Default)]
pub(crate) struct Merged {
    pub(crate) tags: Arc<MergedTags>,
    pub(crate) ids: Ids,
}

/// The tags seen from a node, with their keys as the event lists them.
#[derive(Default)]
pub(crate) struct MergedTags {
    pub(crate) tags: Properties,
    /// `$context_tags`: the keys as a sorted JSON array (CTX-49); empty without tags.
    pub(crate) keys: Vec<u8>,
}

impl Node {
    pub(crate) fn child_of(parent: Option<Arc<Self>>) -> Self {
        Self {
            parent,
            tags: Properties::new(),
            ids: Ids::default(),
            merged: OnceLock::new(),
        }
    }

    /// A copy that can be changed while others keep what they saw.
    pub(crate) fn changed(&self) -> Self {
        Self {
            parent: self.parent.clone(),
            tags: self.tags.clone(),
            ids: self.ids.clone(),
            merged: OnceLock::new(),
        }
    }

    pub(crate) fn set_tags(&mut self, tags: Properties) {
        self.merged = OnceLock::new();
        self.tags.absorb(tags);
    }

    pub(crate) fn ids_mut(&mut self) -> &mut Ids {
        self.merged = OnceLock::new();
        &mut self.ids
    }

    /// What is seen from here, worked out once.
    pub(crate) fn merged(&self) -> &Arc<Merged> {
        self.merged.get_or_init(|| self.merge())
    }

    fn merge(&self) -> Arc<Merged> {
        // Walks up to the nearest ancestor that remembers, then down again: no recursion, whatever the depth (CTX-14).
        let mut path = vec![self];
        let mut known = None;
        let mut next = self.parent.as_deref();
        while let Some(node) = next {
            if let Some(merged) = node.merged.get() {
                known = Some(merged);
                break;
            }
            path.push(node);
            next = node.parent.as_deref();
        }
        let mut ids = known.map(|merged| merged.ids.clone()).unwrap_or_default();
        for node in path.iter().rev() {
            ids.override_by(&node.ids);
        }
        let inherited = known.map(|merged| Arc::clone(&merged.tags));
        let tags = if path.iter().all(|node| node.tags.is_empty()) {
            inherited.unwrap_or_default()
        } else {
            let mut tags = inherited
                .map(|inherited| inherited.tags.clone())
                .unwrap_or_default();
            for node in path.iter().rev() {
                tags.merge(&node.tags);
            }
            Arc::new(MergedTags::new(tags))
        };
        Arc::new(Merged { tags, ids })
    }
}

impl MergedTags {
    fn new(tags: Properties) -> Self {
        let mut keys: Vec<&[u8]> = tags.iter().map(|(key, ..)| key).collect();
        // By the text between the quotes: a closing quote must not count in the order.
        keys.sort_unstable_by_key(|key| &key[1..key.len() - 1]);
        let keys = if keys.is_empty() {
            Vec::new()
        } else {
            [b"[", keys.join(&b',').as_slice(), b"]"].concat()
        };
        Self { tags, keys }
    }
}

impl Drop for Node {
    /// Drops a chain of ancestors one after another: recursion would overflow the stack at depth (CTX-14).
    fn drop(&mut self) {
        let mut next = mem::take(&mut self.parent);
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = mem::take(&mut node.parent);
        }
    }
}
