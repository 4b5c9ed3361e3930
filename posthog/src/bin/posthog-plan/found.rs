//! What the calls in a source tree have in common, as a plan would say it.

use posthog_core::plan::{Type, Types};
use std::collections::BTreeMap;

/// The events and tags of a program.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) events: BTreeMap<String, Event>,
    pub(crate) tags: BTreeMap<String, Values>,
}

#[derive(Default)]
pub(crate) struct Event {
    pub(crate) description: Option<String>,
    pub(crate) properties: BTreeMap<String, Values>,
    /// How many calls there are.
    pub(crate) calls: usize,
    /// Some call has properties that its text does not name.
    pub(crate) open: bool,
}

/// The values that one property is given.
#[derive(Default)]
pub(crate) struct Values {
    pub(crate) description: Option<String>,
    types: Types,
    /// Of some value the text does not say the type.
    unknown: bool,
    /// How many calls have it for certain.
    pub(crate) calls: usize,
}

/// One call.
pub(crate) struct Call {
    pub(crate) event: String,
    pub(crate) description: Option<String>,
    pub(crate) properties: Vec<Property>,
    pub(crate) open: bool,
}

pub(crate) struct Property {
    pub(crate) key: String,
    /// Its type, if the text says it.
    pub(crate) ty: Option<Type>,
    pub(crate) description: Option<String>,
    /// It may be left out.
    pub(crate) optional: bool,
}

impl Found {
    /// PostHog's own names stay out: a plan is about the program's.
    pub(crate) fn call(&mut self, call: Call) {
        if call.event.starts_with('$') || call.event.trim() != call.event || call.event.is_empty() {
            return;
        }
        let event = self.events.entry(call.event).or_default();
        event.calls += 1;
        event.open |= call.open;
        event.description = event.description.take().or(call.description);
        for property in call.properties {
            note(&mut event.properties, property);
        }
    }

    pub(crate) fn tag(&mut self, tag: Property) {
        note(&mut self.tags, tag);
    }
}

fn note(all: &mut BTreeMap<String, Values>, property: Property) {
    let Property {
        key,
        ty,
        description,
        optional,
    } = property;
    if key.starts_with('$') || key.trim() != key || key.is_empty() {
        return;
    }
    let values = all.entry(key).or_default();
    values.calls += usize::from(!optional);
    values.description = values.description.take().or(description);
    match ty {
        Some(ty) => values.types = values.types.with(ty),
        None => values.unknown = true,
    }
}

impl Values {
    /// The types, if all of them are known.
    pub(crate) fn types(&self) -> Option<Types> {
        (!self.unknown && !self.types.is_empty()).then_some(self.types)
    }
}
