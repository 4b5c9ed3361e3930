//! The `$exception` event (exceptions.md, sections 1 to 3).

use super::{
    cause::Cause,
    level::{Level, ToLevel},
    mechanism::{self, Defaults, Mechanism},
    panic::PanicNote,
    scrub::{scrubbed, scrubbed_cause},
};
use crate::{
    client::Client,
    event::{Event, Exceptional},
    frames::{Stack, without_home},
    limits, names,
    properties::Properties,
};

/// What the application says about a failure that it hands over (EXC-48).
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    level: Option<Level>,
    fingerprint: Option<String>,
    source: Option<String>,
    pub(crate) mechanism: Mechanism,
}

impl Told {
    pub(crate) fn set_level<L: ToLevel + ?Sized>(&mut self, level: &L) {
        self.level = level.to_level().or(self.level);
    }

    /// A blank one is none (EXC-49).
    pub(crate) fn set_fingerprint(&mut self, fingerprint: &str) {
        self.fingerprint = Some(fingerprint.to_owned()).filter(|text| !text.trim().is_empty());
    }

    /// A blank one is none (EXC-27).
    pub(crate) fn set_source(&mut self, source: &str) {
        self.source = Some(source.to_owned()).filter(|text| !text.trim().is_empty());
    }
}

/// The place that decides to capture, with what it says where nobody else does (EXC-35).
#[derive(Clone, Copy)]
pub(super) enum Boundary {
    /// The application called (EXC-36).
    Call,
    /// An `Err` left a context (EXC-37): the program still holds it (EXC-30).
    Context,
    /// A panic (EXC-38, EXC-39); `fatal` if it ends the process.
    Panic { fatal: bool },
}

impl Boundary {
    fn level(self) -> Level {
        match self {
            Self::Panic { fatal: true } => Level::Fatal,
            _ => Level::Error,
        }
    }

    fn source(self) -> Option<&'static str> {
        match self {
            Self::Call => None,
            Self::Context => Some("rust.context"),
            Self::Panic { .. } => Some("rust.panic_hook"),
        }
    }

    fn mechanism(self, synthetic: bool) -> Defaults<'static> {
        let (kind, handled) = match self {
            Self::Call | Self::Context => ("generic", true),
            Self::Panic { .. } => ("panic", false),
        };
        Defaults {
            kind: Some(kind),
            handled: Some(handled),
            synthetic,
        }
    }
}

/// Everything that is known of an error.
pub(super) struct Report<'a> {
    pub(super) causes: &'a [Cause],
    pub(super) boundary: Boundary,
    pub(super) told: &'a Told,
    /// How many of its kind were not captured since the last one that was.
    pub(super) suppressed: u64,
}

impl Report<'_> {
    pub(super) fn into_event(self, stack: Option<Stack>, client: &Client) -> Event {
        let Self {
            causes,
            boundary,
            told,
            suppressed,
        } = self;
        let mut properties = Properties::new();
        let mut outermost = None;
        properties.key(names::EXCEPTION_LIST);
        properties.begin_array();
        for (id, cause) in causes.iter().enumerate() {
            let (kind, value) = scrubbed_cause(cause, client);
            entry(&mut properties, &kind, cause.module.as_deref(), &value);
            if id == 0 {
                // The capture-site stack is not the error's own (EXC-31).
                let lent = stack.as_ref().is_some_and(Stack::is_lent);
                told.mechanism
                    .write_outermost(&mut properties, boundary.mechanism(cause.synthetic || lent));
                outermost = Some((kind, value));
            } else {
                mechanism::write_cause(&mut properties, id);
            }
            properties.end_object();
        }
        properties.end_array();
        if let Some((kind, value)) = outermost {
            describe(&mut properties, &kind, &value, boundary, told);
        }
        suppressed_before(&mut properties, suppressed);
        Event::exceptional(Exceptional {
            properties,
            stack,
            at_once: false,
        })
    }
}

/// A panic (EXC-86). `ends` says that the process is over after it.
pub(super) fn of_panic(note: &PanicNote, suppressed: u64, ends: bool, client: &Client) -> Event {
    let boundary = Boundary::Panic {
        fatal: ends || note.on_main_thread,
    };
    let mut properties = Properties::new();
    let (kind, value) =
        scrubbed("Panic", &note.message, client).unwrap_or_else(|| ("Panic".into(), "".into()));
    properties.key(names::EXCEPTION_LIST);
    properties.begin_array();
    entry(&mut properties, &kind, None, &value);
    Mechanism::default().write_outermost(&mut properties, boundary.mechanism(false));
    properties.end_object();
    properties.end_array();
    describe(&mut properties, &kind, &value, boundary, &Told::default());
    if let Some(location) = &note.location {
        properties.insert("$exception_panic_file", without_home(&location.file));
        properties.insert("$exception_panic_line", location.line);
        properties.insert("$exception_panic_column", location.column);
    }
    suppressed_before(&mut properties, suppressed);
    Event::exceptional(Exceptional {
        properties,
        stack: note
            .stack
            .clone()
            .filter(|stack| client.config().capture_stacktrace && !stack.is_empty()),
        at_once: ends || note.on_main_thread,
    })
}

/// Opens an entry of the list; its mechanism comes last.
fn entry(properties: &mut Properties, kind: &str, module: Option<&str>, value: &str) {
    properties.begin_object();
    properties.object_key("type");
    properties.value(limits::cut(kind, limits::EXCEPTION_TYPE_BYTES));
    if let Some(module) = module {
        properties.object_key("module");
        properties.value(module);
    }
    properties.object_key("value");
    properties.value(limits::cut(value, limits::EXCEPTION_VALUE_BYTES));
}

fn describe(properties: &mut Properties, kind: &str, value: &str, boundary: Boundary, told: &Told) {
    properties.insert(
        "$exception_type",
        limits::cut(kind, limits::EXCEPTION_TYPE_BYTES),
    );
    properties.insert(
        "$exception_message",
        limits::cut(value, limits::EXCEPTION_VALUE_BYTES),
    );
    let level = told.level.unwrap_or(boundary.level());
    properties.insert("$exception_level", level.name());
    if let Some(source) = told.source.as_deref().or(boundary.source()) {
        properties.insert("$exception_source", source);
    }
    if let Some(fingerprint) = &told.fingerprint {
        properties.insert(names::EXCEPTION_FINGERPRINT, fingerprint);
    }
}

fn suppressed_before(properties: &mut Properties, suppressed: u64) {
    if suppressed > 0 {
        properties.insert("$exception_suppressed_count", suppressed);
    }
}
