//! `capture!`: one event; and `capture_exception!`: an error that is handed over.

mod check;
mod event_name;
mod expand;
mod options;
mod parse;
mod person;

use proc_macro2::{Span, TokenStream};

use self::check::{Capture, Step};
use crate::{
    errors::Errors,
    plan::{self, Planned, check::Item},
    property::{Operand, Value},
};

pub(crate) fn capture(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(written) = parse::capture(input, &mut errors) else {
        return errors.to_expression();
    };
    // A literal in parentheses counts as computed, and is not checked.
    let name = written.name.as_ref().and_then(Operand::as_text).cloned();
    let unread = written.unread.clone();
    let meant = check::capture(written, &mut errors);
    let planned = name
        .map(|name| planned((&name.value(), name.span()), &meant, &unread, &mut errors))
        .unwrap_or_default();
    expand::capture(&meant, &planned, &errors)
}

pub(crate) fn capture_exception(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(written) = parse::exception(input, &mut errors) else {
        return errors.to_expression();
    };
    let meant = check::exception(written, &mut errors);
    expand::exception(&meant, &errors)
}

/// The call held to the tracking plan.
fn planned(
    name: (&str, Span),
    meant: &Capture,
    unread: &[Option<String>],
    errors: &mut Errors,
) -> Planned {
    let mut items = Vec::new();
    // What has a mistake in it is not among the steps, and not missing either.
    let mut open = unread.iter().any(Option::is_none);
    let unread: Vec<String> = unread.iter().flatten().cloned().collect();
    for step in &meant.steps {
        match step {
            Step::Property(property) => {
                // What is no expression may have swallowed the next property.
                open |= matches!(property.value, Value::Serialized(Operand::Unparsed(_)));
                items.push(Item::of(property));
            }
            Step::Spread(_) => open = true,
            Step::Object { .. }
            | Step::Reference { .. }
            | Step::Switch { .. }
            | Step::Told { .. } => {}
        }
    }
    plan::check::event(name, &items, &unread, open, errors)
}
