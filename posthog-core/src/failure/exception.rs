//! The `$exception` event.

use super::{cause::Cause, panic::PanicNote};
use crate::{event::Event, names, properties::Properties};

/// Where an error was seen, as error tracking shows it (EXC-37).
const CONTEXT: &str = "rust.context";
/// Where a panic was seen (EXC-38, EXC-39).
const PANIC_HOOK: &str = "rust.panic_hook";

/// An `Err` that left a context: handled, for the program still holds it (EXC-30).
pub(super) fn of_error(causes: &[Cause]) -> Event {
    let mut event = Event::new(names::EXCEPTION);
    let properties = &mut event.properties;
    properties.key("$exception_list");
    properties.begin_array();
    for (id, cause) in causes.iter().enumerate() {
        entry(
            properties,
            &cause.type_name,
            cause.module.as_deref(),
            &cause.text,
        );
        if id == 0 {
            mechanism(
                properties,
                "generic",
                &[("handled", true), ("synthetic", cause.synthetic)],
            );
        } else {
            mechanism(properties, "chained", &[("synthetic", false)]);
            properties.object_key("source");
            properties.value("cause");
            properties.object_key("parent_id");
            properties.value(&(id - 1));
        }
        properties.object_key("exception_id");
        properties.value(&id);
        properties.end_object();
        properties.end_object();
    }
    properties.end_array();
    describe(
        properties,
        &causes[0].type_name,
        &causes[0].text,
        "error",
        CONTEXT,
    );
    event
}

/// A panic that unwound through a context (EXC-86).
pub(super) fn of_panic(note: &PanicNote) -> Event {
    let mut event = Event::new(names::EXCEPTION);
    let properties = &mut event.properties;
    properties.key("$exception_list");
    properties.begin_array();
    entry(properties, "Panic", None, &note.message);
    mechanism(
        properties,
        "panic",
        &[("handled", false), ("synthetic", false)],
    );
    properties.object_key("exception_id");
    properties.value(&0);
    properties.end_object();
    properties.end_object();
    properties.end_array();
    describe(
        properties,
        "Panic",
        &note.message,
        PanicNote::level(),
        PANIC_HOOK,
    );
    if let Some(location) = &note.location {
        properties.insert("$exception_panic_file", &location.file);
        properties.insert("$exception_panic_line", location.line);
        properties.insert("$exception_panic_column", location.column);
    }
    event
}

/// Opens an entry of the list; its mechanism comes last.
fn entry(properties: &mut Properties, type_name: &str, module: Option<&str>, text: &str) {
    properties.begin_object();
    properties.object_key("type");
    properties.value(type_name);
    if let Some(module) = module {
        properties.object_key("module");
        properties.value(module);
    }
    properties.object_key("value");
    properties.value(text);
}

/// Opens the mechanism; ids follow.
fn mechanism(properties: &mut Properties, kind: &str, flags: &[(&str, bool)]) {
    properties.object_key("mechanism");
    properties.begin_object();
    properties.object_key("type");
    properties.value(kind);
    for (name, value) in flags {
        properties.object_key(name);
        properties.value(value);
    }
}

fn describe(properties: &mut Properties, type_name: &str, text: &str, level: &str, source: &str) {
    properties.insert("$exception_type", type_name);
    properties.insert("$exception_message", text);
    properties.insert("$exception_level", level);
    properties.insert("$exception_source", source);
}
