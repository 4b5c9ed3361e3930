//! What a typed event means, and what it must not say.

use std::collections::HashMap;

use posthog_core::{known_names, limits, names};
use proc_macro2::Span;
use syn::{Generics, Ident, Type, ext::IdentExt, spanned::Spanned};

use super::parse::{self, Setting, Written, WrittenField};
use crate::{
    errors::Errors,
    plan::check::{Given, Item},
    root::Root,
};

pub(super) struct Event {
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) root: Root,
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) role: Role,
}

/// What a field is for.
pub(super) enum Role {
    Property {
        key: String,
        key_span: Span,
        /// An `Option`, which is left out where it is `None`.
        optional: bool,
    },
    /// Its entries are properties.
    Flattened,
    DistinctId,
    Skipped,
}

impl Event {
    /// The properties that it names, in order.
    pub(super) fn items(&self) -> Vec<Option<Item<'_>>> {
        let properties = self.fields.iter().filter_map(|field| match &field.role {
            Role::Property {
                key,
                key_span,
                optional,
            } => Some(Some(Item {
                key,
                span: *key_span,
                given: Given::Field {
                    optional: *optional,
                },
            })),
            Role::Flattened | Role::DistinctId | Role::Skipped => None,
        });
        properties.collect()
    }

    /// Whether it has properties that it does not name.
    pub(super) fn is_open(&self) -> bool {
        let flattened = |field: &Field| matches!(field.role, Role::Flattened);
        self.fields.iter().any(flattened)
    }
}

pub(super) fn event(written: parse::Event, errors: &mut Errors) -> Event {
    let parse::Event {
        ident,
        generics,
        options,
        fields,
    } = written;
    let mut name = (
        names::event_of_struct(&ident.unraw().to_string()),
        ident.span(),
    );
    let mut root = Root::default();
    options_are_unique(&options, errors);
    for Written {
        name: option,
        setting,
    } in options
    {
        match (option.to_string().as_str(), setting) {
            ("name", Setting::Text(text)) => name = (text.value(), text.span()),
            ("name", Setting::Bare) => errors.at(
                option.span(),
                "`name` has no value; write `name = \"order_processed\"`",
            ),
            ("name", Setting::Other(span)) => errors.at(
                span,
                "the name of an event is a string literal; write `name = \"order_processed\"`",
            ),
            ("crate", Setting::Path(path)) => root = Root::named(&path),
            ("crate", _) => errors.at(
                option.span(),
                "`crate` names the path of this crate; write `crate = path::to::posthog`",
            ),
            (other, _) => errors.at(
                option.span(),
                format!("unknown option `{other}`; `#[event]` on a struct takes `name`, `crate`"),
            ),
        }
    }
    let (name, name_span) = name;
    name_is_one(&name, name_span, errors);
    let fields: Vec<_> = fields
        .into_iter()
        .map(|written| field(written, errors))
        .collect();
    keys_are_unique(&fields, errors);
    one_distinct_id(&fields, errors);
    Event {
        ident,
        generics,
        root,
        name,
        name_span,
        fields,
    }
}

fn field(written: WrittenField, errors: &mut Errors) -> Field {
    let WrittenField { ident, ty, options } = written;
    options_are_unique(&options, errors);
    let mut role = Role::Property {
        key: ident.unraw().to_string(),
        key_span: ident.span(),
        optional: is_option(&ty),
    };
    let mut chosen: Option<Ident> = None;
    for Written {
        name: option,
        setting,
    } in options
    {
        let is = match (option.to_string().as_str(), setting) {
            ("rename", Setting::Text(text)) => Role::Property {
                key: text.value(),
                key_span: text.span(),
                optional: is_option(&ty),
            },
            ("flatten", Setting::Bare) => Role::Flattened,
            ("skip", Setting::Bare) => Role::Skipped,
            ("distinct_id", Setting::Bare) => Role::DistinctId,
            ("rename", _) => {
                errors.at(
                    option.span(),
                    "`rename` takes the key of the property; write `rename = \"key\"`",
                );
                continue;
            }
            (bare @ ("flatten" | "skip" | "distinct_id"), _) => {
                errors.at(
                    option.span(),
                    format!("`{bare}` takes no value; write `{bare}` alone"),
                );
                continue;
            }
            (other, _) => {
                errors.at(
                    option.span(),
                    format!(
                        "unknown option `{other}`; `#[event]` on a field takes `rename`, `flatten`, `skip`, `distinct_id`"
                    ),
                );
                continue;
            }
        };
        if let Some(chosen) = chosen.as_ref().filter(|chosen| **chosen != option) {
            errors.at(
                option.span(),
                format!("`{chosen}` already says what the field is for; remove one of the two"),
            );
            continue;
        }
        chosen = Some(option);
        role = is;
    }
    if let Role::Property { key, key_span, .. } = &role
        && key.trim().is_empty()
    {
        errors.at(
            *key_span,
            "the key of a property is not blank; write a name",
        );
    }
    Field { ident, ty, role }
}

fn options_are_unique(options: &[Written], errors: &mut Errors) {
    for (at, Written { name, .. }) in options.iter().enumerate() {
        if options[..at].iter().any(|earlier| earlier.name == *name) {
            errors.at(
                name.span(),
                format!("option `{name}` is already set above; remove one"),
            );
        }
    }
}

/// CAP-30, CAP-32, CAP-140.
fn name_is_one(name: &str, span: Span, errors: &mut Errors) {
    if name.trim().is_empty() {
        errors.at(span, "the name of an event is not blank; write a name");
    } else if name.len() > limits::EVENT_NAME_BYTES {
        errors.at(
            span,
            format!(
                "the name of an event has at most {} bytes, and this one {}; write a shorter one",
                limits::EVENT_NAME_BYTES,
                name.len()
            ),
        );
    } else if known_names::event(name) != known_names::Standing::Fine {
        errors.at(
            span,
            format!(
                "`{name}` is no event that a program sends; a name of your own begins without `$`"
            ),
        );
    }
}

fn keys_are_unique(fields: &[Field], errors: &mut Errors) {
    let mut seen: HashMap<&str, &Ident> = HashMap::new();
    for field in fields {
        if let Role::Property { key, key_span, .. } = &field.role
            && let Some(first) = seen.insert(key, &field.ident)
        {
            errors.at(
                *key_span,
                format!("the property `{key}` is already that of the field `{first}`; rename one"),
            );
        }
    }
}

fn one_distinct_id(fields: &[Field], errors: &mut Errors) {
    let mut ids = fields
        .iter()
        .filter(|field| matches!(field.role, Role::DistinctId));
    let Some(first) = ids.next() else { return };
    for second in ids {
        errors.at(
            second.ident.span(),
            format!(
                "the distinct ID is already in the field `{}`; remove one",
                first.ident
            ),
        );
    }
}

/// Whether the type is written as an `Option`. An alias of one is not seen; its `None` is sent as `null`.
fn is_option(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.qself.is_none()
        && path
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "Option" && !segment.arguments.is_none())
}

impl Field {
    /// Where an error about its value falls.
    pub(super) fn span(&self) -> Span {
        self.ty.span()
    }
}
