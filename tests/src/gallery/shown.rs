//! A failure as a person reads it in error tracking.

use posthog::CapturedEvent;
use serde_json::Value;
use std::fmt::{self, Write};

/// What error tracking shows of an event: what failed and why, who was affected, and where.
///
/// `lines` are numbers of lines in the source.
#[must_use]
pub fn shown(event: &CapturedEvent, lines: bool) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, event, lines);
    out
}

fn write(out: &mut String, event: &CapturedEvent, lines: bool) -> fmt::Result {
    let properties = &event.properties;
    let Some(entries) = properties.get("$exception_list").and_then(Value::as_array) else {
        return writeln!(out, "{}", event.event);
    };
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            write!(out, "  caused by ")?;
        }
        writeln!(out, "{}: {}", text(&entry["type"]), text(&entry["value"]))?;
    }
    let mechanism = &entries[0]["mechanism"];
    let handled = if mechanism["handled"] == true {
        "handled"
    } else {
        "unhandled"
    };
    write!(
        out,
        "  {}, {}, {handled}",
        text(&properties["$exception_level"]),
        text(&mechanism["type"])
    )?;
    for detail in ["$exception_source", "$exception_fingerprint"] {
        if let Some(detail) = properties.get(detail) {
            write!(out, ", {}", text(detail))?;
        }
    }
    out.push('\n');
    affected(out, event)?;
    // The culprit: the innermost frame of the program's own code.
    let frames = entries[0]["stacktrace"]["frames"].as_array();
    let culprit = frames.and_then(|frames| frames.iter().rfind(|frame| frame["in_app"] == true));
    if let Some(frame) = culprit {
        write!(
            out,
            "  in {} ({}",
            text(&frame["function"]),
            text(&frame["filename"])
        )?;
        if lines && let Some(line) = frame.get("lineno") {
            write!(out, ":{line}")?;
        }
        out.push_str(")\n");
    }
    Ok(())
}

/// Who was affected, and what was going on.
fn affected(out: &mut String, event: &CapturedEvent) -> fmt::Result {
    let properties = &event.properties;
    let mut details = Vec::new();
    if properties.get("$process_person_profile").is_none() {
        details.push(event.distinct_id.clone());
    }
    let tags = properties.get("$context_tags").and_then(Value::as_array);
    let own = properties.keys().filter(|key| !key.starts_with('$'));
    let mut keys: Vec<&str> = tags
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    keys.extend(own.map(String::as_str));
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        details.push(format!("{key}={}", properties[key]));
    }
    if details.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {}", details.join(", "))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
