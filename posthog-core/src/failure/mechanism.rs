//! How a failure was caught: the `mechanism` of an entry.

use crate::{
    json::read_text, object::Entries, properties::Properties, property_value::PropertyValue,
};

/// What an application or integration says about how it caught a failure. What it does not say is left to the boundary
/// (EXC-35).
#[derive(Clone, Debug, Default)]
pub(crate) struct Mechanism {
    pub(crate) kind: Option<String>,
    pub(crate) handled: Option<bool>,
    source: Option<String>,
    synthetic: Option<bool>,
    exception_id: Option<u64>,
    parent_id: Option<u64>,
    /// Further fields, as they were given.
    extra: Vec<(String, String)>,
}

impl Mechanism {
    /// Reads what was given: text is the type, an object the fields. A field of the wrong type is dropped, its neighbours
    /// and those that are not known are kept (EXC-32).
    pub(crate) fn read<T: PropertyValue + ?Sized>(&mut self, given: &T) {
        let mut whole = Properties::new();
        whole.key("mechanism");
        whole.value(given);
        let Some((_, json)) = whole.iter().next() else {
            return;
        };
        if let Some(kind) = read_text(json) {
            self.kind = Some(kind)
                .filter(|kind| !kind.is_empty())
                .or(self.kind.take());
        } else if let Some(fields) = Entries::read(json) {
            for (name, value) in fields.iter() {
                self.field(name, value);
            }
        }
    }

    fn field(&mut self, name: &str, json: &str) {
        let text = || read_text(json.as_bytes()).filter(|text| !text.is_empty());
        // Rust writes these as JSON does.
        let switch = || json.parse::<bool>().ok();
        let id = || json.parse::<u64>().ok();
        match name {
            "type" => self.kind = text().or(self.kind.take()),
            "source" => self.source = text().or(self.source.take()),
            "handled" => self.handled = switch().or(self.handled),
            "synthetic" => self.synthetic = switch().or(self.synthetic),
            "exception_id" => self.exception_id = id().or(self.exception_id),
            "parent_id" => self.parent_id = id().or(self.parent_id),
            _ => self.extra.push((name.to_owned(), json.to_owned())),
        }
    }

    /// Writes the mechanism of the outermost entry, with `boundary` for what is not said (EXC-27, EXC-28).
    pub(crate) fn write_outermost(&self, properties: &mut Properties, boundary: Defaults<'_>) {
        let Self {
            kind,
            handled,
            source,
            synthetic,
            exception_id,
            parent_id,
            extra,
        } = self;
        properties.object_key("mechanism");
        properties.begin_object();
        if let Some(kind) = kind.as_deref().or(boundary.kind) {
            field(properties, "type", kind);
        }
        if let Some(handled) = handled.or(boundary.handled) {
            field(properties, "handled", &handled);
        }
        if let Some(source) = source {
            field(properties, "source", source);
        }
        field(
            properties,
            "synthetic",
            &synthetic.unwrap_or(boundary.synthetic),
        );
        field(properties, "exception_id", &exception_id.unwrap_or(0));
        if let Some(parent) = parent_id {
            field(properties, "parent_id", parent);
        }
        for (name, json) in extra {
            properties.object_key(name);
            properties.encoded(json);
        }
        properties.end_object();
    }
}

/// What the boundary says where nobody else does.
#[derive(Clone, Copy)]
pub(crate) struct Defaults<'a> {
    pub(crate) kind: Option<&'a str>,
    pub(crate) handled: Option<bool>,
    pub(crate) synthetic: bool,
}

/// Writes the mechanism of a cause: that what it caused was handled says nothing about it (EXC-21).
pub(crate) fn write_cause(properties: &mut Properties, id: usize) {
    properties.object_key("mechanism");
    properties.begin_object();
    field(properties, "type", "chained");
    field(properties, "source", "cause");
    field(properties, "synthetic", &false);
    field(properties, "exception_id", &id);
    field(properties, "parent_id", &(id - 1));
    properties.end_object();
}

fn field<T: PropertyValue + ?Sized>(properties: &mut Properties, name: &str, value: &T) {
    properties.object_key(name);
    properties.value(value);
}

#[cfg(test)]
mod tests {
    use super::{Defaults, Mechanism};
    use crate::properties::Properties;
    use serde_json::json;

    fn written(mechanism: &Mechanism, boundary: Defaults<'_>) -> serde_json::Value {
        let mut properties = Properties::new();
        properties.key("x");
        properties.begin_object();
        mechanism.write_outermost(&mut properties, boundary);
        properties.end_object();
        let whole: serde_json::Value =
            serde_json::from_str(&properties.to_json()).unwrap_or_default();
        whole["x"]["mechanism"].clone()
    }

    const CALL: Defaults<'_> = Defaults {
        kind: Some("generic"),
        handled: Some(true),
        synthetic: true,
    };

    #[test]
    fn exc_32_a_field_of_the_wrong_type_is_dropped_and_its_neighbours_are_kept() {
        let mut mechanism = Mechanism::default();
        mechanism.read(&json!({
            "type": "", "handled": "no", "source": 7, "parent_id": -1, "exception_id": 3, "attempt": [1, 2],
        }));
        assert_eq!(
            written(&mechanism, CALL),
            json!({ "type": "generic", "handled": true, "synthetic": true, "exception_id": 3, "attempt": [1, 2] })
        );
        mechanism.read("task");
        mechanism.read("");
        mechanism.read(&7);
        assert_eq!(written(&mechanism, CALL)["type"], "task");
    }
}
