//! A node of the tree of contexts.

use super::{MergedTags, key::Key};
use crate::{json::read_text, properties::Properties, seen::Seen};
use std::{
    iter,
    ops::Range,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// What one context holds of its own, on top of its parent.
///
/// A node never changes once anybody else holds it (CTX-4). A `fresh` context is a node without a parent.
#[derive(Default)]
pub(crate) struct Node {
    parent: Option<Arc<Self>>,
    tags: Properties,
    ids: Ids,
    merged_tags: OnceLock<Arc<MergedTags>>,
    merged_ids: OnceLock<Ids>,
    /// A child has merged many tags of its ancestors before.
    has_merging_children: AtomicBool,
}

/// The IDs of a context, its own or as inherited.
#[derive(Clone, Default)]
pub(crate) struct Ids {
    pub(crate) distinct: Option<Arc<str>>,
    pub(crate) session: Option<Arc<str>>,
    pub(crate) device: Option<Arc<str>>,
}

impl Ids {
    /// Whether one of them is there.
    #[inline]
    fn say_something(&self) -> bool {
        let Self {
            distinct,
            session,
            device,
        } = self;
        distinct.is_some() || session.is_some() || device.is_some()
    }

    /// Takes over from `outer` what it has not itself (CTX-20).
    fn inherit(&mut self, outer: &Self) {
        let Self {
            distinct,
            session,
            device,
        } = outer;
        for (mine, inherited) in [
            (&mut self.distinct, distinct),
            (&mut self.session, session),
            (&mut self.device, device),
        ] {
            if mine.is_none() {
                mine.clone_from(inherited);
            }
        }
    }
}

impl Node {
    /// Sets what another sets, below the same parent: it can be changed while others keep what they saw.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.set_parent(other.parent.clone());
        self.tags.clone_from(&other.tags);
        self.ids.clone_from(&other.ids);
    }

    /// Makes it an empty one.
    ///
    /// Ancestors that nobody else holds are dropped one after another: recursion would overflow the stack at depth
    /// (CTX-14).
    pub(crate) fn clear(&mut self) {
        let Self {
            parent,
            tags,
            ids,
            merged_tags,
            merged_ids,
            has_merging_children,
        } = self;
        tags.give_back();
        tags.clear();
        if ids.say_something() {
            *ids = Ids::default();
        }
        merged_tags.take();
        merged_ids.take();
        *has_merging_children.get_mut() = false;
        let mut next = parent.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.parent.take();
        }
    }

    /// Whether anything is set on top of the parent.
    pub(crate) fn sets_something(&self) -> bool {
        !self.tags.is_empty() || self.ids.say_something()
    }

    /// Puts it below another, before anybody sees it.
    pub(crate) fn set_parent(&mut self, parent: Option<Arc<Self>>) {
        self.parent = parent;
        self.merged_tags.take();
        self.merged_ids.take();
    }

    /// Sets tags, which are moved out of `tags`.
    #[inline]
    pub(crate) fn take_tags(&mut self, tags: &mut Properties) {
        self.merged_tags.take();
        self.tags.absorb(tags);
    }

    pub(crate) fn ids_mut(&mut self) -> &mut Ids {
        self.merged_ids.take();
        &mut self.ids
    }

    /// The IDs seen from here, own ones over those of the ancestors, worked out once.
    pub(crate) fn merged_ids(&self) -> &Ids {
        self.merged_ids.get_or_init(|| {
            let (before, known) = self.nearest(|node| node.merged_ids.get());
            match &self.parent {
                // For the next child of the parent as well: then it need not walk as far.
                Some(parent) if before >= FEW => {
                    self.merge_ids(0, Some(parent.merged_ids_at_once()))
                }
                _ => self.merge_ids(before, known),
            }
        })
    }

    fn merged_ids_at_once(&self) -> &Ids {
        self.merged_ids.get_or_init(|| {
            let (before, known) = self.nearest(|node| node.merged_ids.get());
            self.merge_ids(before, known)
        })
    }

    /// Its IDs, over those of so many ancestors, and over what is known above them.
    fn merge_ids(&self, ancestors: usize, known: Option<&Ids>) -> Ids {
        let mut ids = self.ids.clone();
        for node in self.ancestors().take(ancestors) {
            ids.inherit(&node.ids);
        }
        if let Some(known) = known {
            ids.inherit(known);
        }
        ids
    }

    /// The tags seen from here, worked out once.
    pub(crate) fn merged_tags(&self) -> &Arc<MergedTags> {
        self.merged_tags.get_or_init(|| {
            let (before, known) = self.nearest(|node| node.merged_tags.get());
            let inherited = self.ancestors().take(before).map(|node| node.tags.len());
            let are_many = inherited.sum::<usize>() > FEW;
            // One child alone does better without the parent's.
            let again = |parent: &Self| parent.has_merging_children.swap(true, Relaxed);
            match &self.parent {
                Some(parent) if before >= FEW || (are_many && again(parent)) => {
                    self.merge_tags(0, Some(parent.merged_tags_at_once()))
                }
                _ => self.merge_tags(before, known),
            }
        })
    }

    fn merged_tags_at_once(&self) -> &Arc<MergedTags> {
        self.merged_tags.get_or_init(|| {
            let (before, known) = self.nearest(|node| node.merged_tags.get());
            self.merge_tags(before, known)
        })
    }

    /// Its tags, over those of so many ancestors, and over what is known above them.
    fn merge_tags(&self, ancestors: usize, known: Option<&Arc<MergedTags>>) -> Arc<MergedTags> {
        let layers = self.layers(1 + ancestors);
        if layers.clone().all(Properties::is_empty) {
            return known.cloned().unwrap_or_default();
        }
        Arc::new(MergedTags::new(layers, known.map(|known| &**known)))
    }

    /// Looks at each tag seen from here: its key, and its value as JSON. Nothing is merged for it, nor copied but keys that
    /// have escapes.
    pub(crate) fn for_each_tag(&self, look: &mut dyn FnMut(&str, &str)) {
        let mut seen = Seen::new();
        let mut next = Some(self);
        while let Some(node) = next {
            let merged = node.merged_tags.get();
            next = node.parent.as_deref().filter(|_| merged.is_none());
            // Each key stands once in one of them: those of the last are remembered for nobody.
            let is_new = |key| match next {
                Some(_) => seen.insert(key),
                None => !seen.has(key),
            };
            match merged {
                Some(merged) => look_at(merged.tags.texts(), is_new, look),
                None => look_at(node.tags.texts(), is_new, look),
            }
        }
    }

    /// The tags of so many nodes: its own, and those of its ancestors, innermost first.
    fn layers(&self, nodes: usize) -> impl Iterator<Item = &Properties> + Clone {
        let all = iter::once(self).chain(self.ancestors());
        all.take(nodes).map(|node| &node.tags)
    }

    /// What the nearest ancestor that knows already knows, and how many come before it. A walk, not a recursion: the depth
    /// has no limit (CTX-14).
    fn nearest<'a, K>(&'a self, known: impl Fn(&'a Self) -> Option<K>) -> (usize, Option<K>) {
        let mut before = 0;
        for node in self.ancestors() {
            if let Some(known) = known(node) {
                return (before, Some(known));
            }
            before += 1;
        }
        (before, None)
    }

    fn ancestors(&self) -> impl Iterator<Item = &Self> + Clone {
        iter::successors(self.parent.as_deref(), |node| node.parent.as_deref())
    }
}

/// Looks at those tags whose keys are new: JSON text, and where in it keys and values are.
fn look_at<'a>(
    (json, places): (&'a [u8], impl Iterator<Item = (Range<usize>, Range<usize>)>),
    mut is_new: impl FnMut(&'a [u8]) -> bool,
    look: &mut dyn FnMut(&str, &str),
) {
    // What was encoded is text; it is looked at once for all.
    let json = str::from_utf8(json).unwrap_or_default();
    for (key, value) in places {
        let (Some(key), Some(value)) = (json.get(key), json.get(value)) else {
            continue;
        };
        let bare = key.get(1..key.len() - 1).unwrap_or_default();
        if !is_new(bare.as_bytes()) {
            continue;
        }
        if Key::new(key.as_bytes()).has_escape() {
            look(&read_text(key.as_bytes()).unwrap_or_default(), value);
        } else {
            look(bare, value);
        }
    }
}

/// What is inherited is worked out for the parent too, which may never need it itself, if it is more than this.
const FEW: usize = 8;

impl Drop for Node {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, FEW, Ids, Node};
    use crate::properties::Properties;
    use serde_json::{Map, Value, json};

    fn child_of(parent: Option<Arc<Node>>) -> Node {
        let mut node = Node::default();
        node.set_parent(parent);
        node
    }

    #[test]
    fn ctx_14_what_a_deep_context_sees_is_worked_out_for_its_parent_too() {
        let chain = (0..=FEW).fold(None, |parent, at| {
            let mut node = child_of(parent);
            node.ids_mut().distinct = Some(format!("user-{at}").into());
            Some(Arc::new(node))
        });
        let leaf = child_of(chain.clone());
        assert_eq!(leaf.merged_ids().distinct.as_deref(), Some("user-8"));
        assert_eq!(leaf.merged_tags().tags.iter().count(), 0);
        let parent = chain.expect("a parent");
        assert!(parent.merged_ids.get().is_some());
        assert!(parent.merged_tags.get().is_some(), "also without a tag");
    }

    fn looked_at(node: &Node) -> Map<String, Value> {
        let mut tags = Map::new();
        node.for_each_tag(&mut |key, json| {
            let value = serde_json::from_str(json).expect("JSON");
            let before = tags.insert(key.to_owned(), value);
            assert_eq!(before, None, "{key:?} stands once");
        });
        tags
    }

    #[test]
    fn ctx_35_tags_are_read_alike_whether_an_event_has_merged_them_or_not() {
        let keys = [
            "b",
            "a",
            "",
            "k\"1",
            "k\\",
            "a\nb",
            "\u{1}",
            "é",
            "long-key-of-a",
            "long-key-of-b",
        ];
        let values = [
            json!("text"),
            json!("a \"quoted\" one \\"),
            json!(""),
            json!(-1.5),
            json!(null),
            json!({ "a,b": ["\"", { "c": [] }] }),
        ];
        let (mut parent, mut expected) = (None, Map::new());
        for depth in 0..40 {
            let (mut node, mut tags) = (child_of(parent), Properties::new());
            for at in 0..depth % 4 {
                let key = keys[(depth * 7 + at * 3) % keys.len()];
                let value = &values[(depth + at) % values.len()];
                tags.insert(key, value);
                expected.insert(key.to_owned(), value.clone());
            }
            node.take_tags(&mut tags);
            assert_eq!(looked_at(&node), expected, "at depth {depth}");
            if depth % 5 == 3 {
                node.merged_tags();
                assert_eq!(looked_at(&node), expected, "merged, at depth {depth}");
            }
            parent = Some(Arc::new(node));
        }
    }

    #[test]
    fn ctx_35_of_many_tags_each_is_looked_at_once_wherever_it_is_hidden() {
        let (mut parent, mut expected) = (None, Map::new());
        for (depth, keys) in [60..160, 0..0, 0..100, 99..101, 30..150]
            .into_iter()
            .enumerate()
        {
            let mut node = child_of(parent);
            let key = |at| format!("k{at:03}\"");
            expected.extend(keys.clone().map(|at| (key(at), json!(depth))));
            node.take_tags(&mut keys.map(|at| (key(at), depth)).collect());
            let mut merges = Node::default();
            merges.copy_from(&node);
            assert_eq!(looked_at(&node), expected, "at depth {depth}");
            merges.merged_tags();
            assert_eq!(looked_at(&merges), expected, "merged, at depth {depth}");
            parent = Some(Arc::new(if depth == 2 { merges } else { node }));
        }
    }

    #[test]
    fn ctx_13_a_node_that_was_cleared_is_as_a_new_one() {
        let mut parent = Node::default();
        parent.ids_mut().device = Some("device".into());
        let mut node = child_of(Some(Arc::new(parent)));
        let mut tags = Properties::new();
        (0..200).for_each(|at| tags.insert(format!("$tag-{at}"), "\"value\""));
        node.take_tags(&mut tags);
        *node.ids_mut() = Ids {
            distinct: Some("user".into()),
            session: Some("session".into()),
            device: None,
        };
        assert_eq!(node.merged_tags().tags.iter().count(), 200);
        assert_eq!(node.merged_ids().device.as_deref(), Some("device"));
        node.clear();
        assert!(!node.sets_something());
        assert!(node.parent.is_none());
        assert!(node.tags.is_plain());
        assert!(!node.tags.has(b"\"$tag-3\""));
        assert_eq!(looked_at(&node).len(), 0);
        assert_eq!(node.merged_tags().tags.iter().count(), 0);
        let Ids {
            distinct,
            session,
            device,
        } = node.merged_ids();
        assert_eq!((distinct, session, device), (&None, &None, &None));
    }
}
