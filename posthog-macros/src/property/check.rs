//! What a property must not be.

use std::collections::HashSet;

use super::{Key, Property, Value};
use crate::errors::Errors;

/// No key is set twice, as far as the text of the program shows; `noun` is what the user calls one of `properties`.
pub(crate) fn keys_are_unique<'a>(
    properties: impl IntoIterator<Item = &'a Property>,
    noun: &str,
    errors: &mut Errors,
) {
    let mut seen = HashSet::new();
    for Property { key, value } in properties {
        if let Key::Named {
            name,
            span,
            bare: _,
        } = key
            && !seen.insert(name)
        {
            errors.at(
                *span,
                format!("{noun} `{name}` is already set above; remove one"),
            );
        }
        json_keys_are_unique(value, errors);
    }
}

pub(crate) fn json_keys_are_unique(value: &Value, errors: &mut Errors) {
    match value {
        Value::Object(_, entries) => keys_are_unique(entries, "key", errors),
        Value::Array(_, elements) => elements
            .iter()
            .for_each(|element| json_keys_are_unique(element, errors)),
        Value::Serialized(_) | Value::Displayed(_) | Value::Debugged(_) | Value::Null(_) => {}
    }
}
