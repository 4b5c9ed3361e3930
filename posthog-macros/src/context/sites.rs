//! The exits of a context, each noted in a token whose kind is settled behind the body; see `posthog_core::site`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::Ident;

use crate::{root::Root, spans};

#[derive(Default)]
pub(crate) struct Sites(Vec<Site>);

struct Site {
    ident: Ident,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A `?`: the token is written where the operand is looked at.
    Tried,
    /// A `return`: the token is read there.
    Returned,
    /// The value of the context; the span is where an error about its type belongs.
    Value(Span),
}

impl Sites {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn tried(&mut self) -> Ident {
        self.add(Kind::Tried)
    }

    pub(crate) fn returned(&mut self) -> Ident {
        self.add(Kind::Returned)
    }

    pub(crate) fn value(&mut self, span: Span) -> Ident {
        self.add(Kind::Value(span))
    }

    fn add(&mut self, kind: Kind) -> Ident {
        let ident = format_ident!("__site{}", self.0.len(), span = spans::own());
        self.0.push(Site {
            ident: ident.clone(),
            kind,
        });
        ident
    }

    /// The tokens, declared before the body.
    pub(crate) fn declare(&self, root: &Root) -> TokenStream {
        let declare = self.0.iter().map(|Site { ident, kind }| match kind {
            Kind::Tried => {
                quote_spanned!(spans::own()=> let mut #ident = #root::__private::Site::new();)
            }
            Kind::Returned | Kind::Value(_) => {
                quote_spanned!(spans::own()=> let #ident = #root::__private::Site::new();)
            }
        });
        declare.collect()
    }

    /// The kind of each token, settled behind the body, in code that is only type-checked.
    ///
    /// A block of its own keeps the traits of the rungs away from the user's method calls.
    pub(crate) fn settle(&self, root: &Root) -> TokenStream {
        if self.is_empty() {
            return TokenStream::new();
        }
        let known = self.0.iter().filter_map(|Site { ident, kind }| match kind {
            Kind::Value(span) => {
                let witness = quote_spanned!(spans::at(*span)=> #ident.witness());
                Some(quote_spanned!(spans::own()=> #witness.known();))
            }
            Kind::Tried | Kind::Returned => None,
        });
        let idents = self.0.iter().map(|site| &site.ident);
        quote_spanned! {spans::own()=> {
            use #root::__private::probe::*;
            #(#known)*
            #((&&&&&&(&&#idents).kind()).settle();)*
        }}
    }
}
