//! What an expansion has more where there is a plan.

use posthog_core::plan::{Shape, Type, Types, json::quoted};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Ident;

use super::{Deprecated, Expectation, Planned};
use crate::{root::Root, spans};

impl Planned {
    /// Statements before those of the call.
    pub(crate) fn before(&self, root: &Root, tokens: &mut TokenStream) {
        let Some(in_force) = &self.in_force else {
            return;
        };
        tokens.extend(in_force.dependency(root));
        tokens.extend(self.deprecated.iter().map(Deprecated::warning));
    }
}

impl Deprecated {
    /// The use of something deprecated, at the user's own token: then it is the compiler that warns, as far as it may.
    fn warning(&self) -> TokenStream {
        let Self { noun, note, span } = self;
        // In capitals, as a constant is written, or a lint would have its say. The span is the user's own: the compiler says
        // nothing about what a derive uses. The constant is in a block without any code of the user.
        let constant = Ident::new(&noun.to_uppercase(), *span);
        quote_spanned! {spans::own()=>
            const _: () = {
                #[deprecated(note = #note)]
                const #constant: () = ();
                #constant
            };
        }
    }
}

impl Expectation {
    /// `write` with the value, which is `reference`, held to the plan: `write` takes the tokens that stand for it.
    pub(crate) fn hold(
        &self,
        root: &Root,
        reference: &TokenStream,
        user: Span,
        write: impl FnOnce(&TokenStream) -> TokenStream,
    ) -> TokenStream {
        let Some(types) = self.types else {
            return write(reference);
        };
        let value = Ident::new("__value", spans::at(user)).into_token_stream();
        let write = write(&value);
        let at_user = root.at(user);
        let says = self::types(&at_user, types, user);
        // One evaluation, and no read of the value behind its statement: it may hold temporaries.
        quote_spanned! {spans::at(user)=>
            match #reference {
                #value => {
                    {
                        use #at_user::planned::probe::*;
                        #at_user::planned::Planned::<#says>::planned((&&#at_user::planned::Given(#value)).__known());
                    }
                    #write
                }
            }
        }
    }

    /// A statement behind the write: what was written is looked at in a debug build.
    pub(crate) fn observe(&self, root: &Root, properties: &TokenStream) -> TokenStream {
        let Self {
            what,
            key,
            observed,
            ..
        } = self;
        let types = Literal::u8_suffixed(observed.types.unwrap_or_default().bits());
        let values = values(observed);
        quote_spanned! {spans::own()=>
            if #root::__private::cfg!(debug_assertions) {
                #properties.observe(&#root::planned::Expected {
                    what: #what,
                    key: #key,
                    types: #types,
                    values: #values,
                    place: #root::__private::concat!(
                        #root::__private::file!(), ":", #root::__private::line!(), ":", #root::__private::column!()
                    ),
                });
            }
        }
    }
}

/// The listed values as a JSON array.
fn values(shape: &Shape) -> String {
    let Some(values) = &shape.values else {
        return "[]".to_owned();
    };
    let values: Vec<String> = values
        .iter()
        .map(|value| match value {
            posthog_core::plan::Scalar::Text(text) => quoted(text),
            other => other.to_string(),
        })
        .collect();
    format!("[{}]", values.join(","))
}

/// The types as a type, for the compiler to hold a value's to.
fn types(root: &Root, types: Types, user: Span) -> TokenStream {
    let span = spans::at(user);
    let named = |ty: Type| {
        let name = match ty {
            Type::String => "JsonString",
            Type::Number => "JsonNumber",
            Type::Integer => "JsonInteger",
            Type::Boolean => "JsonBoolean",
            Type::Array => "JsonArray",
            Type::Object => "JsonObject",
            Type::Null => "JsonNull",
        };
        let name = Ident::new(name, span);
        quote_spanned!(span=> #root::planned::#name)
    };
    let (null, others): (Vec<_>, Vec<_>) = types.iter().partition(|ty| *ty == Type::Null);
    let says = match &*others {
        [] => return named(Type::Null),
        [one] => named(*one),
        _ => {
            let slots = [
                Type::String,
                Type::Number,
                Type::Integer,
                Type::Boolean,
                Type::Array,
                Type::Object,
            ];
            let slots = slots.map(|ty| {
                if types.allow(ty) {
                    named(ty)
                } else {
                    quote_spanned!(span=> ())
                }
            });
            quote_spanned!(span=> #root::planned::OneOf<#(#slots),*>)
        }
    };
    if null.is_empty() {
        says
    } else {
        quote_spanned!(span=> #root::planned::Nullable<#says>)
    }
}
