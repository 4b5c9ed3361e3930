//! Tags that lie over one another, before they are merged.

use super::key::Key;
use crate::properties::Properties;

/// The tags of several contexts, each key once.
#[derive(Default)]
pub(super) struct GatheredTags<'a> {
    pub(super) tags: Vec<Tag<'a>>,
    /// A bit for each key; see [`Properties::key_bits`].
    pub(super) bits: u64,
    pub(super) has_special: bool,
    pub(super) has_escapes: bool,
}

/// A tag as it was written.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) key: Key<'a>,
    /// `"key":value,`
    pub(super) text: &'a [u8],
}

impl<'a> GatheredTags<'a> {
    /// The tags of `layers`, earlier ones over later ones, in the order of their keys.
    pub(super) fn of(layers: impl Iterator<Item = &'a Properties> + Clone) -> Self {
        let mut gathered = Self {
            tags: Vec::with_capacity(layers.clone().map(Properties::len).sum()),
            ..Self::default()
        };
        for layer in layers {
            gathered.bits |= layer.key_bits();
            gathered.has_special |= !layer.is_plain();
            for (text, colon) in layer.pieces() {
                let key = Key::new(&text[..colon]);
                gathered.has_escapes |= key.has_escape();
                gathered.tags.push(Tag { key, text });
            }
        }
        let Self {
            tags, has_escapes, ..
        } = &mut gathered;
        tags.sort_by(|a, b| a.key.cmp(b.key, *has_escapes));
        // Of equal ones the first counts.
        tags.dedup_by(|b, a| a.key == b.key);
        gathered
    }
}
