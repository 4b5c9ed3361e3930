//! An exception's JSON, changed after it was written: its stack comes later, and what is too large is cut.

use crate::{limits, names, object::Entries};
use serde_json::value::RawValue;

/// Where in the JSON of an event its parts stand.
struct Parts<'a> {
    /// Behind the last property.
    properties_end: usize,
    list: &'a RawValue,
    entries: Vec<&'a RawValue>,
}

fn parts(json: &[u8]) -> Option<Parts<'_>> {
    let event: Entries<'_> = serde_json::from_slice(json).ok()?;
    let properties = event.get("properties")?;
    let list = serde_json::from_str::<Entries<'_>>(properties.get())
        .ok()?
        .get(names::EXCEPTION_LIST)?;
    Some(Parts {
        properties_end: offset(json, properties.get())? + properties.get().len() - 1,
        list,
        entries: serde_json::from_str(list.get()).ok()?,
    })
}

/// Where `part`, a piece of `whole`, begins in it.
fn offset(whole: &[u8], part: &str) -> Option<usize> {
    part.as_ptr()
        .addr()
        .checked_sub(whole.as_ptr().addr())
        .filter(|at| at + part.len() <= whole.len())
}

/// The event with a stack in the first entry of its list, and with the images that the stack points to.
pub(super) fn with_stack(json: &[u8], frames: &[u8], images: &[u8]) -> Option<Vec<u8>> {
    let parts = parts(json)?;
    let first = parts.entries.first()?.get();
    // Before the bracket that closes it.
    let entry_end = offset(json, first)? + first.len() - 1;
    let mut out = Vec::with_capacity(json.len() + frames.len() + images.len() + 64);
    out.extend_from_slice(&json[..entry_end]);
    out.extend_from_slice(br#","stacktrace":{"type":"raw","frames":"#);
    out.extend_from_slice(frames);
    out.push(b'}');
    out.extend_from_slice(&json[entry_end..parts.properties_end]);
    if !images.is_empty() {
        out.extend_from_slice(br#","$debug_images":"#);
        out.extend_from_slice(images);
    }
    out.extend_from_slice(&json[parts.properties_end..]);
    Some(out)
}

/// The event with as many causes as fit, the innermost dropped first (EXC-96). `None` where that is of no use.
pub(crate) fn without_causes(json: &[u8], fits: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let parts = parts(json)?;
    let start = offset(json, parts.list.get())?;
    let end = start + parts.list.get().len();
    (1..parts.entries.len()).rev().find_map(|kept| {
        let mut out = Vec::with_capacity(json.len());
        out.extend_from_slice(&json[..start]);
        for (at, entry) in parts.entries[..kept].iter().enumerate() {
            out.push(if at == 0 { b'[' } else { b',' });
            out.extend_from_slice(entry.get().as_bytes());
        }
        out.push(b']');
        out.extend_from_slice(&json[end..]);
        fits(&out).then_some(out)
    })
}

/// Whether an event's JSON is too large: for itself, or as the string that the service embeds it as (DLV-26).
pub(crate) fn exceeds(json: &[u8], max_event_bytes: usize) -> bool {
    json.len() > max_event_bytes || {
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
    use super::{with_stack, without_causes};

    const EVENT: &str = r#"{"event":"$exception","properties":{"a":"}]","$exception_list":[{"type":"A","value":"]}"},{"type":"B"},{"type":"C"}],"b":1}}"#;

    #[test]
    fn exc_18_the_stack_goes_into_the_first_entry_and_the_images_beside_the_list() {
        let json = with_stack(EVENT.as_bytes(), b"[1]", b"[2]").unwrap_or_default();
        assert_eq!(
            String::from_utf8_lossy(&json),
            r#"{"event":"$exception","properties":{"a":"}]","$exception_list":[{"type":"A","value":"]}","stacktrace":{"type":"raw","frames":[1]}},{"type":"B"},{"type":"C"}],"b":1,"$debug_images":[2]}}"#
        );
        assert_eq!(
            with_stack(br#"{"properties":{"$exception_list":[]}}"#, b"[1]", b""),
            None
        );
        assert_eq!(with_stack(b"{}", b"[1]", b""), None);
    }

    #[test]
    fn exc_96_causes_go_from_the_innermost_until_it_fits() {
        let fits = |most| move |json: &[u8]| json.len() <= most;
        let shorter = without_causes(EVENT.as_bytes(), fits(EVENT.len() - 1)).unwrap_or_default();
        assert_eq!(
            String::from_utf8_lossy(&shorter),
            EVENT.replace(r#",{"type":"C"}"#, "")
        );
        let shortest = without_causes(EVENT.as_bytes(), fits(EVENT.len() - 20)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&shortest).contains(r#""B""#));
        assert_eq!(without_causes(EVENT.as_bytes(), fits(10)), None);
    }
}
