//! `#[derive(Event)]`: a struct as an event.

mod check;
mod expand;
mod parse;

use proc_macro2::TokenStream;

use crate::{
    errors::Errors,
    plan::{self, Planned},
};

/// With a mistake the errors and what can be made of the struct, or every use of it would be reported as well.
pub(crate) fn event(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::event(input, &mut errors);
    let Some(written) = errors.keep(written) else {
        return errors.to_tokens();
    };
    let event = check::event(written, &mut errors);
    // What is wrong by itself is not held to the plan as well: it would be reported twice.
    let planned = if errors.is_empty() {
        let name = (&*event.name, event.name_span);
        plan::check::event(name, &event.items(), &[], event.is_open(), &mut errors)
    } else {
        Planned::default()
    };
    expand::event(&event, &planned, &errors)
}
