//! What a call must not say against the plan.

use posthog_core::{
    known_names,
    names::EVENT_OPTIONS,
    plan::{EventPlan, Finding, Listed, Plan, Refusal, Scalar, Shape},
};
use proc_macro2::Span;

use super::{
    Deprecated, Expectation, Planned, file,
    literal::{self, Written},
};
use crate::{
    errors::Errors,
    property::{
        Key, Property, Value,
        check::{Noun, not_known},
    },
};

/// One property of an event, whether of a call or of a typed event.
pub(crate) struct Item<'a> {
    pub(crate) key: &'a str,
    pub(crate) span: Span,
    pub(crate) given: Given<'a>,
}

pub(crate) enum Given<'a> {
    Value(&'a Value),
    /// A field of a struct; an optional one is left out where it is `None`.
    Field {
        optional: bool,
    },
}

impl<'a> Item<'a> {
    /// A computed key is none: what it says is not known.
    pub(crate) fn of(property: &'a Property) -> Option<Self> {
        match &property.key {
            Key::Named {
                name,
                span,
                bare: _,
            } => Some(Self {
                key: name,
                span: *span,
                given: Given::Value(&property.value),
            }),
            Key::Computed(_) => None,
        }
    }
}

/// An event as far as it is known: its name, and each property in order, none where its key is computed. `open` says that there are
/// more, through `..spread` or `#[event(flatten)]`; `unread` are the keys of what has a mistake in it.
pub(crate) fn event(
    (name, name_span): (&str, Span),
    items: &[Option<Item>],
    unread: &[String],
    open: bool,
    errors: &mut Errors,
) -> Planned {
    let Some(in_force) = errors.keep(file::in_force()).flatten() else {
        return Planned::default();
    };
    let plan = &*in_force.plan;
    let mut planned = Planned::default();
    match plan.event(name) {
        Finding::Free => {}
        Finding::Unknown { .. } if is_refused(Noun::Event, name) => {}
        Finding::Unknown { similar } => errors.at(name_span, unknown("event", name, similar)),
        Finding::Planned(event) => {
            if event.deprecated {
                let description = event.description.as_deref();
                planned
                    .deprecated
                    .push(Deprecated::new("event", name, name_span, description));
            }
            if !open && items.iter().all(Option::is_some) {
                nothing_is_missing(plan, event, (name, name_span), items, unread, errors);
            }
            for item in items {
                let expected = item
                    .as_ref()
                    .and_then(|item| property(plan, event, name, item, &mut planned, errors));
                planned.expectations.push(expected);
            }
        }
    }
    planned.in_force = Some(in_force);
    planned
}

/// The tags of one call.
pub(crate) fn tags<'a>(
    tags: impl IntoIterator<Item = &'a Property>,
    errors: &mut Errors,
) -> Planned {
    let Some(in_force) = errors.keep(file::in_force()).flatten() else {
        return Planned::default();
    };
    let mut planned = Planned::default();
    for tag in tags {
        let item = Item::of(tag);
        let expected = item.and_then(|item| match in_force.plan.tag(item.key) {
            Finding::Free => None,
            Finding::Unknown { .. } if is_refused(Noun::Tag, item.key) => None,
            Finding::Unknown { similar } => {
                errors.at(item.span, unknown("tag", item.key, similar));
                None
            }
            Finding::Planned(shape) => {
                let what = format!("the tag `{}`", item.key);
                value(what, "tag", shape, &item, &mut planned, errors)
            }
        });
        planned.expectations.push(expected);
    }
    planned.in_force = Some(in_force);
    planned
}

fn nothing_is_missing(
    plan: &Plan,
    event: &EventPlan,
    (name, name_span): (&str, Span),
    items: &[Option<Item>],
    unread: &[String],
    errors: &mut Errors,
) {
    // What is misspelt is not missing as well.
    let meant = |item: &Item| match plan.property(event, item.key) {
        Finding::Unknown { similar } => similar,
        Finding::Free | Finding::Planned(_) => None,
    };
    let items_there = items.iter().flatten();
    let present: Vec<&str> = items_there
        .flat_map(|item| [Some(item.key), meant(item)])
        .flatten()
        .chain(unread.iter().map(String::as_str))
        .collect();
    let missing = plan.missing(event, &present);
    match &*missing {
        [] => {}
        [one] => errors.at(
            name_span,
            format!(
                "the tracking plan requires the property `{one}` of `{name}`; write `{} = value`",
                as_key(one)
            ),
        ),
        several => {
            let names: Vec<_> = several.iter().map(|name| format!("`{name}`")).collect();
            errors.at(
                name_span,
                format!(
                    "the tracking plan requires the properties {} of `{name}`; add them",
                    names.join(", ")
                ),
            );
        }
    }
    for item in items.iter().flatten() {
        let optional = matches!(item.given, Given::Field { optional: true });
        if optional
            && event
                .fields
                .required
                .iter()
                .any(|required| required == item.key)
        {
            errors.at(
                item.span,
                format!(
                    "the tracking plan requires the property `{}` of `{name}`, and an `Option` may leave it out; \
                     write its type without `Option`",
                    item.key
                ),
            );
        }
    }
}

fn property(
    plan: &Plan,
    event: &EventPlan,
    name: &str,
    item: &Item,
    planned: &mut Planned,
    errors: &mut Errors,
) -> Option<Expectation> {
    match plan.property(event, item.key) {
        Finding::Free => None,
        Finding::Unknown { .. } if is_refused(Noun::Property, item.key) => None,
        Finding::Unknown { similar } => {
            let message = match (similar, event.fields.properties.is_empty()) {
                (None, true) => {
                    format!(
                        "the tracking plan has no property `{}` of `{name}`, nor any other",
                        item.key
                    )
                }
                (None, false) => {
                    let known = event.fields.properties.keys().map(|key| format!("`{key}`"));
                    let known: Vec<_> = known.collect();
                    format!(
                        "the tracking plan has no property `{}` of `{name}`; it has {}",
                        item.key,
                        known.join(", ")
                    )
                }
                (Some(similar), _) => format!(
                    "the tracking plan has no property `{}` of `{name}`; did you mean `{similar}`",
                    item.key
                ),
            };
            errors.at(item.span, message);
            None
        }
        Finding::Planned(shape) => {
            let what = format!("the property `{}` of `{name}`", item.key);
            value(what, "property", shape, item, planned, errors)
        }
    }
}

/// Whether a name is a mistake with any plan and without one, which is said already.
fn is_refused(noun: Noun, name: &str) -> bool {
    let trimmed = name.trim();
    let standing = match noun {
        Noun::Event => known_names::event(name),
        Noun::Tag => known_names::tag(name),
        Noun::Property | Noun::Key => known_names::property(name),
    };
    trimmed.is_empty()
        || (matches!(noun, Noun::Event) && trimmed != name)
        || not_known(noun, name, standing).is_some()
}

/// A value against its shape: what is left to the compiler and to run time, if anything.
fn value(
    what: String,
    noun: &'static str,
    shape: &Shape,
    item: &Item,
    planned: &mut Planned,
    errors: &mut Errors,
) -> Option<Expectation> {
    if shape.deprecated {
        let description = shape.description.as_deref();
        planned
            .deprecated
            .push(Deprecated::new(noun, item.key, item.span, description));
    }
    let (by_type, by_value) = match item.given {
        Given::Field { .. } => (true, true),
        Given::Value(value) => match literal::value(value) {
            Written::Scalar(_) => {
                literals_fit(&what, shape, value, errors);
                (false, false)
            }
            Written::Type(_) => {
                literals_fit(&what, shape, value, errors);
                (false, shape.values.is_some())
            }
            Written::Open => (true, true),
            // The compiler's error about it is enough.
            Written::Unread => (false, false),
        },
    };
    let says_something = shape.types.is_some() || shape.values.is_some();
    (says_something && (by_type || by_value)).then(|| Expectation {
        what,
        key: item.key.to_owned(),
        types: shape.types.filter(|_| by_type),
        observed: shape.clone(),
    })
}

/// What stands in the text is what the plan says; so is what stands in a JSON literal.
fn literals_fit(what: &str, shape: &Shape, value: &Value, errors: &mut Errors) {
    let (refusal, ty) = match literal::value(value) {
        Written::Scalar(scalar) => (shape.refuses(&scalar), scalar.ty()),
        Written::Type(ty) => ((!shape.allows(ty)).then_some(Refusal::Type), ty),
        Written::Open | Written::Unread => return,
    };
    match refusal {
        Some(Refusal::Type) => {
            let types = shape.types.unwrap_or_default();
            errors.at(
                value.span(),
                format!(
                    "{what} is {types} in the tracking plan, and this is `{}`",
                    ty.name()
                ),
            );
        }
        Some(Refusal::Value) => errors.at(value.span(), not_listed(what, shape, value)),
        None => inner_literals_fit(what, shape, value, errors),
    }
}

fn inner_literals_fit(what: &str, shape: &Shape, value: &Value, errors: &mut Errors) {
    match value {
        Value::Array(_, elements) => {
            if let Some(items) = &shape.items {
                for element in elements {
                    literals_fit(&format!("an element of {what}"), items, element, errors);
                }
            }
        }
        Value::Object(_, entries) => {
            let Some(fields) = &shape.fields else { return };
            for entry in entries {
                if let Some(item) = Item::of(entry)
                    && let Some(inner) = fields.properties.get(item.key)
                {
                    let what = format!("`{}` in {what}", item.key);
                    literals_fit(&what, inner, &entry.value, errors);
                }
            }
        }
        Value::Serialized(_) | Value::Displayed(_) | Value::Debugged(_) | Value::Null(_) => {}
    }
}

fn not_listed(what: &str, shape: &Shape, value: &Value) -> String {
    let known: Vec<&str> = shape.texts().collect();
    let similar = match literal::value(value) {
        Written::Scalar(Scalar::Text(text)) => posthog_core::spelling::most_similar(&text, &known),
        _ => None,
    };
    match similar {
        Some(similar) => {
            format!("{what} is not this value in the tracking plan; did you mean `{similar:?}`")
        }
        None => format!(
            "{what} is one of {} in the tracking plan",
            Listed(shape.values.as_deref().unwrap_or_default())
        ),
    }
}

/// How a property of that name is written: bare where that means it.
fn as_key(name: &str) -> String {
    let is_bare = syn::parse_str::<syn::Ident>(name).is_ok() && !EVENT_OPTIONS.contains(&name);
    if is_bare {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

fn unknown(noun: &str, name: &str, similar: Option<&str>) -> String {
    match similar {
        Some(similar) => {
            format!("the tracking plan has no {noun} `{name}`; did you mean `{similar}`")
        }
        None => format!(
            "the tracking plan has no {noun} `{name}`; add it to `posthog.plan.json`, or write a name that is there"
        ),
    }
}
