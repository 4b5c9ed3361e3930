//! What cannot be said about the person of an event, because the service would drop it.

use posthog_core::names;
use proc_macro2::Span;

use super::parse::Argument;
use crate::{
    errors::Errors,
    literal::Literal,
    property::{Key, Operand, Property, Value},
    spans,
};

pub(super) fn check(name: Option<&Operand>, arguments: &[Argument], errors: &mut Errors) {
    let name = name.and_then(Literal::of);
    let name = name
        .as_ref()
        .and_then(|name| Some((name.text()?, name.span)));
    if let Some(personless) = personless(arguments) {
        a_personless_event_sets_no_properties(personless, arguments, errors);
        if let Some(name) = name {
            a_person_event_is_not_personless(name, personless, errors);
        }
    }
    if let Some((name, _)) = name {
        some_events_set_no_properties(name, arguments, errors);
    }
}

/// Where the event is made personless by a literal.
fn personless(arguments: &[Argument]) -> Option<Span> {
    arguments.iter().find_map(|argument| {
        let (name, span, value) = named(argument)?;
        let is_switch = name == "process_person_profile" || name == names::PROCESS_PERSON_PROFILE;
        (is_switch && Literal::of_value(value)?.is_false()).then_some(span)
    })
}

/// CAP-82: the service drops what the event sets on the person.
fn a_personless_event_sets_no_properties(
    personless: Span,
    arguments: &[Argument],
    errors: &mut Errors,
) {
    for (name, span) in person_properties(arguments) {
        let place = spans::place(personless);
        errors.at(
            span,
            format!(
                "`{name}` needs a person, and the event is personless by `process_person_profile = false` \
                 {place}; remove one of them"
            ),
        );
    }
}

/// CAP-82: the service drops such an event.
fn a_person_event_is_not_personless(
    (name, _): (&str, Span),
    personless: Span,
    errors: &mut Errors,
) {
    if names::PERSON_EVENTS.contains(&name) {
        errors.at(
            personless,
            format!(
                "a personless event `{name}` would be dropped; leave out `process_person_profile`"
            ),
        );
    }
}

/// CAP-133: the service ignores what these events set.
fn some_events_set_no_properties(name: &str, arguments: &[Argument], errors: &mut Errors) {
    if !names::SET_NOTHING.contains(&name) {
        return;
    }
    for (property, span) in person_properties(arguments) {
        errors.at(
            span,
            format!("PostHog ignores `{property}` in the event `{name}`; write it in an event of its own"),
        );
    }
}

/// Each argument that sets properties of the person.
fn person_properties(arguments: &[Argument]) -> impl Iterator<Item = (String, Span)> {
    arguments.iter().filter_map(|argument| {
        let (name, span, _) = named(argument)?;
        let sets = match argument {
            Argument::Option { .. } => ["set", "set_once"].contains(&&*name),
            _ => [names::SET, names::SET_ONCE, names::UNSET].contains(&&*name),
        };
        sets.then_some((name, span))
    })
}

fn named(argument: &Argument) -> Option<(String, Span, &Value)> {
    match argument {
        Argument::Property(Property {
            key: Key::Named { name, span, .. },
            value,
        }) => Some((name.clone(), *span, value)),
        Argument::Option { name, value, .. } => Some((name.to_string(), name.span(), value)),
        Argument::Property(_) | Argument::Spread(_) => None,
    }
}
