//! An event as it was captured.

use crate::{
    head::{Head, Whose},
    json::{Encoder, Replaced, read, write_text},
    notice,
    timestamp::{Timestamp, When},
    uuid_text,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A captured event with everything that will be sent: what hooks see, and what a recording gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CapturedEvent {
    /// Its name.
    pub event: String,
    /// Who did it; a random UUID for a personless event.
    pub distinct_id: String,
    /// Its UUID.
    pub uuid: Uuid,
    /// When it happened.
    pub timestamp: Timestamp,
    /// All properties, those that the SDK added included.
    pub properties: Map<String, Value>,
}

impl CapturedEvent {
    /// Reads what the assembly wrote.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let Value::Object(mut fields) = read(json)? else {
            return None;
        };
        let mut field = |name| fields.get_mut(name).map(Value::take);
        let mut text = |name| match field(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (event, distinct_id) = (text("event")?, text("distinct_id")?);
        let (uuid, timestamp) = (
            uuid_text::parse(&text("uuid")?).map(Uuid::from_u128)?,
            text("timestamp")?.parse().ok()?,
        );
        let Some(Value::Object(properties)) = field("properties") else {
            return None;
        };
        Some(Self {
            event,
            distinct_id,
            uuid,
            timestamp,
            properties,
        })
    }

    /// Writes it again, cleaning the values as at the first time (DLV-44).
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        let head = Head {
            name: &self.event,
            is_verbatim: false,
            uuid: self.uuid,
            when: When::At(self.timestamp),
            whose: Whose::Known(&self.distinct_id),
        };
        head.write(&mut out);
        out.extend_from_slice(b",\"properties\":");
        let mut replaced = Replaced::default();
        // A map of JSON values always has a JSON text. It counts as no level: its values do.
        if self.properties.is_empty()
            || write_entries(&mut out, &self.properties, &mut replaced).is_err()
        {
            out.extend_from_slice(b"{}");
        }
        if replaced.too_deep {
            notice::warn_each(format_args!(
                "in the event `{}`, containers nested deeper than 64 levels became null",
                self.event
            ));
        }
        out.push(b'}');
        out
    }
}

fn write_entries(
    out: &mut Vec<u8>,
    map: &Map<String, Value>,
    replaced: &mut Replaced,
) -> Result<(), crate::json::EncodeError> {
    for (at, (key, value)) in map.iter().enumerate() {
        out.push(if at == 0 { b'{' } else { b',' });
        write_text(out, key);
        out.push(b':');
        value.serialize(Encoder::new(out, 0, replaced))?;
    }
    out.push(b'}');
    Ok(())
}
