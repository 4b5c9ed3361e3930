//! `capture!`: one event.

mod check;
mod event_name;
mod expand;
mod options;
mod parse;
mod person;

use proc_macro2::TokenStream;

use crate::errors::Errors;

pub(crate) fn capture(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(written) = parse::capture(input, &mut errors) else {
        return errors.to_expression();
    };
    let meant = check::capture(written, &mut errors);
    expand::capture(&meant, &errors)
}
