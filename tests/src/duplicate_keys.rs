//! Finds keys that stand twice in one object, which a parsed value no longer shows.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Every key of `json` that an earlier one of the same object has already; none if it is not JSON.
pub(crate) fn duplicate_keys(json: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let _ = Search(&mut found).deserialize(&mut serde_json::Deserializer::from_slice(json));
    found
}

/// Goes through one value and all that it contains.
struct Search<'a>(&'a mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(Search(self.0))?;
            if !seen.insert(key.clone()) {
                self.0.push(key);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element_seed(Search(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_as_double_only_within_one_object() {
        assert!(
            duplicate_keys(
                br#"{"a": {"a": 1, "b": [null, true, -1, 0.5, "x"]}, "b": [{"a": 1}, {"a": 2}]}"#
            )
            .is_empty()
        );
        assert_eq!(
            duplicate_keys(br#"{"a": 1, "b": [{"c": 1, "c": 2}], "a": 3}"#),
            ["c", "a"]
        );
        assert!(duplicate_keys(b"{").is_empty());
    }
}
