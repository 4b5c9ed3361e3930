//! What a property must not be, as far as the text of the program shows it. A computed key is never checked.

use std::{collections::HashMap, fmt};

use posthog_core::{
    known_names::{self, Standing},
    names,
};
use proc_macro2::Span;

use super::{Key, Property, Value};
use crate::{
    errors::Errors,
    literal::{Kind, Literal},
    spans,
};

/// What the user calls a thing that has a name.
#[derive(Clone, Copy)]
pub(crate) enum Noun {
    Event,
    Property,
    Tag,
    /// An entry of a JSON literal, whose key is nothing to PostHog.
    Key,
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "event",
            Self::Property => "property",
            Self::Tag => "tag",
            Self::Key => "key",
        })
    }
}

/// Everything that can be wrong with properties of an event.
pub(crate) fn properties<'a>(
    properties: impl IntoIterator<Item = &'a Property> + Clone,
    errors: &mut Errors,
) {
    keys_are_unique(properties.clone(), Noun::Property, errors);
    for property in properties {
        key_is_not_blank(&property.key, Noun::Property, errors);
        key_is_known(&property.key, Noun::Property, errors);
        value_is_an_object(property, errors);
    }
}

/// Everything that can be wrong with tags.
pub(crate) fn tags(tags: &[Property], errors: &mut Errors) {
    keys_are_unique(tags, Noun::Tag, errors);
    for tag in tags {
        key_is_not_blank(&tag.key, Noun::Tag, errors);
        key_is_known(&tag.key, Noun::Tag, errors);
    }
}

/// No key is set twice. The error stands at the second one and says where the first one is.
fn keys_are_unique<'a>(
    properties: impl IntoIterator<Item = &'a Property>,
    noun: Noun,
    errors: &mut Errors,
) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for Property { key, value } in properties {
        if let Key::Named { name, span, .. } = key {
            if let Some(first) = seen.get(name.as_str()) {
                let place = spans::place(*first);
                errors.at(
                    *span,
                    format!("{noun} `{name}` is already set {place}; remove one of them"),
                );
            } else {
                seen.insert(name, *span);
            }
        }
        json_keys_are_unique(value, errors);
    }
}

pub(crate) fn json_keys_are_unique(value: &Value, errors: &mut Errors) {
    match value {
        Value::Object(_, entries) => keys_are_unique(entries, Noun::Key, errors),
        Value::Array(_, elements) => elements
            .iter()
            .for_each(|element| json_keys_are_unique(element, errors)),
        Value::Serialized(_) | Value::Displayed(_) | Value::Debugged(_) | Value::Null(_) => {}
    }
}

pub(crate) fn key_is_not_blank(key: &Key, noun: Noun, errors: &mut Errors) {
    if let Key::Named { name, span, .. } = key
        && name.trim().is_empty()
    {
        let message = match noun {
            Noun::Key => "a key of this object cannot be blank; write `\"key\": value`".to_owned(),
            Noun::Event | Noun::Property | Noun::Tag => format!(
                "the key of a {noun} cannot be blank; write `key = value` or `\"key\" = value`"
            ),
        };
        errors.at(*span, message);
    }
}

/// CAP-140 to CAP-151; a tag moreover is no identity.
fn key_is_known(key: &Key, noun: Noun, errors: &mut Errors) {
    if let Key::Named { name, span, .. } = key {
        let standing = match noun {
            Noun::Property => known_names::property(name),
            Noun::Tag => known_names::tag(name),
            Noun::Event | Noun::Key => Standing::Fine,
        };
        if let Some(message) = not_known(noun, name, standing) {
            errors.at(*span, message);
        }
    }
}

/// What there is to say about a name of that standing.
pub(crate) fn not_known(noun: Noun, name: &str, standing: Standing) -> Option<String> {
    let unchecked = format!("`({name:?})`");
    let name = name.escape_debug();
    Some(match standing {
        Standing::MadeByPostHog => {
            let made = if matches!(noun, Noun::Event) {
                "captures the event"
            } else {
                "sets"
            };
            format!(
                "PostHog itself {made} `{name}`; leave it out, or write {unchecked}, which is not checked"
            )
        }
        Standing::Instead(advice) => {
            format!("`{name}` {advice}, or {unchecked}, which is not checked")
        }
        Standing::Unknown {
            similar: Some(similar),
        } => {
            let computed = if matches!(noun, Noun::Event) {
                "name"
            } else {
                "key"
            };
            format!(
                "unknown {noun} `{name}`; did you mean `{similar}`? a computed {computed}, {unchecked}, is not checked"
            )
        }
        Standing::Unknown { similar: None } => {
            let own = match name.to_string().trim_start_matches('$').trim() {
                "" => "a name without it".to_owned(),
                own => format!("`{own}`"),
            };
            format!(
                "unknown {noun} `{name}`, and names with `$` are those of PostHog; write {own}, \
                 or {unchecked}, which is not checked"
            )
        }
        _ => return None,
    })
}

/// `$set` and its kin hold properties in their turn; the service cannot take anything else.
fn value_is_an_object(property: &Property, errors: &mut Errors) {
    if let Key::Named { name, .. } = &property.key
        && (names::OBJECTS.contains(&name.as_str()) || name == names::GROUPS)
    {
        object_is_one(name, &property.value, errors);
    }
}

/// Whether a value may be an object: what is no literal may.
pub(crate) fn object_is_one(name: &str, value: &Value, errors: &mut Errors) -> bool {
    let example = if name.ends_with("groups") {
        "\"company\": company_id"
    } else {
        "\"plan\": \"pro\""
    };
    let wrong = match value {
        Value::Serialized(operand) => Literal::of(operand).is_some() || operand.is_array(),
        Value::Displayed(_) | Value::Debugged(_) | Value::Null(_) | Value::Array(..) => true,
        Value::Object(_, entries) => {
            for entry in entries {
                key_is_not_blank(&entry.key, Noun::Key, errors);
            }
            if name.ends_with("groups") {
                keys_of_groups_are_not_blank(entries, errors);
            }
            false
        }
    };
    if wrong {
        errors.at(
            value.span(),
            format!("`{name}` takes an object; write `{name} = {{ {example} }}`"),
        );
    }
    !wrong
}

/// The key of a group is the ID of a company, say; the service leaves out a group without one (CAP-99).
fn keys_of_groups_are_not_blank(groups: &[Property], errors: &mut Errors) {
    for group in groups {
        if let Some(Literal {
            kind: Kind::Text(key),
            span,
        }) = Literal::of_value(&group.value)
            && key.trim().is_empty()
        {
            errors.at(
                span,
                "the key of a group cannot be blank; write which one it is, or leave the group out",
            );
        }
    }
}
