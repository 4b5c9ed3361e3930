//! Properties, kept as the JSON that goes out.

mod look;
mod spare;

pub(crate) use self::look::has_escape;
use self::spare::Spare;
use crate::{
    json::{EncodeError, Encoder, Replaced, write_text},
    notice::{self, say},
    object::Entries,
    property_value::{DebuggedValue, DisplayedValue, PropertyKey, PropertyValue},
    user_code::caught,
};
use std::{
    collections::HashMap,
    fmt::{self, Debug},
};

/// A set of properties, each encoded to JSON where it was given.
///
/// A value is read once, when it is inserted: changing it later changes nothing (CAP-56). A key stands once; the later
/// value wins, except that a [`spread`](Self::spread) never replaces a key that was written out.
///
/// A value that fails to serialize is left out with a warning, and the rest goes on (CAP-53). What JSON has no word for
/// is replaced: `NaN` and infinities by `null`, integers beyond 64 bits by text, bytes by text, containers nested
/// deeper than 64 levels by `null` (CAP-51 to CAP-54).
///
/// ```
/// let mut properties = posthog_core::Properties::new();
/// properties.insert("total", 9.5);
/// properties.insert("items", ["a", "b"]);
/// assert_eq!(properties.to_json(), r#"{"total":9.5,"items":["a","b"]}"#);
/// ```
#[derive(Clone, Default)]
pub struct Properties {
    /// `"key":value,` after one another, in the order written; replaced ones stay as gaps until [`Self::compact`].
    json: Vec<u8>,
    entries: Vec<Entry>,
    /// Whether the keys have their hashes. Until then all of them come from one call of a macro, which has seen to it that
    /// they differ, and nobody had to look for one.
    hashed: bool,
    /// A bit for the hash of each key: what has no bit in common has no key in common.
    keys: u64,
    /// Whether a key was written that may mean something to the service or the SDK.
    has_special: bool,
    /// Where each key stands, once there are too many for a look at each.
    index: Option<HashMap<Box<[u8]>, usize>>,
    gaps: usize,
    open: Option<Open>,
    broken: bool,
}

/// One property: `json[start..colon]` is the key with its quotes, `json[colon + 1..end]` the value; a comma follows.
#[derive(Clone, Copy)]
struct Entry {
    /// Of the key with its quotes, once they are [`hashed`](Properties::hashed).
    hash: u32,
    start: usize,
    colon: usize,
    end: usize,
    origin: Origin,
}

/// A key that is written out.
#[derive(Clone, Copy)]
enum Key<'a> {
    /// As it stands in JSON, with its colon.
    Quoted(&'a str),
    Text(&'a str),
}

/// How a property came to be, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Origin {
    Spread,
    Written,
    /// Through an option such as `groups`, which beats a property of the same name (CAP-63).
    Typed,
}

/// The property being written.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    colon: usize,
    origin: Origin,
    /// The containers of a JSON literal that are open now.
    depth: usize,
    failed: bool,
    replaced: Replaced,
}

impl Open {
    fn new(start: usize, colon: usize, origin: Origin) -> Self {
        Self {
            start,
            colon,
            origin,
            depth: 0,
            failed: false,
            replaced: Replaced::default(),
        }
    }

    fn writes(&self) -> bool {
        !self.failed && self.depth <= crate::limits::VALUE_DEPTH
    }
}

/// From this many properties on, keys are found by an index instead of a look at the hash of each: it costs an allocation
/// for each of them, also when it is copied.
const INDEX_FROM: usize = 128;

impl Properties {
    /// No properties.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            json: Vec::new(),
            entries: Vec::new(),
            hashed: false,
            keys: 0,
            has_special: false,
            index: None,
            gaps: 0,
            open: None,
            broken: false,
        }
    }

    /// Adds a property, or replaces the one of that key.
    pub fn insert(&mut self, key: impl AsRef<str>, value: impl PropertyValue) {
        let key = Key::Text(key.as_ref());
        self.write_whole(key, &mut |encoder| value.serialize(encoder));
    }

    /// How many properties there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The properties as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::from("{");
        for (key, value) in self.iter() {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&String::from_utf8_lossy(key));
            json.push(':');
            json.push_str(&String::from_utf8_lossy(value));
        }
        json.push('}');
        json
    }
}

/// The operations that macros write one after another; not covered by any promise of stability.
impl Properties {
    /// A property as its `Serialize` says. The macro has quoted its key: `"key":`, with escapes where it needs them.
    #[doc(hidden)]
    pub fn property<T: PropertyValue + ?Sized>(&mut self, quoted_key: &str, value: &T) {
        let key = Key::Quoted(quoted_key);
        self.write_whole(key, &mut |encoder| value.serialize(encoder));
    }

    /// A property as its `Display` text.
    #[doc(hidden)]
    pub fn display<T: DisplayedValue + ?Sized>(&mut self, quoted_key: &str, value: &T) {
        self.write_whole(Key::Quoted(quoted_key), &mut |encoder| {
            encoder.formatted(format_args!("{value}"))
        });
    }

    /// A property as its `Debug` text.
    #[doc(hidden)]
    pub fn debug<T: DebuggedValue + ?Sized>(&mut self, quoted_key: &str, value: &T) {
        self.write_whole(Key::Quoted(quoted_key), &mut |encoder| {
            encoder.formatted(format_args!("{value:?}"))
        });
    }

    /// Begins a property; exactly one value follows.
    #[doc(hidden)]
    pub fn key<K: PropertyKey + ?Sized>(&mut self, key: &K) {
        self.begin(key.property_key(), Origin::Written);
    }

    /// Begins a property that comes from an option.
    #[doc(hidden)]
    pub fn typed_key(&mut self, key: &str) {
        self.begin(key, Origin::Typed);
    }

    /// Writes a value.
    #[doc(hidden)]
    pub fn value<T: PropertyValue + ?Sized>(&mut self, value: &T) {
        self.write(&mut |encoder| value.serialize(encoder));
    }

    /// Writes a value's `Display` text.
    #[doc(hidden)]
    pub fn display_value<T: DisplayedValue + ?Sized>(&mut self, value: &T) {
        self.text(format_args!("{value}"));
    }

    /// Writes a value's `Debug` text.
    #[doc(hidden)]
    pub fn debug_value<T: DebuggedValue + ?Sized>(&mut self, value: &T) {
        self.text(format_args!("{value:?}"));
    }

    /// Writes `null`.
    #[doc(hidden)]
    pub fn null(&mut self) {
        self.write(&mut |encoder| serde::Serializer::serialize_none(encoder));
    }

    /// Writes a value that is JSON already, as an element of the literal that is open.
    pub(crate) fn encoded(&mut self, json: &str) {
        if self.writes() {
            self.separate();
            self.json.extend_from_slice(json.as_bytes());
        }
    }

    /// Opens an object of a JSON literal.
    #[doc(hidden)]
    pub fn begin_object(&mut self) {
        self.open_container(b'{');
    }

    /// Begins an entry of the object; a value follows.
    #[doc(hidden)]
    pub fn object_key<K: PropertyKey + ?Sized>(&mut self, key: &K) {
        if self.writes() {
            self.separate();
            write_text(&mut self.json, key.property_key());
            self.json.push(b':');
        }
    }

    /// Closes the object.
    #[doc(hidden)]
    pub fn end_object(&mut self) {
        self.close_container(b'}');
    }

    /// Opens an array of a JSON literal.
    #[doc(hidden)]
    pub fn begin_array(&mut self) {
        self.open_container(b'[');
    }

    /// Closes the array.
    #[doc(hidden)]
    pub fn end_array(&mut self) {
        self.close_container(b']');
    }

    /// Merges the entries of a struct or map; a key that was written out stays, otherwise the later one wins.
    #[doc(hidden)]
    pub fn spread<T: PropertyValue + ?Sized>(&mut self, value: &T) {
        let mut whole = Self::new();
        whole.insert("spread", value);
        self.broken |= whole.broken;
        let Some((_, json)) = whole.iter().next() else {
            return;
        };
        let Ok(entries) = serde_json::from_slice::<Entries<'_>>(json) else {
            notice::warn_each(format_args!(
                "a value after `..` is no struct or map: its properties are left out"
            ));
            return;
        };
        for (key, value) in entries.iter() {
            self.begin(key, Origin::Spread);
            self.json.extend_from_slice(value.get().as_bytes());
            self.finish();
        }
    }
}

impl Properties {
    /// The properties in order: key with its quotes, value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries.iter().map(|entry| {
            let (key, value) = (entry.start..entry.colon, entry.colon + 1..entry.end);
            (&self.json[key], &self.json[value])
        })
    }

    /// Whether no key was written that may mean something to the service or the SDK.
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_special
    }

    /// Appends the properties, each with a comma behind it.
    #[inline]
    pub(crate) fn write_all(&self, out: &mut Vec<u8>) {
        if self.gaps > 0 || self.open.is_some() {
            return self.write_one_by_one(out);
        }
        out.extend_from_slice(&self.json);
    }

    #[cold]
    fn write_one_by_one(&self, out: &mut Vec<u8>) {
        for entry in &self.entries {
            out.extend_from_slice(&self.json[entry.start..=entry.end]);
        }
    }

    /// The value of that key, as JSON.
    pub(crate) fn json_of(&self, key: &str) -> Option<&[u8]> {
        let mut quoted = Vec::new();
        write_text(&mut quoted, key);
        let entry = self.entries[self.find(&quoted, hash_of(&quoted))?];
        Some(&self.json[entry.colon + 1..entry.end])
    }

    /// Adds all of `others`, which win.
    pub(crate) fn merge(&mut self, others: &Self) {
        self.broken |= others.broken;
        for entry in &others.entries {
            self.open(entry.origin, |json| {
                json.extend_from_slice(&others.json[entry.start..entry.colon]);
            });
            self.json
                .extend_from_slice(&others.json[entry.colon + 1..entry.end]);
            self.finish();
        }
    }

    /// As [`Self::merge`], without a copy where there is nothing to merge with.
    pub(crate) fn absorb(&mut self, others: Self) {
        if self.entries.is_empty() {
            let broken = self.broken | others.broken;
            *self = Self { broken, ..others };
        } else {
            self.merge(&others);
            others.recycle();
        }
    }

    /// Whether a user's own code panicked while it wrote a value: what was to be sent cannot be trusted (CAP-22).
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    fn begin(&mut self, key: &str, origin: Origin) {
        self.open(origin, |json| write_text(json, key));
    }

    /// Begins a property; its value is written next, and [`Self::finish`] ends it.
    fn open(&mut self, origin: Origin, write_key: impl FnOnce(&mut Vec<u8>)) {
        let start = self.make_room();
        write_key(&mut self.json);
        self.open = Some(Open::new(start, self.json.len(), origin));
        self.json.push(b':');
    }

    /// Where the next property begins.
    #[inline]
    fn make_room(&mut self) -> usize {
        if self.open.is_some() {
            self.abandon();
        }
        if self.json.capacity() == 0 {
            Spare::lend(self);
        }
        self.json.len()
    }

    /// A key without a value can only come from an expression that left early; it is forgotten.
    #[cold]
    fn abandon(&mut self) {
        if let Some(open) = self.open.take() {
            self.json.truncate(open.start);
        }
    }

    fn text(&mut self, text: fmt::Arguments<'_>) {
        self.write(&mut |encoder| encoder.formatted(text));
    }

    fn writes(&self) -> bool {
        self.open.is_some_and(|open| open.writes())
    }

    /// Writes one value, or one element of the literal that is open.
    ///
    /// Not generic: what is would be compiled once more for each type of value, in the user's crate.
    fn write(&mut self, encode: &mut dyn FnMut(Encoder<'_>) -> Result<(), EncodeError>) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        if open.writes() {
            if open.depth > 0 {
                self.separate();
            }
            self.encode(&mut open, encode);
        }
        if open.depth == 0 {
            self.keep(&open);
        } else {
            self.open = Some(open);
        }
    }

    /// Writes a property of one value.
    fn write_whole(
        &mut self,
        key: Key<'_>,
        encode: &mut dyn FnMut(Encoder<'_>) -> Result<(), EncodeError>,
    ) {
        let start = self.make_room();
        match key {
            Key::Quoted(key) => self.json.extend_from_slice(key.as_bytes()),
            Key::Text(key) => {
                write_text(&mut self.json, key);
                self.json.push(b':');
            }
        }
        let colon = self.json.len() - 1;
        let mut replaced = Replaced::default();
        let written = encode_to(&mut self.json, 0, &mut replaced, encode);
        if written == Some(true) && !replaced.is_something() {
            // Most calls have no other keys than those that the macro compared.
            if let Key::Quoted(key) = key
                && !self.hashed
            {
                self.has_special |= is_special(key.as_bytes());
                self.entries.push(Entry {
                    hash: 0,
                    start,
                    colon,
                    end: self.json.len(),
                    origin: Origin::Written,
                });
                self.json.push(b',');
                return;
            }
        }
        let mut open = Open::new(start, colon, Origin::Written);
        open.replaced = replaced;
        self.take_note(written, &mut open);
        self.keep(&open);
    }

    fn encode(
        &mut self,
        open: &mut Open,
        encode: &mut dyn FnMut(Encoder<'_>) -> Result<(), EncodeError>,
    ) {
        let written = encode_to(&mut self.json, open.depth, &mut open.replaced, encode);
        self.take_note(written, open);
    }

    /// Of what became of a value; see [`encode_to`].
    fn take_note(&mut self, written: Option<bool>, open: &mut Open) {
        open.failed |= written != Some(true);
        self.broken |= written.is_none();
    }

    /// A comma where one is needed: anything but an opening bracket or a colon ended a value.
    fn separate(&mut self) {
        if !matches!(self.json.last(), Some(b'{' | b'[' | b':')) {
            self.json.push(b',');
        }
    }

    fn open_container(&mut self, bracket: u8) {
        let writes = self.writes();
        let Some(open) = &mut self.open else { return };
        open.depth += 1;
        let too_deep = open.depth > crate::limits::VALUE_DEPTH;
        open.replaced.too_deep |= too_deep;
        if writes {
            self.separate();
            if too_deep {
                self.json.extend_from_slice(b"null");
            } else {
                self.json.push(bracket);
            }
        }
    }

    fn close_container(&mut self, bracket: u8) {
        let writes = self.writes();
        if writes {
            self.json.push(bracket);
        }
        let Some(open) = &mut self.open else { return };
        open.depth = open.depth.saturating_sub(1);
        if open.depth == 0 {
            self.finish();
        }
    }

    /// Ends the open property: it is kept, or left out where a stronger one of its key stands or its value failed.
    fn finish(&mut self) {
        if let Some(open) = self.open.take() {
            self.keep(&open);
        }
    }

    fn keep(&mut self, open: &Open) {
        let Replaced {
            too_deep,
            not_finite,
        } = open.replaced;
        if open.failed | too_deep | not_finite {
            self.say_what_is_missing(open);
            if open.failed {
                self.json.truncate(open.start);
                return;
            }
        }
        self.hash_keys();
        let key = &self.json[open.start..open.colon];
        let hash = hash_of(key);
        let entry = Entry {
            hash,
            start: open.start,
            colon: open.colon,
            end: self.json.len(),
            origin: open.origin,
        };
        // Without its bit the key is new, and need not be looked for.
        let bit = bit_of(hash);
        let known = if self.keys & bit == 0 {
            None
        } else {
            self.find(key, hash)
        };
        match known {
            Some(at) if self.entries[at].origin > open.origin => {
                self.json.truncate(open.start);
                return;
            }
            Some(at) => {
                let old = std::mem::replace(&mut self.entries[at], entry);
                self.gaps += old.end + 1 - old.start;
            }
            None => {
                self.keys |= bit;
                self.has_special |= is_special(key);
                self.entries.push(entry);
                if self.entries.len() >= INDEX_FROM {
                    self.index_last();
                }
            }
        }
        self.json.push(b',');
        if self.gaps > 1024 && self.gaps > self.json.len() / 2 {
            self.compact();
        }
    }

    #[cold]
    fn index_last(&mut self) {
        let Self {
            json,
            entries,
            index,
            ..
        } = self;
        let indexed = index.as_ref().map_or(0, HashMap::len);
        let new = entries.iter().enumerate().skip(indexed);
        index
            .get_or_insert_default()
            .extend(new.map(|(at, entry)| (json[entry.start..entry.colon].into(), at)));
    }

    #[cold]
    fn say_what_is_missing(&self, open: &Open) {
        let key = String::from_utf8_lossy(&self.json[open.start..open.colon]);
        if open.failed {
            notice::warn_each(format_args!(
                "the property {key} is left out: its value failed to serialize"
            ));
            return;
        }
        if open.replaced.too_deep {
            notice::warn_each(format_args!(
                "in the property {key}, containers nested deeper than 64 levels became null"
            ));
        }
        if open.replaced.not_finite {
            say!(
                Debug,
                "in the property {key}, a number that is not finite became null"
            );
        }
    }

    /// Gives the keys their hashes, for whoever looks for one.
    #[inline]
    pub(crate) fn hash_keys(&mut self) {
        if !self.hashed {
            self.hash_all_keys();
        }
    }

    fn hash_all_keys(&mut self) {
        for entry in &mut self.entries {
            entry.hash = hash_of(&self.json[entry.start..entry.colon]);
            self.keys |= bit_of(entry.hash);
        }
        self.hashed = true;
        if self.entries.len() >= INDEX_FROM {
            self.index_last();
        }
    }

    fn find(&self, key: &[u8], hash: u32) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(key).copied();
        }
        let may_be = |entry: &Entry| !self.hashed || entry.hash == hash;
        self.entries
            .iter()
            .position(|entry| may_be(entry) && &self.json[entry.start..entry.colon] == key)
    }

    /// Removes what was replaced, so that setting one tag for ever takes no more and more memory.
    fn compact(&mut self) {
        let mut json = Vec::with_capacity(self.json.len() - self.gaps);
        for entry in &mut self.entries {
            let start = json.len();
            json.extend_from_slice(&self.json[entry.start..=entry.end]);
            *entry = Entry {
                hash: entry.hash,
                start,
                colon: start + entry.colon - entry.start,
                end: json.len() - 1,
                origin: entry.origin,
            };
        }
        self.json = json;
        self.gaps = 0;
    }
}

/// Writes a value: whether it is whole, or `None` if the user's code panicked. That code may itself tag and capture.
///
/// What an error says may quote the value, which is in no log (DLV-144).
#[inline]
fn encode_to(
    json: &mut Vec<u8>,
    depth: usize,
    replaced: &mut Replaced,
    encode: &mut dyn FnMut(Encoder<'_>) -> Result<(), EncodeError>,
) -> Option<bool> {
    let encoder = Encoder::new(json, depth, replaced);
    caught(|| encode(encoder).is_ok())
}

/// Whether a key with its quotes may mean something to the service or the SDK.
fn is_special(key: &[u8]) -> bool {
    key.get(1) == Some(&b'$') || key.starts_with(b"\"distinct_id\"")
}

/// The bit of a key in [`Properties::keys`].
fn bit_of(hash: u32) -> u64 {
    1 << (hash % 64)
}

/// Tells most keys apart at a glance. Equal keys have equal hashes; who may choose keys freely gains nothing by a clash,
/// for with many of them the [index](INDEX_FROM) decides.
fn hash_of(key: &[u8]) -> u32 {
    let (first, last) =
        if let (Some(first), Some(last)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
            (
                u64::from(u32::from_le_bytes(*first)),
                u64::from(u32::from_le_bytes(*last)),
            )
        } else {
            (key.get(1).map_or(0, |only| u64::from(*only)), 0)
        };
    let mixed =
        (first ^ last.rotate_left(29) ^ key.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // The upper half depends on every bit.
    (mixed >> 32) as u32
}

impl Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl<K: AsRef<str>, T: PropertyValue> FromIterator<(K, T)> for Properties {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(entries: I) -> Self {
        let mut properties = Self::new();
        for (key, value) in entries {
            properties.insert(key, value);
        }
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::Properties;
    use serde_json::json;

    struct Fails;
    impl serde::Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }

    struct Panics;
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("in serialize")
        }
    }

    #[test]
    fn cap_53_a_value_that_fails_drops_its_key_only() {
        let mut properties = Properties::new();
        properties.insert("a", 1);
        properties.insert("b", Fails);
        properties.insert("c", [Some(Fails)]);
        properties.insert("d", 2);
        assert_eq!(properties.to_json(), r#"{"a":1,"d":2}"#);
        assert!(!properties.is_broken());
        properties.insert("e", Panics);
        assert_eq!(
            (properties.to_json().as_str(), properties.is_broken()),
            (r#"{"a":1,"d":2}"#, true)
        );
    }

    #[test]
    fn cap_53_a_literal_with_a_failing_part_is_left_out_whole() {
        let mut properties = Properties::new();
        properties.key("a");
        properties.begin_object();
        properties.object_key("x");
        properties.begin_array();
        properties.value(&Fails);
        properties.value(&1);
        properties.end_array();
        properties.object_key("y");
        properties.null();
        properties.end_object();
        properties.insert("b", 1);
        assert_eq!(properties.to_json(), r#"{"b":1}"#);
    }

    #[test]
    fn cap_54_a_literal_deeper_than_64_levels_is_cut() {
        let mut properties = Properties::new();
        properties.key("a");
        for _ in 0..70 {
            properties.begin_array();
        }
        properties.value(&1);
        for _ in 0..70 {
            properties.end_array();
        }
        let expected = format!(r#"{{"a":{}null{}}}"#, "[".repeat(64), "]".repeat(64));
        assert_eq!(properties.to_json(), expected);
    }

    #[test]
    fn a_literal_is_streamed_with_its_commas() {
        let mut properties = Properties::new();
        properties.key("a");
        properties.begin_array();
        properties.value("[");
        properties.begin_object();
        properties.end_object();
        properties.begin_object();
        properties.object_key("k");
        properties.begin_array();
        properties.end_array();
        properties.object_key("l");
        properties.value(":");
        properties.end_object();
        properties.null();
        properties.end_array();
        assert_eq!(
            properties.to_json(),
            r#"{"a":["[",{},{"k":[],"l":":"},null]}"#
        );
    }

    #[test]
    fn a_written_key_beats_a_spread_one_and_otherwise_the_later_wins() {
        let mut properties = Properties::new();
        properties.spread(&json!({ "a": 1, "b": 1 }));
        properties.insert("b", 2);
        properties.spread(&json!({ "b": 3, "a": 3, "c": 3 }));
        properties.insert("c", 4);
        properties.insert("c", 5);
        properties.spread("no map");
        assert_eq!(properties.to_json(), r#"{"a":3,"b":2,"c":5}"#);
    }

    #[test]
    fn cap_60_what_was_replaced_is_not_written() {
        let mut properties = Properties::new();
        for (key, value) in [("a", 1), ("b", 2), ("a", 3)] {
            properties.insert(key, value);
        }
        let mut out = Vec::new();
        properties.write_all(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), r#""a":3,"b":2,"#);
    }

    #[test]
    fn cap_61_keys_that_a_macro_compared_are_found_by_all_others() {
        for count in [1, 3, 126, 127, 128, 200] {
            let quoted = |key: usize| format!("\"key{key}\":");
            let mut literal = Properties::new();
            for key in 0..count {
                literal.property(&quoted(key), &key);
            }
            // Inserted, spread, merged, and from an option: each finds the one that is there.
            let mut changed = literal.clone();
            changed.insert("key0", "inserted");
            assert_eq!(changed.len(), count);
            assert_eq!(changed.json_of("key0"), Some(&b"\"inserted\""[..]));
            let mut changed = literal.clone();
            changed.spread(&json!({ "key0": "spread", "new": 1 }));
            assert_eq!(changed.len(), count + 1);
            assert_eq!(changed.json_of("key0"), Some(&b"0"[..]));
            changed.property("\"new\":", &2);
            assert_eq!(changed.len(), count + 1);
            assert_eq!(changed.json_of("new"), Some(&b"2"[..]));
            let mut merged: Properties = [("key0", "there"), ("other", "there")]
                .into_iter()
                .collect();
            merged.merge(&literal);
            assert_eq!(merged.len(), count + 1);
            assert!(literal.has(b"\"key0\"") && !literal.has(b"\"other\""));
            literal.clear();
            literal.property("\"key0\":", &1);
            assert_eq!(literal.to_json(), r#"{"key0":1}"#);
        }
    }

    #[test]
    fn cap_50_a_key_that_a_macro_quoted_is_the_key_that_is_written_here() {
        let every: String = (0..0x250).filter_map(char::from_u32).collect();
        for key in ["a", "", "q\"b\\s/", "é\u{2028}\u{1F600}", &every] {
            let mut properties = Properties::new();
            let quoted = crate::plan::json::quoted(key) + ":";
            properties.property(&quoted, &1);
            properties.insert(key, 2);
            assert_eq!(
                (properties.len(), properties.json_of(key)),
                (1, Some(&b"2"[..]))
            );
        }
    }

    #[test]
    fn many_keys_are_each_kept_once() {
        let mut properties = Properties::new();
        for round in 0..3 {
            for n in 0..1000 {
                properties.insert(format!("k{n}"), n * round);
            }
        }
        assert_eq!(properties.len(), 1000);
        assert!(properties.to_json().ends_with(r#""k999":1998}"#));
        assert!(
            properties.json.len() < 2 * properties.to_json().len() + 2048,
            "replaced values do not pile up"
        );
    }
}
