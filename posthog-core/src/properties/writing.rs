//! Writing a property: its key, then the value where the user's code gives it, then what is known of both.

use super::{
    Entry, Properties, Spare,
    keys::{INDEX_FROM, bit_of, hash_of, is_special},
};
use crate::{
    json::{EncodeError, Encoder, Replaced, write_text},
    notice::{self, say},
    user_code::caught_inline,
};
use std::fmt;

/// A key that is written out.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    /// As it stands in JSON, with its colon.
    Quoted(&'a str),
    Text(&'a str),
}

/// How a property came to be, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Origin {
    Spread,
    Written,
    /// Through an option such as `groups`, which beats a property of the same name (CAP-63).
    Typed,
}

/// The property being written.
#[derive(Clone, Copy)]
pub(super) struct Open {
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

    pub(super) fn writes(&self) -> bool {
        !self.failed && self.depth <= crate::limits::VALUE_DEPTH
    }
}

impl Properties {
    pub(super) fn begin(&mut self, key: &str, origin: Origin) {
        self.open(origin, |json| write_text(json, key));
    }

    /// Begins a property; its value is written next, and [`Self::finish`] ends it.
    pub(super) fn open(&mut self, origin: Origin, write_key: impl FnOnce(&mut Vec<u8>)) {
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

    pub(super) fn text(&mut self, text: fmt::Arguments<'_>) {
        self.write(&mut |encoder| encoder.formatted(text));
    }

    pub(super) fn writes(&self) -> bool {
        self.open.is_some_and(|open| open.writes())
    }

    /// Writes one value, or one element of the literal that is open.
    ///
    /// Not generic: what is would be compiled once more for each type of value, in the user's crate.
    pub(super) fn write(&mut self, encode: &mut dyn FnMut(Encoder<'_>) -> Result<(), EncodeError>) {
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
    pub(super) fn write_whole(
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
    pub(super) fn separate(&mut self) {
        if !matches!(self.json.last(), Some(b'{' | b'[' | b':')) {
            self.json.push(b',');
        }
    }

    pub(super) fn open_container(&mut self, bracket: u8) {
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

    pub(super) fn close_container(&mut self, bracket: u8) {
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
    pub(super) fn finish(&mut self) {
        if let Some(open) = self.open.take() {
            self.keep(&open);
        }
    }

    fn keep(&mut self, open: &Open) {
        let Replaced {
            too_deep,
            not_finite,
            unfinished: _,
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
    let written = caught_inline(|| encode(encoder).is_ok());
    written.map(|written| written && replaced.unfinished == 0)
}
