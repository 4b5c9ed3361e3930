//! An exception's JSON, changed after it was written: its stack comes later, and what is too large is cut.

use crate::{
    json::{elements, write_text},
    limits, names,
    object::Entries,
};

/// Where in the JSON of an event its parts stand.
struct Parts<'a> {
    /// Behind the last property.
    properties_end: usize,
    list: &'a str,
    entries: Vec<&'a str>,
}

fn parts(json: &[u8]) -> Option<Parts<'_>> {
    let properties = Entries::read(json)?.get("properties")?;
    let list = read_object(properties)?.get(names::EXCEPTION_LIST)?;
    Some(Parts {
        properties_end: offset(json, properties)? + properties.len() - 1,
        list,
        entries: read_array(list)?,
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
    let first = *parts.entries.first()?;
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

/// The event with less of its stack, or without, and then with as many causes as fit (EXC-96). `None` where that is of no
/// use.
pub(crate) fn shortened(json: &[u8], fits: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let mut last = None;
    for most in [limits::FRAMES_IF_LARGE, 0] {
        last = with_frames(json, most);
        if last.as_deref().is_some_and(&fits) {
            return last;
        }
    }
    without_causes(last.as_deref().unwrap_or(json), fits)
}

/// The event with that many frames of its stack at the most, those of the crash site, and with the images that they point
/// to. `None` if it has no stack.
fn with_frames(json: &[u8], most: usize) -> Option<Vec<u8>> {
    let event = Entries::read(json)?;
    let properties = read_object(event.get("properties")?)?;
    let list = read_array(properties.get(names::EXCEPTION_LIST)?)?;
    let (first, causes) = list.split_first()?;
    let first = read_object(first)?;
    let stack = read_object(first.get("stacktrace")?)?;
    let frames = read_array(stack.get("frames")?)?;
    let frames = &frames[frames.len().saturating_sub(most)..];
    let frames: Vec<(&str, Entries<'_>)> = frames
        .iter()
        .map(|frame| Some((*frame, read_object(frame)?)))
        .collect::<Option<_>>()?;
    // A group of inlined functions is cut as a whole, and begins with the one that they were inlined into (EXC-59).
    let whole = frames
        .iter()
        .position(|(_, frame)| frame.get("inline").is_none())
        .unwrap_or_default();
    let frames = &frames[whole..];
    let first = object(&first, &|key, value| match key {
        "stacktrace" if frames.is_empty() => None,
        "stacktrace" => {
            let frames = array(&mut frames.iter().map(|(frame, _)| *frame));
            Some(object(&stack, &|key, value| {
                Some(if key == "frames" {
                    frames.clone()
                } else {
                    value.to_owned()
                })
            }))
        }
        _ => Some(value.to_owned()),
    });
    let mut entries = std::iter::once(first.as_str()).chain(causes.iter().copied());
    let list = array(&mut entries);
    let properties = object(&properties, &|key, value| match key {
        names::EXCEPTION_LIST => Some(list.clone()),
        "$debug_images" => {
            let images = read_array(value)?;
            let mut used = images.into_iter().filter(|image| {
                let address = read_object(image).and_then(|image| address_in(&image));
                address.is_some() && frames.iter().any(|(_, frame)| address_in(frame) == address)
            });
            let images = array(&mut used);
            (images != "[]").then_some(images)
        }
        _ => Some(value.to_owned()),
    });
    let event = object(&event, &|key, value| {
        Some(if key == "properties" {
            properties.clone()
        } else {
            value.to_owned()
        })
    });
    Some(event.into_bytes())
}

fn address_in<'a>(entries: &Entries<'a>) -> Option<&'a str> {
    entries.get("image_addr")
}

fn read_object(json: &str) -> Option<Entries<'_>> {
    Entries::read(json.as_bytes())
}

fn read_array(json: &str) -> Option<Vec<&str>> {
    elements(json)
}

/// An object with each value as `change` has it.
fn object(entries: &Entries<'_>, change: &dyn Fn(&str, &str) -> Option<String>) -> String {
    let mut out = Vec::new();
    for (key, value) in entries.iter() {
        let Some(value) = change(key, value) else {
            continue;
        };
        out.push(if out.is_empty() { b'{' } else { b',' });
        write_text(&mut out, key);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    if out.is_empty() {
        out.push(b'{');
    }
    out.push(b'}');
    String::from_utf8_lossy(&out).into_owned()
}

fn array(values: &mut dyn Iterator<Item = &str>) -> String {
    let mut out = String::from("[");
    for value in values {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(value);
    }
    out.push(']');
    out
}

/// The event with as many causes as fit, the innermost dropped first (EXC-96). `None` where that is of no use.
fn without_causes(json: &[u8], fits: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let parts = parts(json)?;
    let start = offset(json, parts.list)?;
    let end = start + parts.list.len();
    (1..parts.entries.len()).rev().find_map(|kept| {
        let mut out = Vec::with_capacity(json.len());
        out.extend_from_slice(&json[..start]);
        for (at, entry) in parts.entries[..kept].iter().enumerate() {
            out.push(if at == 0 { b'[' } else { b',' });
            out.extend_from_slice(entry.as_bytes());
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
    use super::{shortened, with_stack, without_causes};

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
    fn exc_96_frames_go_before_causes_from_a_stack_that_is_in_the_event_already() {
        let frame = |at: usize| {
            let inline = if at == 4 { r#","inline":true"# } else { "" };
            format!(r#"{{"lineno":{at}{inline},"image_addr":"0x{at}"}}"#)
        };
        let frames: Vec<_> = (0..20).map(frame).collect();
        let images = br#"[{"image_addr":"0x1"},{"image_addr":"0x9"}]"#;
        let list = format!("[{}]", frames.join(","));
        let json = with_stack(EVENT.as_bytes(), list.as_bytes(), images).unwrap_or_default();
        let fits = |most| move |json: &[u8]| json.len() <= most;
        let shorter = shortened(&json, fits(json.len() - 1)).unwrap_or_default();
        // The frame of a group whose beginning is cut goes as well.
        let kept = format!("[{}]", frames[5..].join(","));
        let expected = with_stack(
            EVENT.as_bytes(),
            kept.as_bytes(),
            br#"[{"image_addr":"0x9"}]"#,
        );
        assert_eq!(
            String::from_utf8_lossy(&shorter),
            String::from_utf8_lossy(&expected.unwrap_or_default())
        );
        assert_eq!(
            shortened(&json, fits(EVENT.len())).as_deref(),
            Some(EVENT.as_bytes())
        );
        let shortest = shortened(&json, fits(EVENT.len() - 1)).unwrap_or_default();
        assert_eq!(
            String::from_utf8_lossy(&shortest),
            EVENT.replace(r#",{"type":"C"}"#, "")
        );
        assert_eq!(shortened(&json, fits(10)), None);
        assert_eq!(shortened(EVENT.as_bytes(), fits(10)), None);
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
