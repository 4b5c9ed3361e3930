//! `#[scoped]`: a function whose whole body runs in a context of its own.

mod check;
mod expand;
mod parse;

use proc_macro2::TokenStream;
use quote::quote;

use self::parse::Item;
use crate::{errors::Errors, salvage, unread};

/// The function in its context; with a mistake, the errors and the user's item as it is, or every caller of it would be
/// reported as well. Its body then mentions what the options use.
pub(crate) fn scoped(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut written = parse::arguments(arguments, &mut errors);
    let mut mentions = TokenStream::new();
    written
        .options
        .for_each_operand(&mut |operand| mentions.extend(salvage::mention(operand)));
    let arguments = check::arguments(written, &mut errors);
    match parse::item(item.clone()) {
        Item::Function(function) => {
            check::not_const(&function, &mut errors);
            check::unwinds(&function, &mut errors);
            check::not_naked(&function, &mut errors);
            if errors.is_empty() {
                return expand::scoped(&arguments, *function);
            }
            if function.sig.constness.is_none() {
                let errors = errors.to_tokens();
                let function = expand::unscoped(&mentions, *function);
                return quote!(#errors #function);
            }
        }
        Item::Unread {
            declaration,
            body,
            error,
        } if errors.is_empty() => {
            let warning = unread::warning(&arguments.root, &error);
            return quote!(#declaration { #warning #body });
        }
        Item::Unread { .. } => {}
        Item::Wrong(error) => errors.push(error),
    }
    let errors = errors.to_tokens();
    quote!(#errors #item)
}
