//! A plan as JSON, for people to go on with.

use posthog_core::plan::{Types, json::quoted};

use crate::found::{Event, Found, Values};

/// The text of the plan.
pub(crate) fn plan(found: &Found) -> String {
    let tags = entries(&found.tags, 4, shape);
    let events = entries(&found.events, 4, event);
    format!("{{\n  \"strict\": true,\n  \"tags\": {tags},\n  \"events\": {events}\n}}\n")
}

fn event(event: &Event) -> String {
    let Event {
        description,
        properties,
        calls,
        open,
    } = event;
    let mut parts = Vec::new();
    if let Some(description) = description {
        parts.push(format!("\"description\": {}", quoted(description)));
    }
    let shapes = entries(properties, 8, shape);
    parts.push(format!("\"properties\": {shapes}"));
    // What every call has is taken to be required.
    let required: Vec<_> = properties
        .iter()
        .filter(|(_, values)| values.calls >= *calls)
        .map(|(key, _)| quoted(key))
        .collect();
    if !required.is_empty() {
        parts.push(format!("\"required\": [{}]", required.join(", ")));
    }
    if !open {
        parts.push("\"additionalProperties\": false".to_owned());
    }
    format!("{{\n      {}\n    }}", parts.join(",\n      "))
}

fn shape(values: &Values) -> String {
    let mut parts = Vec::new();
    if let Some(description) = &values.description {
        parts.push(format!("\"description\": {}", quoted(description)));
    }
    if let Some(types) = values.types() {
        parts.push(format!("\"type\": {}", self::types(types)));
    }
    if parts.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", parts.join(", "))
    }
}

fn types(types: Types) -> String {
    // An integer is a number as well.
    let names: Vec<_> = types
        .iter()
        .filter(|ty| ty.name() != "integer" || !types.contains(posthog_core::plan::Type::Number))
        .map(|ty| quoted(ty.name()))
        .collect();
    match &names[..] {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn entries<T>(
    all: &std::collections::BTreeMap<String, T>,
    indent: usize,
    value: impl Fn(&T) -> String,
) -> String {
    if all.is_empty() {
        return "{}".to_owned();
    }
    let space = " ".repeat(indent);
    let entries: Vec<_> = all
        .iter()
        .map(|(key, entry)| format!("{space}{}: {}", quoted(key), value(entry)))
        .collect();
    format!("{{\n{}\n{}}}", entries.join(",\n"), " ".repeat(indent - 2))
}
