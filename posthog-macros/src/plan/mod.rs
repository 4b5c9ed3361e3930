//! The tracking plan, where a crate has one: `posthog.plan.json` beside its manifest or that of its workspace.
//!
//! [`check`] holds a call to it as far as the text of the program goes, [`expand`] writes what is left to the compiler (the
//! type of a value) and to run time (its text). What a plan means stands in `posthog_core::plan`.
//!
//! Without a plan nothing of this is in an expansion.

pub(crate) mod check;
pub(crate) mod expand;
mod file;
mod literal;

use posthog_core::plan::{Shape, Types};
use proc_macro2::Span;

/// What the plan says about one call, beside the mistakes in it.
#[derive(Default)]
pub(crate) struct Planned {
    in_force: Option<file::InForce>,
    /// For each property, in order.
    expectations: Vec<Option<Expectation>>,
    deprecated: Vec<Deprecated>,
}

impl Planned {
    /// What is expected of the property at that place.
    pub(crate) fn expectation(&self, at: usize) -> Option<&Expectation> {
        self.expectations.get(at)?.as_ref()
    }
}

/// What a value is to be, where only the compiler or run time can tell.
pub(crate) struct Expectation {
    /// What it is said of, for a message.
    what: String,
    key: String,
    /// The types that the compiler holds it to; none if the macro did already, or if any will do.
    types: Option<Types>,
    observed: Shape,
}

/// A name of the program that the plan calls deprecated.
struct Deprecated {
    noun: &'static str,
    note: String,
    span: Span,
}

impl Deprecated {
    fn new(noun: &'static str, name: &str, span: Span, description: Option<&str>) -> Self {
        let note = match description {
            Some(description) => {
                format!("`{name}` is deprecated in the tracking plan, where it says: {description}")
            }
            None => format!("`{name}` is deprecated in the tracking plan"),
        };
        Self { noun, note, span }
    }
}
