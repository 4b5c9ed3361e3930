//! Code that syn cannot read.
//!
//! It goes to the compiler as it is. Nearly always it is simply wrong, and the compiler says so best. But it may be valid,
//! in a syntax that is newer than syn; then it would run, and quietly without its context.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::spans;

/// A statement that is an error if nothing else is: a constant is evaluated only when everything around it compiles.
pub(crate) fn guard(error: &syn::Error) -> TokenStream {
    let message =
        format!("posthog cannot read this code ({error}), so it would run without its context");
    quote_spanned!(spans::at(error.span())=> const _: () = ::core::panic!(#message);)
}
