//! An error and its causes, described once, at the capture.

use super::{Failure, FailureKind, type_name};
use crate::{limits, user_code::caught};
use std::{
    error::Error,
    fmt::{self, Write},
    hash::{DefaultHasher, Hash, Hasher},
};

/// One entry of the chain: an error, or what caused it.
pub(crate) struct Cause {
    pub(crate) type_name: String,
    pub(crate) module: Option<String>,
    pub(crate) text: String,
    /// It was no error, but anything that was returned as one (EXC-15).
    pub(crate) synthetic: bool,
    pub(crate) print: Print,
}

/// Tells one error from another without keeping it.
#[derive(Clone, Copy)]
pub(crate) struct Print {
    text: u64,
    /// `None` where the type cannot be told: what a box makes of an `anyhow::Error`, or of a text, does not name it.
    kind: Option<u64>,
    heap: Option<Heap>,
}

/// Where an error lives, when that is known to be the heap: there it keeps its place as it is passed on.
#[derive(Clone, Copy)]
struct Heap {
    address: usize,
    holder: Holder,
}

/// What keeps an error on the heap. A conversion from one into another moves it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Whatever the error was handed over from.
    Any,
    Box,
    /// A report, such as `anyhow::Error`, by its type.
    Report(u64),
}

impl Print {
    /// Type and text agree, as far as both are known, and where both live on the heap, the place too (EXC-80).
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let agree = |mine: Option<u64>, theirs: Option<u64>| {
            mine.zip(theirs).is_none_or(|(mine, theirs)| mine == theirs)
        };
        let place = self
            .heap
            .zip(other.heap)
            .is_none_or(|(mine, theirs)| mine.may_be(theirs));
        self.text == other.text && agree(self.kind, other.kind) && place
    }
}

impl Heap {
    fn of(error: &dyn Error, holder: &str) -> Self {
        Self {
            address: std::ptr::from_ref(error).cast::<()>().addr(),
            holder: if holder.starts_with("dyn ") {
                Holder::Any
            } else if holder.starts_with("alloc::boxed::Box<") {
                Holder::Box
            } else {
                Holder::Report(hash(&holder))
            },
        }
    }

    fn may_be(self, other: Self) -> bool {
        let moved = self.holder != other.holder
            && self.holder != Holder::Any
            && other.holder != Holder::Any;
        self.address == other.address || moved
    }
}

impl Cause {
    /// The failure, then each `source()`: outermost first, never empty, at most 50 (EXC-2, EXC-20, EXC-22).
    pub(crate) fn chain(failure: &Failure<'_>) -> Vec<Self> {
        let known = || type_name::split(failure.type_name);
        match failure.kind {
            FailureKind::Error(error) => {
                let known = (!type_name::is_erased(failure.type_name)).then(known);
                Self::with_sources(Self::of(error, known, None), error)
            }
            FailureKind::Erased(error) => {
                let heap = Heap::of(error, failure.type_name);
                Self::with_sources(Self::of(error, None, Some(heap)), error)
            }
            #[cfg(feature = "anyhow")]
            FailureKind::Traced(error, _) => {
                let heap = Heap::of(error, failure.type_name);
                Self::with_sources(Self::of(error, None, Some(heap)), error)
            }
            FailureKind::Text(text) => vec![Self::plain(known(), failure.type_name, shown(text))],
            FailureKind::Opaque => vec![Self::plain(
                known(),
                failure.type_name,
                failure.type_name.to_owned(),
            )],
        }
    }

    fn with_sources<'a>(first: Self, error: &'a (dyn Error + 'a)) -> Vec<Self> {
        let mut causes = vec![first];
        let mut seen = vec![error];
        let mut next = caught(|| error.source()).flatten();
        while let Some(error) = next {
            // Address and type together: a wrapper and its first field share an address (EXC-23).
            let listed = seen.iter().any(|known| std::ptr::eq(*known, error));
            if listed || causes.len() >= limits::EXCEPTION_ENTRIES {
                break;
            }
            seen.push(error);
            causes.push(Self::of(error, None, None));
            next = caught(|| error.source()).flatten();
        }
        causes
    }

    fn of(error: &dyn Error, known: Option<(String, Option<String>)>, heap: Option<Heap>) -> Self {
        let text = shown(error);
        let written = type_name::leading_identifier(&beginning(error));
        let print = Print {
            text: hash(&text),
            // As it shows itself: `Box<E>` and `&E` do so as the `E` that they lead to.
            kind: written.as_ref().map(hash),
            heap,
        };
        let (type_name, module) =
            known.unwrap_or_else(|| (written.unwrap_or_else(|| "Error".to_owned()), None));
        Self {
            type_name,
            module,
            text,
            synthetic: false,
            print,
        }
    }

    fn plain((type_name, module): (String, Option<String>), full_name: &str, text: String) -> Self {
        let print = Print {
            text: hash(&text),
            kind: Some(hash(&full_name)),
            heap: None,
        };
        Self {
            type_name,
            module,
            text,
            synthetic: true,
            print,
        }
    }
}

fn hash<T: Hash + ?Sized>(what: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Text up to a number of bytes; what is beyond is not even produced.
struct Bounded {
    text: String,
    bytes: usize,
    full: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.bytes - self.text.len();
        let fitting = limits::cut(part, room);
        self.text.push_str(fitting);
        self.full = fitting.len() < part.len();
        // Full: an error ends the formatting.
        if self.full { Err(fmt::Error) } else { Ok(()) }
    }
}

/// The text up to that many bytes; empty where it fails or panics (EXC-16).
fn bounded(bytes: usize, text: fmt::Arguments<'_>) -> String {
    let mut out = Bounded {
        text: String::new(),
        bytes,
        full: false,
    };
    match caught(|| fmt::write(&mut out, text)) {
        Some(Ok(())) => out.text,
        Some(Err(_)) if out.full => out.text,
        Some(Err(_)) | None => String::new(),
    }
}

/// The `Display` text (EXC-14).
fn shown(text: &dyn fmt::Display) -> String {
    bounded(limits::EXCEPTION_VALUE_BYTES, format_args!("{text}"))
}

/// The beginning of the `Debug` text, enough for a name.
fn beginning(error: &dyn Error) -> String {
    bounded(limits::EXCEPTION_TYPE_BYTES, format_args!("{error:?}"))
}
