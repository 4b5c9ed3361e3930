//! Where the expansions find the runtime.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use crate::spans;

/// The path of the `posthog` crate: `::posthog`, unless the user renamed the dependency and said so.
pub(crate) struct Root(TokenStream);

impl Root {
    pub(crate) fn named(path: &syn::Path) -> Self {
        Self(path.to_token_stream())
    }

    /// The path for tokens that stand for `user`.
    ///
    /// The compiler underlines an expression from its first token to its last, and the path is often the first.
    pub(crate) fn at(&self, user: Span) -> Self {
        let located = self.0.clone().into_iter().map(|mut token| {
            token.set_span(token.span().located_at(user));
            token
        });
        Self(located.collect())
    }
}

impl Default for Root {
    fn default() -> Self {
        Self(quote_spanned!(spans::own()=> ::posthog))
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
