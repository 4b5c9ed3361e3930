//! From a call to an event: validation, identity, and who wins where two say something about one property.
//!
//! All of it happens on the calling thread, in one pass that writes the final JSON (CAP-20, CAP-21).

use crate::{
    captured::{self, CapturedEvent},
    client::DropReason,
    context::Context,
    event::{Event, Overrides},
    fresh_uuid::fresh_uuid,
    identifier, limits, names, notice,
    options::{Config, fixed_properties},
    properties::Properties,
    runtime,
    timestamp::Timestamp,
};
use serde_json::Value;
use std::{borrow::Cow, collections::HashSet, time::SystemTime};
use uuid::Uuid;

/// An event ready for the queue.
pub(crate) struct Assembled {
    pub(crate) json: Vec<u8>,
    pub(crate) uuid: Uuid,
}

/// What a client adds to every event, worked out once.
pub(crate) struct Assembler {
    fixed: Properties,
    runtime: Properties,
}

impl Assembler {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            fixed: fixed_properties(config),
            runtime: runtime::properties(),
        }
    }

    /// Puts an event together.
    pub(crate) fn assemble(
        &self,
        event: &Event,
        context: &Context,
        config: &Config,
        now: SystemTime,
    ) -> Result<Assembled, DropReason> {
        let Event {
            name,
            properties,
            overrides,
        } = event;
        let Overrides {
            distinct_id,
            timestamp,
            uuid,
            disable_geoip,
        } = overrides;
        let name = checked_name(name)?;
        if properties.is_broken() {
            notice::warn_each(format_args!(
                "the event `{name}` is dropped: a value panicked while it was serialized"
            ));
            return Err(DropReason::Invalid);
        }
        let merged = context.merged();
        let known = distinct_id.as_deref().and_then(identifier::clean);
        let known = known.or_else(|| identifier::clean(merged?.ids.distinct.as_deref()?));
        let personless = known.is_none();
        let distinct_id = match known {
            Some(id) => checked_id(id, name)?,
            None => Cow::Owned(fresh_uuid().to_string()),
        };
        let uuid = uuid.unwrap_or_else(fresh_uuid);
        let timestamp = timestamp.unwrap_or_else(|| Timestamp::now(now));

        let mut json = Vec::with_capacity(512);
        captured::write_head(&mut json, name, &distinct_id, uuid, timestamp);
        let mut merge = Merge::new(&mut json);
        merge.all(&self.fixed);
        for (key, value) in properties.iter() {
            merge.own(key, value);
        }
        if let Some(merged) = merged {
            for (key, value) in merged.tags.tags.iter() {
                merge.own(key, value);
            }
            if !merged.tags.keys.is_empty() {
                merge.add(names::CONTEXT_TAGS, &merged.tags.keys);
            }
            if let Some(session) = &merged.ids.session {
                merge.text(names::SESSION_ID, session);
            }
        }
        for (key, value) in config.super_properties.iter() {
            merge.own(key, value);
        }
        if personless && merge.process_person_profile.is_none() {
            merge.switch(names::PROCESS_PERSON_PROFILE, false);
        }
        // Only `true` is sent; the call decides before a property, and that before the client (CAP-73).
        if disable_geoip
            .or(merge.disable_geoip)
            .unwrap_or(config.disable_geoip)
        {
            merge.add(names::GEOIP_DISABLE, b"true");
        }
        merge.all(&self.runtime);
        let profile = merge.process_person_profile;
        merge.finish();
        json.push(b'}');

        checked_person(name, profile)?;
        Ok(Assembled { json, uuid })
    }
}

/// Refuses what is about a person and personless: the service would drop it without a word (CAP-82).
fn checked_person(name: &str, profile: Option<bool>) -> Result<(), DropReason> {
    if profile == Some(false) && names::PERSON_EVENTS.contains(&name) {
        notice::warn_each(format_args!(
            "the event `{name}` is dropped: it is about a person, and personless"
        ));
        return Err(DropReason::Invalid);
    }
    Ok(())
}

/// Puts the switches of an event right that hooks have seen: one of a wrong type can cost the whole request (CAP-81).
pub(crate) fn check_switches(event: &mut CapturedEvent) -> Result<(), DropReason> {
    for switch in names::SWITCHES {
        let Some(value) = event.properties.get_mut(switch) else {
            continue;
        };
        if let Some(on) = switch_of(value) {
            *value = Value::Bool(on);
        } else {
            event.properties.remove(switch);
            left_out(switch);
        }
    }
    let profile = event.properties.get(names::PROCESS_PERSON_PROFILE);
    checked_person(&event.event, profile.and_then(Value::as_bool))
}

fn left_out(switch: &str) {
    log::debug!("[PostHog] the property `{switch}` is left out: it has to be a boolean");
}

/// The name as it is sent: not blank (CAP-30), at most 200 bytes (CAP-32), and none that the service discards (CAP-33).
pub(crate) fn checked_name(name: &str) -> Result<&str, DropReason> {
    if name.trim().is_empty() {
        notice::warn_each(format_args!("an event is dropped: its name is blank"));
        return Err(DropReason::Invalid);
    }
    if name == names::PERFORMANCE_EVENT {
        notice::warn_each(format_args!(
            "the event `{name}` is dropped: the service discards it"
        ));
        return Err(DropReason::Invalid);
    }
    let cut = limits::cut(name, limits::EVENT_NAME_BYTES);
    if cut.len() < name.len() {
        notice::warn_once(format_args!(
            "the name of the event `{cut}…` is cut to 200 bytes"
        ));
    }
    Ok(cut)
}

/// The ID, if the service can keep it apart from others: it cuts longer ones, and so would mix users (CAP-44).
pub(crate) fn checked_id<'a>(id: Cow<'a, str>, event: &str) -> Result<Cow<'a, str>, DropReason> {
    if id.len() > limits::DISTINCT_ID_CHARS && id.chars().count() > limits::DISTINCT_ID_CHARS {
        let chars = id.chars().count();
        notice::warn_each(format_args!(
            "the event `{event}` is dropped: its distinct ID has {chars} characters, and 200 are the most"
        ));
        return Err(DropReason::Invalid);
    }
    crate::context::warn_of_illegal(&id);
    Ok(id)
}

/// Writes properties in order of strength: a key that was there stays.
struct Merge<'a, 'b> {
    json: &'a mut Vec<u8>,
    seen: Seen<'b>,
    start: usize,
    process_person_profile: Option<bool>,
    disable_geoip: Option<bool>,
}

impl<'a, 'b> Merge<'a, 'b> {
    fn new(json: &'a mut Vec<u8>) -> Self {
        json.push(b'{');
        let start = json.len();
        Self {
            json,
            seen: Seen::Few(Vec::with_capacity(32)),
            start,
            process_person_profile: None,
            disable_geoip: None,
        }
    }

    /// Adds what needs no second look.
    fn all(&mut self, properties: &'b Properties) {
        for (key, value) in properties.iter() {
            self.add_encoded(key, value);
        }
    }

    /// Adds a property that the application gave: those that switch something have to be booleans.
    fn own(&mut self, key: &'b [u8], value: &[u8]) {
        if key.starts_with(b"\"$") {
            let name = bare(key);
            if name == names::GEOIP_DISABLE.as_bytes() {
                self.disable_geoip = self.disable_geoip.or(as_switch(value));
                return;
            }
            if let Some(switch) = names::SWITCHES
                .iter()
                .find(|switch| switch.as_bytes() == name)
            {
                match as_switch(value) {
                    Some(on) => self.switch(switch, on),
                    None => left_out(switch),
                }
                return;
            }
        }
        self.add_encoded(key, value);
    }

    fn switch(&mut self, name: &'static str, on: bool) {
        if self.add(name, if on { b"true" } else { b"false" })
            && name == names::PROCESS_PERSON_PROFILE
        {
            self.process_person_profile = Some(on);
        }
    }

    fn text(&mut self, name: &'static str, text: &str) {
        let mut value = Vec::with_capacity(text.len() + 2);
        crate::json::write_text(&mut value, text);
        self.add(name, &value);
    }

    /// Adds a property of the SDK's own; whether there was none of that name.
    fn add(&mut self, name: &'static str, value: &[u8]) -> bool {
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

    fn finish(self) {
        self.json.push(b'}');
    }
}

/// A key without its quotes.
fn bare(key: &[u8]) -> &[u8] {
    key.get(1..key.len() - 1).unwrap_or_default()
}

/// The keys that are written. Few are compared one by one, which beats a hash; many go by a hash.
enum Seen<'a> {
    Few(Vec<&'a [u8]>),
    Many(HashSet<&'a [u8]>),
}

impl<'a> Seen<'a> {
    /// `false` where it was there.
    fn insert(&mut self, key: &'a [u8]) -> bool {
        match self {
            Self::Few(keys) if keys.len() < 48 => {
                let new = !keys.contains(&key);
                if new {
                    keys.push(key);
                }
                new
            }
            Self::Few(keys) => {
                *self = Self::Many(keys.drain(..).collect());
                self.insert(key)
            }
            Self::Many(keys) => keys.insert(key),
        }
    }
}

/// What a value means as a switch, if anything (CAP-81).
fn as_switch(json: &[u8]) -> Option<bool> {
    switch_of(&serde_json::from_slice(json).ok()?)
}

fn switch_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an event's JSON is too large: for itself, or as the string that the service embeds it as (DLV-26).
pub(crate) fn is_too_large(json: &[u8], most: usize) -> bool {
    json.len() > most || {
        // Only a large event can have that many escapes.
        json.len() * 2 > limits::ESCAPED_EVENT_BYTES
            && json.len()
                + json
                    .iter()
                    .filter(|byte| matches!(byte, b'"' | b'\\'))
                    .count()
                > limits::ESCAPED_EVENT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::as_switch;

    #[test]
    fn cap_81_what_is_no_boolean_is_read_as_one_or_left_out() {
        for (json, on) in [
            ("true", Some(true)),
            ("false", Some(false)),
            ("\" TRUE \"", Some(true)),
            ("\"1\"", Some(true)),
            ("\"False\"", Some(false)),
            ("\"0\"", Some(false)),
            ("2", Some(true)),
            ("0.0", Some(false)),
            ("\"yes\"", None),
            ("null", None),
            ("{}", None),
        ] {
            assert_eq!(as_switch(json.as_bytes()), on, "{json}");
        }
    }
}
