//! Tags as the map that users read.

use super::key::Key;
use crate::{
    json::{read, read_text},
    properties::has_escape,
};
use serde_json::{Map, Value};

/// Gathers tags; of those with equal keys the first counts.
pub(super) struct TagsMap<'a> {
    tags: Vec<Written<'a>>,
    /// No key or value has an escape in it, as most have none: then what stands between quotes is the text.
    is_plain: bool,
}

/// A tag as it was written.
#[derive(Clone, Copy)]
struct Written<'a> {
    key: Key<'a>,
    /// `"key":value`
    text: &'a str,
}

/// Tags as they stand in one text: `"key":value`, and where the colon is.
pub(crate) struct Texts<I> {
    pub(crate) is_plain: bool,
    pub(crate) tags: I,
}

impl<'a> TagsMap<'a> {
    pub(super) fn with_capacity(tags: usize) -> Self {
        Self {
            tags: Vec::with_capacity(tags),
            is_plain: true,
        }
    }

    pub(super) fn extend(&mut self, texts: Texts<impl Iterator<Item = (&'a str, usize)>>) {
        let Texts { is_plain, tags } = texts;
        self.is_plain &= is_plain;
        self.tags.extend(tags.map(|(text, colon)| Written {
            key: Key::new(&text.as_bytes()[..colon]),
            text,
        }));
    }

    /// Sorted before they are copied: what is overridden is not, and the map takes them as they come.
    pub(super) fn finish(self) -> Map<String, Value> {
        let Self { mut tags, is_plain } = self;
        // In any order that is one: the map has its own where there are escapes.
        tags.sort_by(|a, b| a.key.cmp(b.key, false));
        tags.dedup_by(|b, a| a.key == b.key);
        // In one piece, which the map takes over.
        let mut entries = Vec::with_capacity(tags.len());
        for tag in &tags {
            entries.extend(tag.read(is_plain));
        }
        entries.into_iter().collect()
    }
}

impl Written<'_> {
    /// What was encoded is JSON, and reads back.
    #[inline]
    fn read(&self, is_plain: bool) -> Option<(String, Value)> {
        let Self { key, text } = *self;
        let colon = key.text.len();
        if !is_plain && has_escape(text.as_bytes()) {
            return Some((
                read_text(text.get(..colon)?.as_bytes())?,
                read(text.get(colon + 1..)?.as_bytes())?,
            ));
        }
        let key = text.get(1..colon - 1)?.to_owned();
        let value = if text.as_bytes().get(colon + 1) == Some(&b'"') {
            Value::String(text.get(colon + 2..text.len() - 1)?.to_owned())
        } else {
            read(text.get(colon + 1..)?.as_bytes())?
        };
        Some((key, value))
    }
}
