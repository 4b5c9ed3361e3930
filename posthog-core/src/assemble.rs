//! From a call to an event: validation, identity, and who wins where two say something about one property.
//!
//! All of it happens on the calling thread, in one pass that writes the final JSON (CAP-20, CAP-21). Most events have only
//! properties that mean nothing to the service or the SDK; those are copied as they are, between what is the
//! same for all events; see [`PlainProperties`]. The others go through a [merge](Merge) key by key.

use crate::{
    captured::CapturedEvent,
    client::DropReason,
    config::{Config, fixed_properties},
    context::{Context, Node},
    event::{Event, Overrides},
    frames::{Unfinished, exceeds},
    fresh_uuid::two_fresh_uuids_at,
    head::{Head, Whose},
    kind::{Identity, Kind},
    limits,
    merge::{Merge, bare, groups, left_out},
    names, notice,
    notice::say,
    options::CaptureMode,
    plain::{Envelopes, PlainProperties, Variant},
    properties::Properties,
    runtime,
    switch::switch_of,
    timestamp::{Timestamp, When},
};
use serde_json::{Map, Value};
use std::{borrow::Cow, mem, time::SystemTime};
use uuid::Uuid;

/// An event as it is queued.
///
/// It is put together in one place that is handed down, and has room for the next one afterwards.
#[derive(Default)]
pub(crate) struct Assembled {
    pub(crate) json: Vec<u8>,
    pub(crate) uuid: Uuid,
    /// Whether it has the form of V1 already; otherwise that of V0.
    pub(crate) is_v1: bool,
    /// The stack of an exception, if the worker has to look up its names.
    pub(crate) stack: Option<Box<Unfinished>>,
}

/// Who an event belongs to, as it is sent.
struct Belongs<'a> {
    distinct_id: &'a str,
    personless: bool,
    alias: Option<&'a str>,
}

/// What a client adds to every event, worked out once.
pub(crate) struct Assembler {
    fixed: Properties,
    runtime: Properties,
    /// Whether events get the form of V1 where it costs nothing.
    to_v1: bool,
    envelopes: Envelopes,
}

impl Assembler {
    pub(crate) fn new(config: &Config, to_v1: bool) -> Self {
        let (fixed, runtime) = (fixed_properties(config), runtime::properties());
        Self {
            fixed,
            runtime,
            to_v1,
            envelopes: Envelopes::default(),
        }
    }

    /// Puts an event together, in `assembled`, which is empty.
    pub(crate) fn assemble(
        &self,
        event: &Event,
        context: &Context,
        config: &Config,
        now: SystemTime,
        assembled: &mut Assembled,
    ) -> Result<(), DropReason> {
        let Event {
            kind,
            name,
            properties,
            overrides,
            exception: _,
        } = event;
        let Overrides {
            distinct_id,
            timestamp,
            uuid,
            disable_geoip,
        } = overrides;
        let is_verbatim = matches!(name, Cow::Borrowed(_));
        let name = checked_name(name, kind)?;
        if properties.is_broken() {
            notice::warn_each(format_args!(
                "the event `{name}` is dropped: a value panicked while it was serialized"
            ));
            return Err(DropReason::Invalid);
        }
        let node = context.node();
        if *kind == Kind::Person && !sets_something(properties) {
            say!(Debug, "there are no person properties to set");
            return Err(DropReason::NothingToSend);
        }
        let Identity {
            distinct_id,
            personless,
            alias,
        } = kind.identity(
            name,
            Some(&**distinct_id).filter(|id| !id.is_empty()),
            node,
            IdLimit::of(event, config),
        )?;
        let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).ok();
        let [fresh, nobody] = two_fresh_uuids_at(since_1970.unwrap_or_default());
        let head = Head {
            name,
            is_verbatim,
            uuid: uuid.unwrap_or(fresh),
            when: match (timestamp, since_1970) {
                (None, Some(now)) => When::Now(now),
                _ => When::At(timestamp.unwrap_or_else(|| Timestamp::now(now))),
            },
            whose: if personless {
                Whose::Nobodys(nobody)
            } else {
                Whose::Known(&distinct_id)
            },
        };
        let Assembled {
            json, is_v1, uuid, ..
        } = assembled;
        *uuid = head.uuid;
        head.write(json);
        if let Some(plain) = PlainProperties::of(event, node, config) {
            checked_person(name, personless.then_some(false))?;
            let variant = Variant {
                // It does not take AI events.
                to_v1: self.to_v1 && !event.is_ai(),
                personless,
                disable_geoip: disable_geoip.unwrap_or(config.disable_geoip),
            };
            let envelope = self.envelopes.of(variant, &self.fixed, &self.runtime);
            plain.write(envelope, json);
            *is_v1 = envelope.is_v1;
            return Ok(());
        }
        json.extend_from_slice(b",\"properties\":");
        let belongs = Belongs {
            distinct_id: &distinct_id,
            personless,
            alias: alias.as_deref(),
        };
        let profile = self.merge(event, node, config, &belongs, json);
        checked_person(name, profile)
    }

    /// Writes the properties key by key; what they say of the person's profile.
    ///
    /// Not inlined: the usual event, which has no need of it, would pay for the room that it takes.
    #[inline(never)]
    fn merge(
        &self,
        event: &Event,
        node: Option<&Node>,
        config: &Config,
        belongs: &Belongs<'_>,
        json: &mut Vec<u8>,
    ) -> Option<bool> {
        let Event {
            kind,
            properties,
            overrides,
            exception,
            ..
        } = event;
        let Belongs {
            distinct_id,
            personless,
            alias,
        } = *belongs;
        let mut merge = Merge::new(json);
        merge.all(&self.fixed);
        if let Some(exception) = exception {
            merge.all(&exception.properties);
            merge.keep_to_the_exception();
        }
        if let Some(alias) = alias {
            merge.text(names::ALIAS, alias);
            merge.text(names::DISTINCT_ID, distinct_id);
        }
        if let Kind::Group { group_type, key } = kind {
            merge.text(names::GROUP_TYPE, group_type.trim());
            merge.text(names::GROUP_KEY, key.trim());
        }
        for (key, value) in properties.iter() {
            merge.own(key, value);
        }
        match kind {
            // Always there, so that nobody has to ask (CAP-90, CAP-95).
            Kind::Identify => {
                merge.add(names::SET, b"{}");
            }
            Kind::Group { .. } => {
                merge.add(names::GROUP_SET, b"{}");
            }
            _ => {}
        }
        if let Some(node) = node {
            merge_context(&mut merge, node, kind);
        }
        for (key, value) in config.super_properties.iter() {
            merge.own(key, value);
        }
        if personless && merge.process_person_profile.is_none() {
            merge.switch(names::PROCESS_PERSON_PROFILE, false);
        }
        // Only `true` is sent; the call decides before a property, and that before the client (CAP-73).
        if overrides
            .disable_geoip
            .or(merge.disable_geoip)
            .unwrap_or(config.disable_geoip)
        {
            merge.add(names::GEOIP_DISABLE, b"true");
        }
        merge.all(&self.runtime);
        let profile = merge.process_person_profile;
        merge.finish();
        json.push(b'}');
        profile
    }
}

fn merge_context<'a>(merge: &mut Merge<'_, 'a>, node: &'a Node, kind: &Kind) {
    let merged = node.merged_tags();
    if kind.takes_tags() && !merged.keys.is_empty() {
        for (key, value) in merged.tags.iter() {
            merge.own(key, value);
        }
        merge.add(names::CONTEXT_TAGS, &merged.keys);
    }
    if let Some(session) = &node.merged_ids().session {
        merge.text(names::SESSION_ID, session);
    }
}

/// Whether there is a person property among these.
#[inline(never)]
fn sets_something(properties: &Properties) -> bool {
    let sets =
        |key: &[u8]| [names::SET, names::SET_ONCE].contains(&&*String::from_utf8_lossy(bare(key)));
    properties
        .iter()
        .any(|(key, value)| sets(key) && value.starts_with(b"{") && value != b"{}")
}

/// Refuses what is about a person and personless: the service would drop it without a word (CAP-82).
fn checked_person(name: &str, profile: Option<bool>) -> Result<(), DropReason> {
    let is_about_person = || name.starts_with('$') && names::PERSON_EVENTS.contains(&name);
    if profile == Some(false) && is_about_person() {
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
        put_right(&mut event.properties, switch, |given| {
            let on = switch_of(&given);
            if on.is_none() {
                left_out(switch);
            }
            on.map(Value::Bool)
        });
    }
    put_right(&mut event.properties, names::GEOIP_DISABLE, |given| {
        let on = switch_of(&given).filter(|on| *on);
        on.map(Value::Bool)
    });
    put_right(&mut event.properties, names::GROUPS, groups);
    let profile = event.properties.get(names::PROCESS_PERSON_PROFILE);
    checked_person(&event.event, profile.and_then(Value::as_bool))
}

/// Makes of a property what `right` makes of it, or leaves it out.
fn put_right(
    properties: &mut Map<String, Value>,
    name: &str,
    right: impl FnOnce(Value) -> Option<Value>,
) {
    let Some(value) = properties.get_mut(name) else {
        return;
    };
    if let Some(new) = right(value.take()) {
        *value = new;
        return;
    }
    // Not by `remove`, which would be a part of every program for what hardly any event has.
    for (key, value) in mem::take(properties) {
        if key != name {
            properties.insert(key, value);
        }
    }
}

/// The name as it is sent: not blank (CAP-30), at most 200 bytes (CAP-32), and none that the service discards (CAP-33).
#[inline]
pub(crate) fn checked_name<'a>(name: &'a str, kind: &Kind) -> Result<&'a str, DropReason> {
    // Most names are short and begin with a letter: then nothing is wrong with them.
    let usual = name.len() <= limits::EVENT_NAME_BYTES
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && !matches!(kind, Kind::Ai);
    if usual {
        Ok(name)
    } else {
        check_name(name, kind)
    }
}

fn check_name<'a>(name: &'a str, kind: &Kind) -> Result<&'a str, DropReason> {
    if name.trim_start().is_empty() {
        notice::warn_each(format_args!("an event is dropped: its name is blank"));
        return Err(DropReason::Invalid);
    }
    if name == names::PERFORMANCE_EVENT {
        notice::warn_each(format_args!(
            "the event `{name}` is dropped: the service discards it"
        ));
        return Err(DropReason::Invalid);
    }
    if *kind == Kind::Ai && !name.starts_with(names::AI_PREFIX) {
        notice::warn_each(format_args!(
            "the event `{name}` is dropped: the lane for AI events takes names that begin with `$ai_` only"
        ));
        return Err(DropReason::Invalid);
    }
    if *kind == Kind::Capture && names::WITH_A_CALL.contains(&name) {
        notice::debug(format_args!("the event `{name}` has a call of its own"));
    }
    let cut = limits::cut(name, limits::EVENT_NAME_BYTES);
    if cut.len() < name.len() {
        notice::warn_once(format_args!(
            "the name of the event `{cut}…` is cut to 200 bytes"
        ));
    }
    Ok(cut)
}

/// In what the service measures the longest distinct ID, 200 of them (CAP-44).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IdLimit {
    /// It cuts longer ones, and so would mix users.
    Characters,
    /// It drops the event.
    Bytes,
}

impl IdLimit {
    pub(crate) fn of(event: &Event, config: &Config) -> Self {
        match config.capture_mode {
            CaptureMode::V1 if !event.is_ai() => Self::Bytes,
            _ => Self::Characters,
        }
    }

    /// How long an ID is, as the service counts.
    pub(crate) fn length_of(self, id: &str) -> usize {
        match self {
            Self::Characters => id.chars().count(),
            Self::Bytes => id.len(),
        }
    }
}

/// The ID, if the service can keep it apart from others (CAP-44).
pub(crate) fn checked_id<'a>(
    id: Cow<'a, str>,
    event: &str,
    limit: IdLimit,
) -> Result<Cow<'a, str>, DropReason> {
    // There are no more characters than bytes.
    if id.len() > limits::DISTINCT_ID && limit.length_of(&id) > limits::DISTINCT_ID {
        let length = limit.length_of(&id);
        notice::warn_each(format_args!(
            "the event `{event}` is dropped: its distinct ID has a length of {length}, and 200 is the most"
        ));
        return Err(DropReason::Invalid);
    }
    crate::context::warn_of_illegal(&id);
    Ok(id)
}

/// Whether an event's JSON is too large: for itself, or as the string that the service embeds it as (DLV-26, DLV-131).
#[inline]
pub(crate) fn is_too_large(json: &[u8], event: &Event, config: &Config) -> bool {
    if event.is_ai() {
        return json.len() > limits::AI_EVENT_BYTES;
    }
    exceeds(json, config.frame_rules.max_event_bytes)
}

#[cfg(test)]
mod tests {
    use super::{Assembled, Assembler};
    use crate::{
        config::Config, context::Context, delivery::v1, event::Event, new_context,
        properties::Properties,
    };
    use serde_json::Value;
    use std::time::{Duration, SystemTime};
    use uuid::Uuid;

    fn assembled(event: &Event, config: &Config, to_v1: bool) -> Assembled {
        let mut assembled = Assembled::default();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
        Assembler::new(config, to_v1)
            .assemble(event, &Context::current(), config, now, &mut assembled)
            .expect("the event is well-formed");
        assembled
    }

    fn value(json: &[u8]) -> Value {
        serde_json::from_slice(json).expect("JSON")
    }

    #[test]
    fn dlv_113_what_is_written_as_v1_at_once_is_what_v0_converts_to() {
        let named = |name: &str| {
            Event::new(name)
                .uuid(Uuid::from_u128(7))
                .property("total", 9.5)
                .property("total", 10)
        };
        let events = [
            Event::new("bare").uuid(Uuid::from_u128(8)),
            named("known").distinct_id("q\"1"),
            named("its own ID").property("distinct_id", "not who it is"),
            named("special").property("$process_person_profile", "false"),
            named("session").session_id("s"),
            named("geoip").disable_geoip(true),
            named("timed").timestamp("2031-05-07T02:00:00Z"),
        ];
        let mut at_once = 0;
        for (is_server, with_super) in [(true, false), (false, true), (false, false)] {
            let config = Config {
                is_server,
                disable_geoip: is_server,
                super_properties: [("total", 1), ("super", 2)]
                    .into_iter()
                    .filter(|_| with_super)
                    .collect(),
                ..Config::default()
            };
            for depth in 0..3 {
                let _tagged = (depth > 0).then(|| {
                    let tags: Properties = [("total", 0), ("tag", 1)].into_iter().collect();
                    new_context().tags(tags).enter()
                });
                let _known = (depth > 1).then(|| {
                    new_context()
                        .distinct_id("u-1")
                        .session_id("0190163d-8694-739b-aea5-966c26f8ad90")
                        .enter()
                });
                for event in &events {
                    let (v0, v1) = (
                        assembled(event, &config, false),
                        assembled(event, &config, true),
                    );
                    assert!(!v0.is_v1);
                    let expected = v1::event(&v0.json).expect("an event");
                    let json = if v1.is_v1 {
                        at_once += 1;
                        v1.json
                    } else {
                        v1::event(&v1.json).expect("an event")
                    };
                    let (mut expected, mut json) = (value(&expected), value(&json));
                    if v0
                        .json
                        .windows(22)
                        .any(|part| part == b"process_person_profile")
                    {
                        // Nobody's ID is another one each time.
                        expected["distinct_id"] = Value::Null;
                        json["distinct_id"] = Value::Null;
                    }
                    assert_eq!(json, expected);
                }
            }
        }
        assert_eq!(at_once, 3 * 3 * 4);
    }
}
