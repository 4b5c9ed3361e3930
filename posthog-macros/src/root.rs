//! Where the expansions find the runtime.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

use crate::{spans, write};

/// The path of the `posthog` crate: `::posthog`, unless the user renamed the dependency and said so.
#[derive(Default)]
pub(crate) struct Root {
    named: Option<TokenStream>,
    /// Where its tokens stand, if not at the macro.
    at: Option<Span>,
}

impl Root {
    pub(crate) fn named(path: &syn::Path) -> Self {
        Self {
            named: Some(path.to_token_stream()),
            at: None,
        }
    }

    /// The path for tokens that stand for `user`.
    ///
    /// The compiler underlines an expression from its first token to its last, and the path is often the first.
    pub(crate) fn at(&self, user: Span) -> Self {
        Self {
            named: self.named.clone(),
            at: Some(user),
        }
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match (&self.named, self.at) {
            (None, at) => {
                let span = at.map_or_else(spans::own, spans::at);
                write::colons(tokens, span);
                write::ident(tokens, "posthog", span);
            }
            (Some(path), None) => path.to_tokens(tokens),
            (Some(path), Some(user)) => {
                let located = path.clone().into_iter().map(|mut token| {
                    token.set_span(token.span().located_at(user));
                    token
                });
                tokens.extend(located);
            }
        }
    }
}
