//! Properties, kept as the JSON that goes out.

mod keys;
mod look;
mod spare;
mod writing;

use self::{
    keys::{Index, hash_of},
    spare::Spare,
    writing::{Key, Open, Origin},
};
use crate::{
    json::write_text,
    notice,
    object::Entries,
    property_value::{DebuggedValue, DisplayedValue, PropertyKey, PropertyValue},
};
use std::{
    fmt::{self, Debug},
    mem,
    ops::Range,
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
    index: Option<Box<Index>>,
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
        let Some(entries) = Entries::read(json) else {
            notice::warn_each(format_args!(
                "a value after `..` is no struct or map: its properties are left out"
            ));
            return;
        };
        for (key, value) in entries.iter() {
            self.begin(key, Origin::Spread);
            self.json.extend_from_slice(value.as_bytes());
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

    /// The properties in order, each as it is written, with a comma behind it; and how long its key is, with its quotes.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.entries.iter().map(|entry| {
            let key_length = entry.colon - entry.start;
            (&self.json[entry.start..=entry.end], key_length)
        })
    }

    /// JSON text, and where in it the keys are, with their quotes, and the values.
    pub(crate) fn texts(&self) -> (&[u8], impl Iterator<Item = (Range<usize>, Range<usize>)>) {
        let places = self.entries.iter();
        let places = places.map(|entry| (entry.start..entry.colon, entry.colon + 1..entry.end));
        (&self.json, places)
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

    /// As [`Self::merge`], and takes them: without a copy where there is nothing to merge with.
    pub(crate) fn absorb(&mut self, others: &mut Self) {
        if self.entries.is_empty() {
            others.broken |= self.broken;
            mem::swap(self, others);
        } else {
            self.merge(others);
            others.give_back();
        }
    }

    /// Whether a user's own code panicked while it wrote a value: what was to be sent cannot be trusted (CAP-22).
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }
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
    fn cap_53_a_value_that_goes_on_after_a_part_failed_is_left_out_whole() {
        /// Of which half is written.
        struct Half;
        impl std::fmt::Display for Half {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("half")?;
                Err(std::fmt::Error)
            }
        }
        impl serde::Serialize for Half {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        struct GoesOn {
            with_key: bool,
        }
        impl serde::Serialize for GoesOn {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                let _ = if self.with_key {
                    map.serialize_entry("x", &Half)
                } else {
                    map.serialize_entry(&[1], &2)
                };
                map.serialize_entry("y", &1)?;
                map.end()
            }
        }
        let mut properties = Properties::new();
        properties.insert("a", 1);
        for with_key in [true, false] {
            properties.insert("b", GoesOn { with_key });
            properties.property("\"c\":", &[GoesOn { with_key }]);
            properties.key("d");
            properties.begin_array();
            properties.value(&GoesOn { with_key });
            properties.end_array();
        }
        properties.display("\"e\":", &Half);
        assert_eq!(properties.to_json(), r#"{"a":1}"#);
        assert!(!properties.is_broken());
    }

    #[test]
    fn cap_53_a_value_that_leaves_a_part_by_half_is_left_out_whole() {
        use serde::ser::{SerializeMap, SerializeSeq, Serializer};
        use std::panic::{AssertUnwindSafe, catch_unwind};

        #[derive(Clone, Copy)]
        enum Half {
            Element,
            Entry,
            Key,
            KeyWithoutValue,
            ValueWithoutKey,
            ValueBeforeKey,
            /// Nothing is wrong with it.
            None,
        }
        impl serde::Serialize for Half {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if let Self::Element = self {
                    let mut array = serializer.serialize_seq(None)?;
                    let _ = catch_unwind(AssertUnwindSafe(|| array.serialize_element(&Panics)));
                    return array.end();
                }
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("x", &[Some(1)])?;
                match self {
                    Self::Entry => {
                        let entry = AssertUnwindSafe(|| map.serialize_entry("y", &[Panics]));
                        drop(catch_unwind(entry));
                    }
                    Self::Key => {
                        let key = AssertUnwindSafe(|| map.serialize_key(&Panics));
                        drop(catch_unwind(key));
                        map.serialize_value(&2)?;
                    }
                    Self::KeyWithoutValue => map.serialize_key("y")?,
                    Self::ValueWithoutKey => map.serialize_value(&2)?,
                    Self::ValueBeforeKey => {
                        map.serialize_value(&2)?;
                        map.serialize_key("y")?;
                    }
                    Self::Element | Self::None => {}
                }
                map.serialize_entry("z", &3)?;
                map.end()
            }
        }
        let mut properties = Properties::new();
        for half in [
            Half::Element,
            Half::Entry,
            Half::Key,
            Half::KeyWithoutValue,
            Half::ValueWithoutKey,
            Half::ValueBeforeKey,
        ] {
            properties.property("\"a\":", &half);
            properties.insert("b", [half]);
            properties.key("c");
            properties.begin_array();
            properties.value(&half);
            properties.end_array();
        }
        properties.insert("d", Half::None);
        assert_eq!(properties.to_json(), r#"{"d":{"x":[1],"z":3}}"#);
        assert!(!properties.is_broken());
    }

    #[test]
    fn cap_53_a_value_that_promises_one_json_text_and_gives_none_or_two_is_left_out() {
        use serde::ser::{SerializeStruct, Serializer};

        struct Raw(&'static [&'static str]);
        impl serde::Serialize for Raw {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                const NAME: &str = "$serde_json::private::RawValue";
                let mut raw = serializer.serialize_struct(NAME, 1)?;
                for text in self.0 {
                    // It goes on regardless.
                    let _ = raw.serialize_field(NAME, text);
                }
                raw.end()
            }
        }
        let mut properties = Properties::new();
        for texts in [&[][..], &["1", "2"], &["1", "[2"], &["[1", "2"], &["[1"]] {
            properties.insert("a", Raw(texts));
            properties.insert("b", [Raw(texts)]);
        }
        properties.insert("c", [Raw(&["[1]"]), Raw(&["2"])]);
        assert_eq!(properties.to_json(), r#"{"c":[[1],2]}"#);
    }

    #[test]
    fn cap_53_a_key_whose_display_fails_drops_its_property_only() {
        struct Unprintable;
        impl std::fmt::Display for Unprintable {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("half")?;
                Err(std::fmt::Error)
            }
        }
        struct Keyed;
        impl serde::Serialize for Keyed {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&Unprintable)
            }
        }
        struct Map;
        impl serde::Serialize for Map {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([(Keyed, 1)])
            }
        }
        let mut properties = Properties::new();
        properties.insert("a", 1);
        properties.insert("b", Map);
        properties.insert("c", Keyed);
        properties.insert("d", 2);
        assert_eq!(properties.to_json(), r#"{"a":1,"d":2}"#);
        assert!(!properties.is_broken());
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
