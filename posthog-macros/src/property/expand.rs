//! A property as calls that write it into a local `__properties`.
//!
//! Straight statements, one after the other, and no closure: `?`, `.await`, `return` and `continue` in a value mean what
//! they mean outside, and a value that is a place is not moved.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;

use super::{Key, Operand, Property, Value};
use crate::{root::Root, spans};

/// A block that makes `Properties` and hands them to `then`.
pub(crate) fn properties(root: &Root, properties: &[Property]) -> TokenStream {
    let writes = properties.iter().map(write_property);
    quote_spanned! {spans::own()=> {
        let mut __properties = #root::Properties::new();
        #(#writes)*
        __properties
    }}
}

pub(crate) fn write_property(property: &Property) -> TokenStream {
    let key = key(&property.key);
    let write = write_value(&property.value);
    quote_spanned! {spans::own()=>
        __properties.key(#key);
        #write
    }
}

pub(crate) fn write_value(value: &Value) -> TokenStream {
    match value {
        Value::Serialized(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> __properties.value(#value);)
        }
        Value::Displayed(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> __properties.display(#value);)
        }
        Value::Debugged(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> __properties.debug(#value);)
        }
        Value::Null(_) => quote_spanned!(spans::own()=> __properties.null();),
        Value::Object(_, entries) => {
            let keys = entries.iter().map(|entry| key(&entry.key));
            let values = entries.iter().map(|entry| write_value(&entry.value));
            quote_spanned! {spans::own()=>
                __properties.begin_object();
                #(
                    __properties.object_key(#keys);
                    #values
                )*
                __properties.end_object();
            }
        }
        Value::Array(_, elements) => {
            let elements = elements.iter().map(write_value);
            quote_spanned! {spans::own()=>
                __properties.begin_array();
                #(#elements)*
                __properties.end_array();
            }
        }
    }
}

fn key(key: &Key) -> TokenStream {
    match key {
        Key::Named {
            name,
            span,
            bare: _,
        } => LitStr::new(name, spans::at(*span)).into_token_stream(),
        Key::Computed(operand) => reference(operand),
    }
}

/// `&(operand)`, where an error about its type falls on the operand.
pub(crate) fn reference(operand: &Operand) -> TokenStream {
    match operand {
        Operand::Parsed(expr) => quote_spanned!(spans::at(operand.span())=> &(#expr)),
        Operand::Unparsed(raw) => {
            // The compiler reports the end of the group where a token is missing: it has to be behind what is there.
            let last = raw.clone().into_iter().last();
            let mut group = Group::new(Delimiter::Parenthesis, raw.clone());
            group.set_span(last.map_or_else(spans::own, |token| spans::behind(token.span())));
            quote_spanned!(spans::own()=> &#group)
        }
    }
}
