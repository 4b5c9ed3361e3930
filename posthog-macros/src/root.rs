//! Where the expansions find the runtime.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};

use crate::spans;

/// The path of the `posthog` crate: `::posthog`, unless the user renamed the dependency and said so.
pub(crate) struct Root(TokenStream);

impl Root {
    pub(crate) fn named(path: &syn::Path) -> Self {
        Self(path.to_token_stream())
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
