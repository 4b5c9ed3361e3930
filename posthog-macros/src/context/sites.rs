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
    /// The token it stands for, where an error about the type of what leaves belongs.
    user: Span,
}

#[derive(Clone, Copy)]
enum Kind {
    /// A `?`: the token is written where the operand is looked at.
    Tried,
    /// A `return`: the token is read there.
    Returned,
    /// The value of the context.
    Value,
}

impl Sites {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes a `?`. The identifier that is handed back stands for the token `user`, as those of the other exits do.
    pub(crate) fn tried(&mut self, user: Span) -> Ident {
        self.add(Kind::Tried, user)
    }

    pub(crate) fn returned(&mut self, user: Span) -> Ident {
        self.add(Kind::Returned, user)
    }

    pub(crate) fn value(&mut self, user: Span) -> Ident {
        self.add(Kind::Value, user)
    }

    fn add(&mut self, kind: Kind, user: Span) -> Ident {
        let ident = format_ident!("__site{}", self.0.len(), span = spans::at(user));
        self.0.push(Site {
            ident: ident.clone(),
            kind,
            user,
        });
        ident
    }

    /// The tokens, declared before the body.
    pub(crate) fn declare(&self, root: &Root) -> TokenStream {
        let declare = self.0.iter().map(
            |Site {
                 ident,
                 kind,
                 user: _,
             }| match kind {
                Kind::Tried => {
                    quote_spanned!(spans::own()=> let mut #ident = #root::__private::Site::new();)
                }
                Kind::Returned | Kind::Value => {
                    quote_spanned!(spans::own()=> let #ident = #root::__private::Site::new();)
                }
            },
        );
        declare.collect()
    }

    /// The kind of each token, settled behind the body, in code that is only type-checked.
    ///
    /// A block of its own keeps the traits of the rungs away from the user's method calls.
    pub(crate) fn settle(&self, root: &Root) -> TokenStream {
        if self.is_empty() {
            return TokenStream::new();
        }
        // Errors about one site at one place count as one.
        let settle = self.0.iter().map(|Site { ident, kind, user }| {
            let known = match kind {
                Kind::Value => quote_spanned!(spans::at(*user)=> #ident.witness().__known();),
                Kind::Tried | Kind::Returned => TokenStream::new(),
            };
            quote_spanned!(spans::at(*user)=> #known (&&&&&&&(&&#ident).__kind()).__settle();)
        });
        quote_spanned! {spans::own()=> {
            use #root::__private::probe::*;
            #(#settle)*
        }}
    }
}
