//! Properties that mean nothing to the service or the SDK, which are those of most events.
//!
//! They were encoded where they were given, and are copied as they stand: those of the call, then the tags that it has no
//! property for, then the super properties that neither has (CAP-60). What the SDK adds is the same bytes for all events,
//! written out once; its keys all begin with `$`, so it has nothing to be compared with.

use crate::{
    config::Config,
    context::{MergedTags, Node},
    event::Event,
    json::write_text,
    kind::Kind,
    merge::Merge,
    names,
    properties::Properties,
};

/// The properties of an event none of which begins with `$`, nor does any of its tags.
pub(crate) struct PlainProperties<'a> {
    own: &'a Properties,
    tags: Option<&'a MergedTags>,
    super_properties: &'a Properties,
    session: Option<&'a str>,
}

impl<'a> PlainProperties<'a> {
    /// `None` where a property has to be looked at.
    pub(crate) fn of(event: &'a Event, node: Option<&'a Node>, config: &'a Config) -> Option<Self> {
        let Config {
            super_properties, ..
        } = config;
        let tags = node.map(|node| &**node.merged_tags());
        let is_plain = matches!(event.kind, Kind::Capture | Kind::Ai)
            && event.properties.is_plain()
            && tags.is_none_or(|tags| tags.tags.is_plain())
            && super_properties.is_plain();
        is_plain.then(|| Self {
            own: &event.properties,
            // Without tags their keys are not listed (CTX-49).
            tags: tags.filter(|tags| !tags.keys.is_empty()),
            super_properties,
            session: node.and_then(|node| node.merged_ids().session.as_deref()),
        })
    }

    /// Appends them as an object, which the tail closes together with the event.
    pub(crate) fn write(&self, tail: &[u8], json: &mut Vec<u8>) {
        let Self {
            own,
            tags,
            super_properties,
            session,
        } = *self;
        json.push(b'{');
        own.write_beside(&[], json);
        if let Some(merged) = tags {
            merged.tags.write_beside(&[own], json);
            write_key(names::CONTEXT_TAGS, json);
            json.extend_from_slice(&merged.keys);
            json.push(b',');
        }
        if !super_properties.is_empty() {
            match tags {
                None => super_properties.write_beside(&[own], json),
                Some(merged) => merged.tags.write_weaker(own, super_properties, json),
            }
        }
        if let Some(session) = session {
            write_key(names::SESSION_ID, json);
            write_text(json, session);
            json.push(b',');
        }
        json.extend_from_slice(tail);
    }
}

fn write_key(name: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}

/// What ends an event of plain properties: what the SDK adds, and the brackets.
pub(crate) struct Tails([[Vec<u8>; 2]; 2]);

impl Tails {
    pub(crate) fn new(fixed: &Properties, runtime: &Properties) -> Self {
        let tail = |personless, disable_geoip| {
            let mut json = Vec::new();
            let mut merge = Merge::new(&mut json);
            merge.all(fixed);
            if personless {
                merge.switch(names::PROCESS_PERSON_PROFILE, false);
            }
            if disable_geoip {
                merge.add(names::GEOIP_DISABLE, b"true");
            }
            merge.all(runtime);
            merge.finish();
            json.push(b'}');
            // The bracket that opens it stands before the other properties.
            json.remove(0);
            json
        };
        Self([false, true].map(|personless| [false, true].map(|geoip| tail(personless, geoip))))
    }

    pub(crate) fn of(&self, personless: bool, disable_geoip: bool) -> &[u8] {
        &self.0[usize::from(personless)][usize::from(disable_geoip)]
    }
}
