//! A property as calls that write it into a local.
//!
//! Straight statements, one after the other, and no closure: `?`, `.await`, `return` and `continue` in a value mean what
//! they mean outside, and a value that is a place is not moved.

use posthog_core::plan::json::quoted;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;

use super::{Key, Operand, Property, Value};
use crate::{
    plan::{Expectation, Planned},
    root::Root,
    spans, write,
};

/// A block that makes `Properties`.
pub(crate) fn properties(root: &Root, properties: &[Property], planned: &Planned) -> TokenStream {
    let mut before = TokenStream::new();
    planned.before(root, &mut before);
    let writes = properties.iter().enumerate().map(|(at, property)| {
        let properties = quote_spanned!(spans::own()=> __properties);
        match call(property, planned.expectation(at)) {
            Some(call) => {
                let write = call.on(root, &properties);
                let observe = call.observe(root, &properties);
                quote_spanned!(spans::own()=> #write; #observe)
            }
            None => write_steps(&properties, property),
        }
    });
    quote_spanned! {spans::own()=> {
        #before
        let mut __properties = #root::Properties::new();
        #(#writes)*
        __properties
    }}
}

/// A literal key as it stands in JSON: worked out here, so that no call has to.
pub(crate) fn quoted_key(key: &str) -> String {
    quoted(key) + ":"
}

/// Whether a name stands in JSON as it is, between quotes.
pub(crate) fn is_verbatim(name: &str) -> bool {
    quoted(name).len() == name.len() + 2
}

/// A property that is written by one call. Nearly all are; a program has many of them, and each call is compiled.
pub(crate) struct Call<'a> {
    method: &'static str,
    key: &'a str,
    key_span: Span,
    operand: &'a Operand,
    expected: Option<&'a Expectation>,
}

/// The property as one call, if it can be one.
pub(crate) fn call<'a>(
    property: &'a Property,
    expected: Option<&'a Expectation>,
) -> Option<Call<'a>> {
    let Key::Named {
        name,
        span,
        bare: _,
    } = &property.key
    else {
        return None;
    };
    let (method, operand) = match &property.value {
        Value::Serialized(operand) => ("property", operand),
        Value::Displayed(operand) => ("display", operand),
        Value::Debugged(operand) => ("debug", operand),
        Value::Null(_) | Value::Object(..) | Value::Array(..) => return None,
    };
    Some(Call {
        method,
        key: name,
        key_span: *span,
        operand,
        expected,
    })
}

impl Call<'_> {
    /// Whether the plan has nothing to say about the value, so that the call can stand in a chain of calls.
    pub(crate) fn is_plain(&self) -> bool {
        self.expected.is_none()
    }

    pub(crate) fn operand(&self) -> &Operand {
        self.operand
    }

    /// `.property("\"key\":", &(value))`, where the plan has nothing to say about the value.
    pub(crate) fn append_to(&self, tokens: &mut TokenStream) {
        let own = spans::own();
        write::call(tokens, self.method, own, |arguments| {
            self.write_key(arguments);
            write::punct(arguments, ',', own);
            self.write_value(arguments);
        });
    }

    /// The call on `target`; its value is what the method gives.
    pub(crate) fn on(&self, root: &Root, target: &TokenStream) -> TokenStream {
        let mut tokens = target.clone();
        let Some(expected) = self.expected else {
            self.append_to(&mut tokens);
            return tokens;
        };
        let mut reference = TokenStream::new();
        self.write_value(&mut reference);
        let user = self.operand.span();
        expected.hold(root, &reference, user, |value| {
            let own = spans::own();
            write::call(&mut tokens, self.method, own, |arguments| {
                self.write_key(arguments);
                write::punct(arguments, ',', own);
                value.to_tokens(arguments);
            });
            tokens
        })
    }

    fn write_key(&self, tokens: &mut TokenStream) {
        let span = spans::at(self.key_span);
        write::text(tokens, &quoted_key(self.key), span);
    }

    fn write_value(&self, tokens: &mut TokenStream) {
        match self.operand.as_text() {
            // It is a reference already.
            Some(text) => text.to_tokens(tokens),
            None => write::reference(tokens, self.operand),
        }
    }

    /// A statement behind the call.
    pub(crate) fn observe(&self, root: &Root, properties: &TokenStream) -> TokenStream {
        self.expected
            .map(|expected| expected.observe(root, properties))
            .unwrap_or_default()
    }
}

/// A property whose value is put together, or whose key is computed.
pub(crate) fn write_steps(properties: &TokenStream, property: &Property) -> TokenStream {
    let key = key(&property.key);
    let write = write_value(properties, &property.value);
    quote_spanned! {spans::own()=>
        #properties.key(#key);
        #write
    }
}

/// A value whose key is written already.
pub(crate) fn write_value(properties: &TokenStream, value: &Value) -> TokenStream {
    match value {
        Value::Serialized(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> #properties.value(#value);)
        }
        Value::Displayed(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> #properties.display_value(#value);)
        }
        Value::Debugged(operand) => {
            let value = reference(operand);
            quote_spanned!(spans::own()=> #properties.debug_value(#value);)
        }
        Value::Null(_) => quote_spanned!(spans::own()=> #properties.null();),
        Value::Object(_, entries) => {
            let entries = entries.iter().map(|entry| {
                let key = key(&entry.key);
                let value = write_value(properties, &entry.value);
                quote_spanned!(spans::own()=> #properties.object_key(#key); #value)
            });
            quote_spanned! {spans::own()=>
                #properties.begin_object();
                #(#entries)*
                #properties.end_object();
            }
        }
        Value::Array(_, elements) => {
            let elements = elements
                .iter()
                .map(|element| write_value(properties, element));
            quote_spanned! {spans::own()=>
                #properties.begin_array();
                #(#elements)*
                #properties.end_array();
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
    let mut tokens = TokenStream::new();
    write::reference(&mut tokens, operand);
    tokens
}
