//! Tags that lie over one another, before they are merged or read.

use super::key::Key;
use crate::{
    json::{read, read_text},
    properties::Properties,
};
use serde_json::{Map, Value};

/// Tags of several contexts, in the order of their strength until they are sorted.
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
    pub(super) fn with_capacity(tags: usize) -> Self {
        Self {
            tags: Vec::with_capacity(tags),
            ..Self::default()
        }
    }

    /// The tags of `layers`, earlier ones over later ones, in the order of their keys.
    pub(super) fn of(layers: impl Iterator<Item = &'a Properties> + Clone) -> Self {
        let mut gathered = Self::with_capacity(layers.clone().map(Properties::len).sum());
        for layer in layers {
            gathered.bits |= layer.key_bits();
            gathered.has_special |= !layer.is_plain();
            gathered.extend(layer.pieces());
        }
        gathered.sort();
        gathered
    }

    /// Adds tags below those that are there: `"key":value,` and how long the key is.
    pub(super) fn extend(&mut self, pieces: impl Iterator<Item = (&'a [u8], usize)>) {
        for (text, colon) in pieces {
            let key = Key::new(&text[..colon]);
            self.has_escapes |= key.has_escape();
            self.tags.push(Tag { key, text });
        }
    }

    /// Puts them in order, with each key once: of equal ones the first counts.
    fn sort(&mut self) {
        let has_escapes = self.has_escapes;
        self.tags.sort_by(|a, b| a.key.cmp(b.key, has_escapes));
        self.tags.dedup_by(|b, a| a.key == b.key);
    }

    /// As users read them.
    ///
    /// Sorted before they are copied: what is overridden is not, and the map takes them as they come.
    pub(super) fn into_map(mut self) -> Map<String, Value> {
        self.sort();
        // Looked at once for all: whether it is text, and whether it has escapes, as most has none.
        let bytes = self.tags.iter().map(|tag| tag.text.len()).sum();
        let mut json = Vec::with_capacity(bytes);
        for tag in &self.tags {
            json.extend_from_slice(tag.text);
        }
        // It does not stop at the first, and so looks at many bytes at once.
        let escapes = |found: u8, byte: &u8| found | u8::from(*byte == b'\\');
        let is_plain = json.iter().fold(0, escapes) == 0;
        let mut rest = str::from_utf8(&json).unwrap_or_default();
        // In one piece, which the map takes over.
        let mut entries = Vec::with_capacity(self.tags.len());
        for Tag { key, text } in &self.tags {
            let Some((tag, behind)) = rest.split_at_checked(text.len()) else {
                break;
            };
            entries.extend(read_tag(tag, key.text.len(), is_plain));
            rest = behind;
        }
        entries.into_iter().collect()
    }
}

/// A tag, `"key":value,`, as users read it: what was encoded is JSON, and reads back.
fn read_tag(tag: &str, colon: usize, is_plain: bool) -> Option<(String, Value)> {
    let text = |json: &str| {
        if is_plain {
            // What stands between the quotes.
            Some(json.get(1..json.len() - 1)?.to_owned())
        } else {
            read_text(json.as_bytes())
        }
    };
    let key = tag.get(..colon)?;
    let value = tag.get(colon + 1..tag.len() - 1)?;
    let value = if value.starts_with('"') {
        Value::String(text(value)?)
    } else {
        read(value.as_bytes())?
    };
    Some((text(key)?, value))
}
