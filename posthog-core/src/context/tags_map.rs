//! Tags as the map that users read.

use serde_json::{Map, Value};

/// A tag as it was written.
struct Written<'a> {
    /// The first bytes of the key: they tell most keys apart, by one comparison.
    prefix: u64,
    /// With their quotes.
    key: &'a str,
    json: &'a str,
    /// Neither has an escape in it.
    is_plain: bool,
}

/// Gathers tags; of those with equal keys the last counts.
#[derive(Default)]
pub(super) struct TagsMap<'a>(Vec<Written<'a>>);

impl<'a> TagsMap<'a> {
    pub(super) fn with_capacity(tags: usize) -> Self {
        Self(Vec::with_capacity(tags))
    }

    /// Adds tags, key with its quotes and value, which have no escapes if they are plain.
    pub(super) fn extend(
        &mut self,
        is_plain: bool,
        tags: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        self.0.extend(tags.map(|(key, json)| Written {
            prefix: prefix(key),
            key,
            json,
            is_plain,
        }));
    }

    /// Sorted before they are copied: what is overridden is not, and the map takes them as they come.
    pub(super) fn finish(self) -> Map<String, Value> {
        let Self(mut tags) = self;
        tags.sort_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| a.key.cmp(b.key)));
        let is_last = |at: usize| tags.get(at + 1).is_none_or(|next| next.key != tags[at].key);
        let last = tags.iter().enumerate().filter(|(at, _)| is_last(*at));
        last.filter_map(|(_, tag)| tag.read()).collect()
    }
}

impl Written<'_> {
    /// What was encoded is JSON, and reads back.
    fn read(&self) -> Option<(String, Value)> {
        let Self {
            key,
            json,
            is_plain,
            prefix: _,
        } = *self;
        let key = match text(key).filter(|_| is_plain) {
            Some(text) => text.to_owned(),
            None => serde_json::from_str(key).ok()?,
        };
        let value = match text(json).filter(|_| is_plain) {
            Some(text) => Value::String(text.to_owned()),
            None => serde_json::from_str(json).ok()?,
        };
        Some((key, value))
    }
}

/// What stands between quotes.
fn text(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// The first bytes of a key, in their order.
fn prefix(key: &str) -> u64 {
    let key = key.as_bytes();
    match key.get(1..).and_then(|key| key.first_chunk::<8>()) {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let mut first = [0; 8];
            let bytes = key.get(1..).unwrap_or_default();
            first[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(first)
        }
    }
}
