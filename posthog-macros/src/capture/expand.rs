//! `capture!` as an `if` around straight statements, so that nothing is evaluated when nobody listens.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Ident;

use super::check::{Capture, Step};
use crate::{
    errors::Errors,
    property::{
        Operand,
        expand::{reference, write_property, write_value},
    },
    root::Root,
    spans,
};

pub(super) fn capture(capture: &Capture, errors: &Errors) -> TokenStream {
    let Capture {
        name,
        client,
        steps,
    } = capture;
    let root = Root::default();
    let errors = errors.to_statements();
    let name = reference(name);
    let listening = if let Some(client) = client {
        let span = spans::at(client.span());
        let at_client = root.at(client.span());
        let client = reference(client);
        let client = quote_spanned!(span=> #at_client::__private::AsClient::as_client(#client));
        quote_spanned!(spans::own()=> listening_to(#client))
    } else {
        quote_spanned!(spans::own()=> listening())
    };
    // A binding that nothing changes must not be `mut`, or the user is told so.
    let changes_event = steps
        .iter()
        .any(|step| matches!(step, Step::Reference { .. } | Step::Switch { .. }));
    let changes_properties = steps
        .iter()
        .any(|step| !matches!(step, Step::Reference { .. } | Step::Switch { .. }));
    let mut_event = mutable(changes_event);
    let mut_properties = mutable(changes_properties);
    let steps = steps.iter().map(step);
    quote_spanned! {spans::own()=> {
        #errors
        if let #root::__private::Some(__listener) = #root::__private::#listening {
            let #mut_event __event = #root::Event::named(#name);
            let #mut_properties __properties = #root::Properties::new();
            #(#steps)*
            __listener.capture(__event, __properties)
        } else {
            #root::__private::None
        }
    }}
}

fn mutable(changed: bool) -> TokenStream {
    if changed {
        quote_spanned!(spans::own()=> mut)
    } else {
        TokenStream::new()
    }
}

fn step(step: &Step) -> TokenStream {
    match step {
        Step::Property(property) => write_property(property),
        Step::Spread(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> __properties.spread(#value);)
        }
        Step::Object { name, value } => {
            let write = write_value(value);
            quote_spanned! {spans::own()=>
                __properties.typed_key(#name);
                #write
            }
        }
        Step::Reference {
            setter,
            option,
            value,
        } => {
            let setter = Ident::new(setter, spans::at(option.span()));
            let value = reference(value);
            quote_spanned!(spans::own()=> __event.#setter(#value);)
        }
        Step::Switch {
            setter,
            option,
            value,
        } => {
            let setter = Ident::new(setter, spans::at(option.span()));
            let value = match value {
                Operand::Parsed(expr) => quote_spanned!(spans::own()=> #expr),
                Operand::Unparsed(_) => reference(value),
            };
            quote_spanned!(spans::own()=> __event.#setter(#value);)
        }
    }
}
