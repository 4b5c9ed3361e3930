//! Properties that mean nothing to the service or the SDK, which are those of most events.
//!
//! They were encoded where they were given, and are copied as they stand: those of the call, then the tags that it has no
//! property for, then the super properties that neither has (CAP-60). What the SDK adds is the same bytes for all events,
//! written out once; its keys all begin with `$`, so it has nothing to be compared with.

use crate::{
    config::Config,
    context::{MergedTags, Node},
    delivery::v1,
    event::Event,
    json::write_text,
    kind::Kind,
    merge::Merge,
    names,
    properties::Properties,
};
use std::sync::OnceLock;

/// The properties of an event none of which means anything, nor does any of its tags.
pub(crate) struct PlainProperties<'a> {
    own: &'a Properties,
    tags: Option<&'a MergedTags>,
    super_properties: &'a Properties,
    session: Option<&'a str>,
}

impl<'a> PlainProperties<'a> {
    /// `None` where a property has to be looked at.
    #[inline]
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

    /// Appends them behind the head of an event, and ends it.
    #[inline]
    pub(crate) fn write(&self, envelope: &Envelope, json: &mut Vec<u8>) {
        let Self {
            own,
            tags,
            super_properties,
            session,
        } = *self;
        if envelope.is_v1 {
            if let Some(session) = session {
                json.extend_from_slice(b",\"session_id\":");
                write_text(json, session);
            }
            json.extend_from_slice(&envelope.options);
        }
        json.extend_from_slice(BEFORE);
        own.write_all(json);
        if let Some(merged) = tags {
            merged.tags.write_beside(own, json);
            write_key(names::CONTEXT_TAGS, json);
            json.extend_from_slice(&merged.keys);
            json.push(b',');
        }
        for (key, value) in super_properties.iter() {
            if !own.has(key) && !tags.is_some_and(|merged| merged.tags.has(key)) {
                for part in [key, b":", value, b","] {
                    json.extend_from_slice(part);
                }
            }
        }
        if let Some(session) = session.filter(|_| !envelope.is_v1) {
            write_key(names::SESSION_ID, json);
            write_text(json, session);
            json.push(b',');
        }
        if envelope.after == *b"}}" && json.ends_with(b",") {
            json.pop();
        }
        json.extend_from_slice(&envelope.after);
    }
}

fn write_key(name: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(name.as_bytes());
    json.extend_from_slice(b"\":");
}

/// What stands around plain properties, the same for many events: what the SDK adds, and the brackets.
pub(crate) struct Envelope {
    /// Whether it is the form of V1; otherwise that of V0.
    pub(crate) is_v1: bool,
    /// What V1 has a place for, behind the head of the event.
    options: Vec<u8>,
    /// Behind properties that end with a comma each.
    after: Vec<u8>,
}

/// What stands around the properties of all events of a client, by what they differ in. Each is written for the first event
/// that needs it: most programs have events of one kind.
#[derive(Default)]
pub(crate) struct Envelopes([OnceLock<Envelope>; 8]);

/// A kind of event by what is around its properties.
#[derive(Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) to_v1: bool,
    pub(crate) personless: bool,
    pub(crate) disable_geoip: bool,
}

impl Envelopes {
    #[inline]
    pub(crate) fn of(
        &self,
        variant: Variant,
        fixed: &Properties,
        runtime: &Properties,
    ) -> &Envelope {
        let Variant {
            to_v1,
            personless,
            disable_geoip,
        } = variant;
        let at =
            usize::from(to_v1) << 2 | usize::from(personless) << 1 | usize::from(disable_geoip);
        let place = &self.0[at];
        place.get().unwrap_or_else(|| {
            // Made before the place is taken, so that no thread waits for another that makes it.
            let new = Envelope::new(variant, fixed, runtime);
            place.get_or_init(|| new)
        })
    }
}

/// Before the first property.
const BEFORE: &[u8] = b",\"properties\":{";

/// Stands for the properties of an event.
const PLACE: &str = "properties of an event";

impl Envelope {
    #[cold]
    fn new(variant: Variant, fixed: &Properties, runtime: &Properties) -> Self {
        let mut json =
            br#"{"event":"","uuid":"","distinct_id":"","timestamp":"","properties":"#.to_vec();
        let mut merge = Merge::new(&mut json);
        merge.add(PLACE, b"0");
        merge.all(fixed);
        if variant.personless {
            merge.switch(names::PROCESS_PERSON_PROFILE, false);
        }
        if variant.disable_geoip {
            merge.add(names::GEOIP_DISABLE, b"true");
        }
        merge.all(runtime);
        merge.finish();
        json.push(b'}');
        Self::of(&json, variant.to_v1)
    }

    /// What an event has around the one property that stands for all.
    fn of(v0: &[u8], to_v1: bool) -> Self {
        let v1 = if to_v1 { v1::event(v0) } else { None };
        let (is_v1, json) = (v1.is_some(), v1.as_deref().unwrap_or(v0));
        let json = String::from_utf8_lossy(json);
        let place = format!("\"{PLACE}\":0");
        let (before, after) = json.split_once(&place).unwrap_or_default();
        let options = before
            .find(",\"options\":")
            .and_then(|start| before.get(start..before.len() - BEFORE.len()));
        Self {
            is_v1,
            options: options.unwrap_or_default().into(),
            after: after.strip_prefix(',').unwrap_or(after).into(),
        }
    }
}
