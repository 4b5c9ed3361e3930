//! Tags as the map that users read.

use crate::{
    json::{read, read_text},
    properties::has_escape,
};
use serde_json::{Map, Value};

/// Gathers tags; of those with equal keys the last counts.
pub(super) struct TagsMap<'a> {
    tags: Vec<Written<'a>>,
    /// No key or value has an escape in it, as most have none: then what stands between quotes is the text.
    is_plain: bool,
}

/// A tag as it was written.
#[derive(Clone, Copy)]
struct Written<'a> {
    /// The first bytes of the key: they tell most keys apart, by one comparison.
    prefix: u64,
    /// `"key":value`
    text: &'a str,
    colon: usize,
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
            prefix: prefix(&text.as_bytes()[..colon]),
            text,
            colon,
        }));
    }

    /// Sorted before they are copied: what is overridden is not, and the map takes them as they come.
    pub(super) fn finish(self) -> Map<String, Value> {
        let Self { mut tags, is_plain } = self;
        tags.sort_by(|a, b| {
            let by_key = || a.key().cmp(b.key());
            a.prefix.cmp(&b.prefix).then_with(by_key)
        });
        tags.dedup_by(|later, earlier| {
            let same = later.prefix == earlier.prefix && later.key() == earlier.key();
            if same {
                *earlier = *later;
            }
            same
        });
        // In one piece, which the map takes over.
        let mut entries = Vec::with_capacity(tags.len());
        for tag in &tags {
            entries.extend(tag.read(is_plain));
        }
        entries.into_iter().collect()
    }
}

impl Written<'_> {
    /// The key with its quotes.
    fn key(&self) -> &[u8] {
        &self.text.as_bytes()[..self.colon]
    }

    /// What was encoded is JSON, and reads back.
    #[inline]
    fn read(&self, is_plain: bool) -> Option<(String, Value)> {
        let Self { text, colon, .. } = *self;
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

/// The first bytes of a key with its quotes, in their order.
fn prefix(key: &[u8]) -> u64 {
    let bytes = key.get(1..).unwrap_or_default();
    let first = bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut first = [0; 8];
        first[..bytes.len()].copy_from_slice(bytes);
        first
    });
    u64::from_be_bytes(first)
}
