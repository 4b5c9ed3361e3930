//! What the name of an event must not be, where it is a literal.

use posthog_core::{known_names, limits};
use proc_macro2::Span;

use crate::{
    errors::Errors,
    literal::Literal,
    property::{
        Operand,
        check::{Noun, not_known},
    },
};

pub(super) fn check(name: &Operand, errors: &mut Errors) {
    let Some(literal) = Literal::of(name) else {
        return;
    };
    let Some(name) = literal.text() else {
        return;
    };
    // One after the other: of a name that is blank or padded nothing else needs to be said.
    if is_not_blank(name, literal.span, errors) && is_not_padded(name, literal.span, errors) {
        is_not_too_long(name, literal.span, errors);
        is_known(name, literal.span, errors);
    }
}

/// CAP-30
fn is_not_blank(name: &str, span: Span, errors: &mut Errors) -> bool {
    let blank = name.trim().is_empty();
    if blank {
        let message =
            "the name of an event cannot be blank; write `capture!(\"order_processed\", ...)`";
        errors.at(span, message);
    }
    !blank
}

/// CAP-31: it would be sent as it is, as another event than the one without the spaces.
fn is_not_padded(name: &str, span: Span, errors: &mut Errors) -> bool {
    let trimmed = name.trim();
    if trimmed != name {
        errors.at(
            span,
            format!("the name of this event has white space around it; write `{trimmed:?}`"),
        );
    }
    trimmed == name
}

/// CAP-32
fn is_not_too_long(name: &str, span: Span, errors: &mut Errors) {
    let most = limits::EVENT_NAME_BYTES;
    if name.len() > most {
        errors.at(
            span,
            format!(
                "the name of an event has at most {most} bytes, and this one has {}; shorten it",
                name.len()
            ),
        );
    }
}

/// CAP-140 to CAP-143
fn is_known(name: &str, span: Span, errors: &mut Errors) {
    if let Some(message) = not_known(Noun::Event, name, known_names::event(name)) {
        errors.at(span, message);
    }
}
