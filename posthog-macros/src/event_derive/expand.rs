//! A typed event as what `capture!` and `capture` take.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, LitStr, parse_quote};

use super::check::{Event, Field, Role};
use crate::{
    errors::Errors,
    plan::{Expectation, Planned},
    property::expand::{is_verbatim, quoted_key},
    root::Root,
    spans,
};

pub(super) fn event(event: &Event, planned: &Planned, errors: &Errors) -> TokenStream {
    let Event {
        ident,
        generics,
        root,
        name,
        name_span: _,
        fields,
    } = event;
    let errors = errors.to_tokens();
    let mut before = TokenStream::new();
    planned.before(root, &mut before);
    let new = Ident::new(
        if is_verbatim(name) { "named" } else { "new" },
        spans::own(),
    );
    let name = LitStr::new(name, spans::own());
    let mut properties = 0;
    let writes: Vec<_> = fields
        .iter()
        .map(|field| {
            let mut expected = None;
            if let Role::Property { .. } = field.role {
                expected = planned.expectation(properties);
                properties += 1;
            }
            write(root, field, expected)
        })
        .collect();
    let mutable = (!writes.is_empty()).then(|| quote_spanned!(spans::own()=> mut));
    let mut generics = generics.clone();
    let parameters: Vec<Ident> = generics
        .type_params()
        .map(|param| param.ident.clone())
        .collect();
    if !parameters.is_empty() {
        let bounds = &mut generics.make_where_clause().predicates;
        for parameter in parameters {
            bounds.push(parse_quote!(#parameter: #root::PropertyValue));
        }
    }
    let (for_impl, for_type, bounds) = generics.split_for_impl();
    let this = quote!(#ident #for_type);
    quote_spanned! {spans::own()=>
        #errors
        #[automatically_derived]
        impl #for_impl #root::EventName for #this #bounds {
            fn event_name(&self) -> &#root::__private::str {
                #name
            }
            fn to_event(&self) -> #root::Event {
                #before
                let #mutable __event = #root::Event::#new(#name);
                #(#writes)*
                __event
            }
        }
        #[automatically_derived]
        impl #for_impl #root::EventName for &#this #bounds {
            fn event_name(&self) -> &#root::__private::str {
                #name
            }
            fn to_event(&self) -> #root::Event {
                #root::EventName::to_event(*self)
            }
        }
        #[automatically_derived]
        impl #for_impl #root::__private::From<#this> for #root::Event #bounds {
            fn from(event: #this) -> Self {
                #root::EventName::to_event(&event)
            }
        }
        #[automatically_derived]
        impl #for_impl #root::__private::From<&#this> for #root::Event #bounds {
            fn from(event: &#this) -> Self {
                #root::EventName::to_event(event)
            }
        }
    }
}

fn write(root: &Root, field: &Field, expected: Option<&Expectation>) -> TokenStream {
    let ident = &field.ident;
    let user = field.span();
    let span = spans::at(user);
    let reference = quote_spanned!(span=> &self.#ident);
    let properties = quote_spanned!(spans::own()=> __event.properties_mut());
    match &field.role {
        Role::Skipped => TokenStream::new(),
        Role::Flattened => quote_spanned!(spans::own()=> #properties.spread(#reference);),
        Role::DistinctId => quote_spanned!(spans::own()=> __event.set_distinct_id(#reference);),
        Role::Property { key, optional, .. } => {
            let key = quoted_key(key);
            let write = |value: &TokenStream| quote_spanned!(spans::own()=> #properties.property(#key, #value););
            let held = |reference: &TokenStream| match expected {
                Some(expected) => {
                    let write = expected.hold(root, reference, user, write);
                    let observe = expected.observe(root, &properties);
                    quote_spanned!(spans::own()=> #write #observe)
                }
                None => write(reference),
            };
            if !optional {
                return held(&reference);
            }
            let some = Ident::new("__some", span).into_token_stream();
            let write = held(&some);
            quote_spanned! {spans::own()=>
                if let #root::__private::Some(#some) = #reference {
                    #write
                }
            }
        }
    }
}
