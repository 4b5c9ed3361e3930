//! A JSON object read without reading its values.

use crate::json;
use std::borrow::Cow;

/// The entries of an object in their order, the values as they are written.
pub(crate) struct Entries<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Entries<'a> {
    /// `None` for what is no object.
    pub(crate) fn read(json: &'a [u8]) -> Option<Self> {
        json::entries(str::from_utf8(json).ok()?).map(Self)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Cow<'a, str>, &'a str)> {
        self.0.iter().map(|(key, value)| (key, *value))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
    }
}
