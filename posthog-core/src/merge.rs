//! Who wins where two say something about one property (CAP-60, CAP-61).

use crate::{
    json::{Encoder, Replaced, read, write_text},
    names,
    notice::say,
    properties::Properties,
    seen::Seen,
    switch::switch_of_json,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// Writes properties in order of strength: a key that was there stays.
pub(crate) struct Merge<'a, 'b> {
    json: &'a mut Vec<u8>,
    seen: Seen<'b>,
    start: usize,
    is_exception: bool,
    pub(crate) process_person_profile: Option<bool>,
    pub(crate) disable_geoip: Option<bool>,
}

impl<'a, 'b> Merge<'a, 'b> {
    pub(crate) fn new(json: &'a mut Vec<u8>) -> Self {
        json.push(b'{');
        let start = json.len();
        Self {
            json,
            seen: Seen::new(),
            start,
            is_exception: false,
            process_person_profile: None,
            disable_geoip: None,
        }
    }

    /// Adds what needs no second look.
    pub(crate) fn all(&mut self, properties: &'b Properties) {
        for (key, value) in properties.iter() {
            self.add_encoded(key, value);
        }
    }

    /// From now on no property that describes an exception is taken from the application (EXC-46).
    pub(crate) fn keep_to_the_exception(&mut self) {
        self.is_exception = true;
    }

    /// Adds a property that the application gave: those that switch something have to be booleans.
    pub(crate) fn own(&mut self, key: &'b [u8], value: &[u8]) {
        if key.starts_with(b"\"$") {
            let name = bare(key);
            if self.is_exception && is_of_exceptions(name) {
                return;
            }
            if name == names::GEOIP_DISABLE.as_bytes() {
                self.disable_geoip = self.disable_geoip.or(switch_of_json(value));
                return;
            }
            if names::OBJECTS
                .iter()
                .any(|object| object.as_bytes() == name)
                && !value.starts_with(b"{")
            {
                say!(
                    Warn,
                    "the property `{}` is left out: it has to be an object",
                    String::from_utf8_lossy(name)
                );
                return;
            }
            if name == names::GROUPS.as_bytes() {
                if let Some(groups) = groups_of_json(value) {
                    self.add(names::GROUPS, &groups);
                }
                return;
            }
            if let Some(switch) = names::SWITCHES
                .iter()
                .find(|switch| switch.as_bytes() == name)
            {
                match switch_of_json(value) {
                    Some(on) => self.switch(switch, on),
                    None => left_out(switch),
                }
                return;
            }
        }
        self.add_encoded(key, value);
    }

    pub(crate) fn switch(&mut self, name: &'static str, on: bool) {
        if self.add(name, if on { b"true" } else { b"false" })
            && name == names::PROCESS_PERSON_PROFILE
        {
            self.process_person_profile = Some(on);
        }
    }

    pub(crate) fn text(&mut self, name: &'static str, text: &str) {
        let mut value = Vec::with_capacity(text.len() + 2);
        write_text(&mut value, text);
        self.add(name, &value);
    }

    /// Adds a property of the SDK's own; whether there was none of that name.
    pub(crate) fn add(&mut self, name: &'static str, value: &[u8]) -> bool {
        let new = self.seen.insert(name.as_bytes());
        if new {
            self.separate();
            self.json.push(b'"');
            self.json.extend_from_slice(name.as_bytes());
            self.json.extend_from_slice(b"\":");
            self.json.extend_from_slice(value);
        }
        new
    }

    fn add_encoded(&mut self, key: &'b [u8], value: &[u8]) {
        if self.seen.insert(bare(key)) {
            self.separate();
            self.json.extend_from_slice(key);
            self.json.push(b':');
            self.json.extend_from_slice(value);
        }
    }

    fn separate(&mut self) {
        if self.json.len() > self.start {
            self.json.push(b',');
        }
    }

    pub(crate) fn finish(self) {
        self.json.push(b'}');
    }
}

fn is_of_exceptions(name: &[u8]) -> bool {
    let described = names::OF_EXCEPTIONS
        .iter()
        .any(|reserved| reserved.as_bytes() == name);
    if described {
        say!(
            Debug,
            "the property `{}` of an exception is left out: the SDK or the service sets it",
            String::from_utf8_lossy(name)
        );
    }
    described
}

/// A key without its quotes.
pub(crate) fn bare(key: &[u8]) -> &[u8] {
    key.get(1..key.len() - 1).unwrap_or_default()
}

/// The groups of an event, type to key, each as text: what is blank is left out, and nothing is sent without any (CAP-99).
pub(crate) fn groups(given: Value) -> Option<Value> {
    let Value::Object(given) = given else {
        return None;
    };
    let mut groups = Map::new();
    for (group_type, key) in given {
        let key = match key {
            Value::String(key) => key,
            Value::Number(key) => key.to_string(),
            Value::Bool(key) => key.to_string(),
            _ => String::new(),
        };
        if group_type.trim().is_empty() || key.trim().is_empty() {
            say!(
                Debug,
                "a group of an event is left out: its type or its key is blank"
            );
        } else {
            groups.insert(group_type, Value::String(key));
        }
    }
    (!groups.is_empty()).then_some(Value::Object(groups))
}

/// As [`groups`], for what is JSON still.
fn groups_of_json(given: &[u8]) -> Option<Vec<u8>> {
    let groups = groups(read(given)?)?;
    let (mut json, mut replaced) = (Vec::new(), Replaced::default());
    groups
        .serialize(Encoder::new(&mut json, 0, &mut replaced))
        .ok()?;
    Some(json)
}

pub(crate) fn left_out(switch: &str) {
    say!(
        Debug,
        "the property `{switch}` is left out: it has to be a boolean"
    );
}
