//! What every event begins with: its name, UUID, time, and whose it is (DLV-101, DLV-113).

use crate::{
    hyphenated::{hyphenated, write_digits},
    json::write_text,
    timestamp::When,
};
use uuid::Uuid;

/// An event but for its properties.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    /// Nothing in the name has to be escaped.
    pub(crate) is_verbatim: bool,
    pub(crate) uuid: Uuid,
    pub(crate) when: When,
    pub(crate) whose: Whose<'a>,
}

/// Whose event it is, as it is sent.
#[derive(Clone, Copy)]
pub(crate) enum Whose<'a> {
    Known(&'a str),
    /// Nobody's; an ID for this event only (CAP-46).
    Nobodys(Uuid),
}

/// What follows the name of an event that is nobody's. Every part has its place, and it is copied as a whole.
const PARTS: [u8; 141] = *b",\"uuid\":\"01234567-89ab-7def-8123-456789abcdef\",\"timestamp\":\"2031-05-07T02:00:00.000000Z\",\"distinct_id\":\"01234567-89ab-7def-8123-456789abcdef\"";
const UUID_AT: usize = b",\"uuid\":\"".len();
const TIMESTAMP_AT: usize = UUID_AT + 36 + b"\",\"timestamp\":\"".len();
const ID_AT: usize = TIMESTAMP_AT + 27 + b"\",\"distinct_id\":".len();

impl Head<'_> {
    /// Appends it. More members may follow; a closing brace ends the event.
    #[expect(
        clippy::inline_always,
        reason = "most of a call would be putting its arguments where they can be pointed to"
    )]
    #[inline(always)]
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let Self {
            name,
            is_verbatim,
            uuid,
            when,
            whose,
        } = self;
        // At once, for all but long names.
        out.reserve(ROOM);
        if is_verbatim {
            out.extend_from_slice(b"{\"event\":\"");
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(b"{\"event\":");
            write_text(out, name);
        }
        let Some(timestamp) = when.to_micros() else {
            return self.write_parts(out);
        };
        let start = out.len();
        out.extend_from_slice(&PARTS);
        let Some(parts) = out[start..].first_chunk_mut() else {
            return;
        };
        write_digits(uuid, part_mut(parts, UUID_AT));
        *part_mut(parts, TIMESTAMP_AT) = timestamp;
        match whose {
            Whose::Nobodys(id) => write_digits(id, part_mut(parts, ID_AT + 1)),
            Whose::Known(id) => {
                out.truncate(start + ID_AT);
                write_text(out, id);
            }
        }
    }

    /// What follows the name, where the time has another length.
    #[cold]
    fn write_parts(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&PARTS[..UUID_AT]);
        out.extend_from_slice(&hyphenated(self.uuid));
        out.extend_from_slice(&PARTS[UUID_AT + 36..TIMESTAMP_AT]);
        self.when.write(out);
        out.extend_from_slice(&PARTS[TIMESTAMP_AT + 27..ID_AT]);
        match self.whose {
            Whose::Known(id) => write_text(out, id),
            Whose::Nobodys(id) => write_text(out, &id.to_string()),
        }
    }
}

/// More than what a head takes but for its texts.
const ROOM: usize = 256;

/// The part that begins there.
#[inline]
fn part_mut<const N: usize>(parts: &mut [u8; PARTS.len()], at: usize) -> &mut [u8; N] {
    parts[at..]
        .first_chunk_mut()
        .expect("every part lies within the whole")
}

#[cfg(test)]
mod tests {
    use super::{Head, Whose};
    use crate::timestamp::{Timestamp, When};
    use serde_json::{Value, json};
    use std::time::{Duration, SystemTime};
    use uuid::Uuid;

    #[test]
    fn dlv_101_each_part_of_a_head_stands_in_its_place() {
        let (uuid, id) = (Uuid::from_u128(7 << 64 | 1), Uuid::from_u128(u128::MAX - 7));
        let nanos: Timestamp = "2031-05-07T02:00:00.123456789Z".parse().expect("a time");
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        for (when, timestamp) in [
            (
                When::Now(Duration::from_millis(1500)),
                "1970-01-01T00:00:01.500000Z",
            ),
            (
                When::At(Timestamp::now(time)),
                "1970-01-01T00:00:01.500000Z",
            ),
            (When::At(nanos), "2031-05-07T02:00:00.123456789Z"),
        ] {
            for (whose, distinct_id) in [
                (Whose::Known("q\"é"), "q\"é".to_owned()),
                (Whose::Nobodys(id), id.to_string()),
            ] {
                for (name, is_verbatim) in [("order \\ processed", false), ("paid", true)] {
                    let head = Head {
                        name,
                        is_verbatim,
                        uuid,
                        when,
                        whose,
                    };
                    let mut out = Vec::new();
                    head.write(&mut out);
                    out.push(b'}');
                    assert_eq!(
                        serde_json::from_slice::<Value>(&out).expect("JSON"),
                        json!({
                            "event": name,
                            "uuid": uuid.to_string(),
                            "timestamp": timestamp,
                            "distinct_id": distinct_id,
                        })
                    );
                }
            }
        }
    }
}
