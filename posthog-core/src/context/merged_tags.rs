//! The tags that are seen in a context, as its events have them.

use super::{
    gathered_tags::{GatheredTags, Tag},
    key::Key,
};
use crate::{properties::Properties, spares::Spares};
use std::{mem, ops::Range};

/// The tags seen from a node, inherited ones included, in the order of their keys.
///
/// In that order those of a context that are laid over the inherited ones come in between, and what lies between them is
/// copied whole: it costs a look for each of the new ones, and nothing but copying for the others.
#[derive(Default)]
pub(crate) struct MergedTags {
    pub(crate) tags: SortedTags,
    /// `$context_tags`: the keys as a sorted JSON array (CTX-49); empty without tags.
    pub(crate) keys: Vec<u8>,
}

/// Tags in the order of the text of their keys.
#[derive(Default)]
pub(crate) struct SortedTags {
    /// `"key":value,` after one another.
    json: Vec<u8>,
    places: Vec<Place>,
    /// A bit for each key; see [`Properties::key_bits`].
    bits: u64,
    has_special: bool,
    /// Some key has an escape in it, so that its bytes are not in the order of its text.
    has_escapes: bool,
}

/// Where a tag stands: its key with its quotes is `json[start..colon]`. The next one begins behind the comma of this one.
#[derive(Clone, Copy)]
struct Place {
    /// Of the key; see [`Key`].
    prefix: u64,
    start: usize,
    colon: usize,
    /// Where the key stands among the listed ones.
    listed: usize,
}

/// As many as the contexts around a capture usually are, and no large ones: a thread need not hold their room for ever.
const MOST_SPARE: usize = 8;
const LARGEST_SPARE: usize = 8 << 10;

thread_local! {
    static SPARES: Spares<MergedTags> = const { Spares::new() };
}

impl Drop for MergedTags {
    /// Keeps the room for those to come.
    fn drop(&mut self) {
        if (1..=LARGEST_SPARE).contains(&self.tags.json.capacity()) {
            // A thread that is ending keeps nothing.
            let _ = SPARES.try_with(|spares| spares.keep(MOST_SPARE, || mem::take(self)));
        }
    }
}

impl MergedTags {
    /// No tags, in the room of others that are done with.
    fn spare() -> Self {
        let spare = SPARES.try_with(Spares::take).ok().flatten();
        let mut spare = spare.unwrap_or_default();
        spare.tags.json.clear();
        spare.tags.places.clear();
        spare.keys.clear();
        spare
    }

    /// The tags of `layers`, earlier ones over later ones, all of them over `inherited` (CTX-21).
    pub(super) fn new<'a>(
        layers: impl Iterator<Item = &'a Properties> + Clone,
        inherited: Option<&Self>,
    ) -> Self {
        let nothing = Self::default();
        let inherited = inherited.unwrap_or(&nothing);
        let SortedTags {
            json,
            places,
            bits,
            has_special,
            has_escapes,
        } = &inherited.tags;
        let own = GatheredTags::of(layers);
        let bytes: usize = own.tags.iter().map(|tag| tag.text.len()).sum();
        let listed: usize = own.tags.iter().map(|tag| tag.key.text.len() + 1).sum();
        let mut merged = Self::spare();
        let tags = &mut merged.tags;
        tags.json.reserve(json.len() + bytes);
        tags.places.reserve(places.len() + own.tags.len());
        tags.bits = bits | own.bits;
        tags.has_special = has_special | own.has_special;
        tags.has_escapes = has_escapes | own.has_escapes;
        merged.keys.reserve(inherited.keys.len().max(1) + listed);
        merged.keys.push(b'[');
        let mut next = 0;
        for tag in own.tags {
            if next < places.len() {
                let (before, behind) = match inherited.tags.search(tag.key, next, own.has_escapes) {
                    Ok(at) => (at, at + 1),
                    Err(at) => (at, at),
                };
                merged.copy(inherited, next..before);
                next = behind;
            }
            merged.push(tag);
        }
        merged.copy(inherited, next..places.len());
        // The comma behind the last one.
        if let Some(last) = merged.keys.last_mut() {
            *last = b']';
        }
        merged
    }

    fn push(&mut self, tag: Tag<'_>) {
        let Self { tags, keys } = self;
        let Tag { key, text } = tag;
        let start = tags.json.len();
        tags.places.push(Place {
            prefix: key.prefix,
            start,
            colon: start + key.text.len(),
            listed: keys.len(),
        });
        tags.json.extend_from_slice(text);
        keys.extend_from_slice(key.text);
        keys.push(b',');
    }

    /// Copies some of the inherited ones.
    fn copy(&mut self, inherited: &Self, range: Range<usize>) {
        let Self { tags, keys } = self;
        let from = &inherited.tags;
        let Some(first) = from.places.get(range.start).filter(|_| !range.is_empty()) else {
            return;
        };
        let (json_end, keys_end) = match from.places.get(range.end) {
            Some(next) => (next.start, next.listed),
            None => (from.json.len(), inherited.keys.len()),
        };
        // Wraps, and wraps back: they may have moved to either side.
        let by = tags.json.len().wrapping_sub(first.start);
        let listed_by = keys.len().wrapping_sub(first.listed);
        tags.places
            .extend(from.places[range].iter().map(|place| Place {
                prefix: place.prefix,
                start: place.start.wrapping_add(by),
                colon: place.colon.wrapping_add(by),
                listed: place.listed.wrapping_add(listed_by),
            }));
        tags.json
            .extend_from_slice(&from.json[first.start..json_end]);
        keys.extend_from_slice(&inherited.keys[first.listed..keys_end]);
        // Behind the last key of all stands a bracket.
        if let Some(last) = keys.last_mut() {
            *last = b',';
        }
    }
}

impl SortedTags {
    /// The tags in order: key with its quotes, value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.places.len()).map(|at| {
            let place = self.places[at];
            let value = place.colon + 1..self.start_of(at + 1) - 1;
            (&self.json[place.start..place.colon], &self.json[value])
        })
    }

    /// JSON text, and where in it the keys are, with their quotes, and the values.
    pub(super) fn texts(&self) -> (&[u8], impl Iterator<Item = (Range<usize>, Range<usize>)>) {
        let places = self.places.iter().enumerate().map(|(at, place)| {
            let value = place.colon + 1..self.start_of(at + 1) - 1;
            (place.start..place.colon, value)
        });
        (&self.json, places)
    }

    /// Whether no key begins with `$`: then none means anything to the service or the SDK.
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_special
    }

    /// Whether there is one of that key, which has its quotes.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        let key = Key::new(key);
        self.search(key, 0, key.has_escape()).is_ok()
    }

    /// Appends the tags whose keys `stronger` does not have, each with a comma behind it.
    ///
    /// They are copied whole but for those, so that it costs what `stronger` has rather than what is inherited.
    pub(crate) fn write_beside(&self, stronger: &Properties, out: &mut Vec<u8>) {
        let mut hidden = [0; MOST_HIDDEN];
        let mut count = 0;
        for (key, bit) in stronger.keys_and_bits() {
            if bit & self.bits == 0 {
                continue;
            }
            let key = Key::new(key);
            if let Ok(at) = self.search(key, 0, key.has_escape()) {
                if count == MOST_HIDDEN {
                    return self.write_one_by_one(stronger, out);
                }
                // In order: they are few, and a sort is a lot of code.
                let place = hidden[..count].partition_point(|other| *other < at);
                hidden.copy_within(place..count, place + 1);
                hidden[place] = at;
                count += 1;
            }
        }
        let mut from = 0;
        for at in hidden[..count].iter().copied() {
            out.extend_from_slice(&self.json[from..self.start_of(at)]);
            from = self.start_of(at + 1);
        }
        out.extend_from_slice(&self.json[from..]);
    }

    fn write_one_by_one(&self, stronger: &Properties, out: &mut Vec<u8>) {
        for (at, place) in self.places.iter().enumerate() {
            let key = &self.json[place.start..place.colon];
            if !stronger.has(key) {
                out.extend_from_slice(&self.json[place.start..self.start_of(at + 1)]);
            }
        }
    }

    fn start_of(&self, at: usize) -> usize {
        self.places
            .get(at)
            .map_or(self.json.len(), |place| place.start)
    }

    /// Where that key stands, or would stand, among those from `from` on.
    fn search(&self, key: Key<'_>, from: usize, has_escapes: bool) -> Result<usize, usize> {
        let escapes = has_escapes || self.has_escapes;
        let found = self.places[from..].binary_search_by(|place| {
            let text = &self.json[place.start..place.colon];
            let prefix = place.prefix;
            Key { prefix, text }.cmp(key, escapes)
        });
        found.map(|at| at + from).map_err(|at| at + from)
    }
}

/// So many tags that a property hides are left out of one copy of the others; more are rare.
const MOST_HIDDEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::MergedTags;
    use crate::properties::Properties;
    use serde_json::{Map, Value, json};

    fn layer(keys: impl Iterator<Item = usize>, value: &str) -> Properties {
        // One key has an escape, which puts it elsewhere than its bytes would.
        let name = |key| match key {
            7 => "k\"7".to_owned(),
            key => format!("k{key}"),
        };
        keys.map(|key| (name(key), value)).collect()
    }

    #[test]
    fn ctx_21_tags_laid_over_others_are_those_of_a_map_in_the_order_of_their_keys() {
        let layers = [
            layer((0..40).step_by(3), "a"),
            layer(0..0, "b"),
            layer((0..60).rev().step_by(7), "c"),
            layer(5..9, "d"),
            layer([9, 100, 0, 39].into_iter(), "e"),
        ];
        for split in 0..layers.len() {
            for end in split..=layers.len() {
                let inherited =
                    (split > 0).then(|| MergedTags::new(layers[..split].iter().rev(), None));
                let merged = MergedTags::new(layers[split..end].iter().rev(), inherited.as_ref());
                let mut expected = Map::new();
                for layer in &layers[..end] {
                    let layer: Map<String, Value> =
                        serde_json::from_str(&layer.to_json()).expect("an object");
                    expected.extend(layer);
                }
                let mut json = Vec::new();
                merged.tags.write_beside(&Properties::new(), &mut json);
                json.pop();
                let text = format!("{{{}}}", String::from_utf8_lossy(&json));
                let map: Map<String, Value> = serde_json::from_str(&text).expect("an object");
                assert_eq!(map, expected);
                assert_eq!(merged.tags.iter().count(), expected.len(), "each key once");
                if end > 0 {
                    let keys: Value = serde_json::from_slice(&merged.keys).expect("an array");
                    assert_eq!(keys, json!(expected.keys().collect::<Vec<_>>()));
                }
            }
        }
    }

    #[test]
    fn ctx_47_what_stands_beside_stronger_properties_is_what_they_do_not_have() {
        for (count, stronger) in [
            (5, 0..3),
            (5, 7..9),
            (300, 0..300),
            (300, 290..310),
            (40, 0..0),
        ] {
            for step in [1, 2, 17] {
                let merged = MergedTags::new([layer(0..count, "a")].iter(), None);
                let stronger = layer(stronger.clone().step_by(step), "b");
                // As a macro writes them, too.
                let mut literal = Properties::new();
                for (key, _) in stronger.iter() {
                    literal.property(&(String::from_utf8_lossy(key) + ":"), "b");
                }
                let mut expected = Vec::new();
                for (key, value) in merged.tags.iter().filter(|(key, _)| !stronger.has(key)) {
                    expected.extend([key, b":", value, b","].concat());
                }
                for stronger in [stronger, literal] {
                    let mut out = Vec::new();
                    merged.tags.write_beside(&stronger, &mut out);
                    assert_eq!(
                        String::from_utf8_lossy(&out),
                        String::from_utf8_lossy(&expected)
                    );
                }
            }
        }
    }
}
