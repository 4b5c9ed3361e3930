//! An event as the service received it.

use serde_json::{Map, Value};
use std::fmt;

/// An event that arrived; printed, it says what happened, to whom, and with which properties.
#[derive(Clone, Debug)]
pub struct Arrived {
    fields: Value,
}

impl From<Value> for Arrived {
    fn from(fields: Value) -> Self {
        Self { fields }
    }
}

impl Arrived {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.fields["event"].as_str().unwrap_or_default()
    }

    /// Who did it; `None` for a personless event, whose ID is a random one.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        if self.property("$process_person_profile") == &Value::Bool(false) {
            return None;
        }
        self.fields["distinct_id"].as_str()
    }

    /// A property, or null.
    #[must_use]
    pub fn property(&self, key: &str) -> &Value {
        &self.fields["properties"][key]
    }

    /// The properties that the program gave: those whose names do not begin with `$`.
    pub fn own_properties(&self) -> impl Iterator<Item = (&String, &Value)> {
        let all = self.fields["properties"].as_object();
        all.into_iter()
            .flat_map(Map::iter)
            .filter(|(key, _)| !key.starts_with('$'))
    }

    /// The keys of the tags that contexts added.
    pub fn context_tags(&self) -> impl Iterator<Item = &str> {
        let keys = self.property("$context_tags").as_array();
        keys.into_iter().flatten().filter_map(Value::as_str)
    }

    /// The type of the exception and of each of its causes, outermost first; empty for other events.
    pub fn exception_types(&self) -> impl Iterator<Item = &str> {
        let list = self.property("$exception_list").as_array();
        list.into_iter()
            .flatten()
            .filter_map(|entry| entry["type"].as_str())
    }
}

/// What is worth showing among the properties that have a meaning to the service.
const SHOWN: [&str; 4] = [
    "$exception_type",
    "$exception_message",
    "$session_id",
    "$request_path",
];

impl fmt::Display for Arrived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let person = self.person().unwrap_or("(personless)");
        write!(f, "{:<18} {person:<13}", self.name())?;
        for key in SHOWN {
            if let Some(text) = self.property(key).as_str() {
                write!(f, " {key}={text:?}")?;
            }
        }
        for (key, value) in self.own_properties() {
            write!(f, " {key}={value}")?;
        }
        Ok(())
    }
}
