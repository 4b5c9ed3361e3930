//! Code that syn cannot read.
//!
//! It goes to the compiler as it is. Nearly always it is simply wrong, and the compiler says so best. But it may be valid,
//! in a syntax that is newer than syn; then it would run, and quietly without its context.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::root::Root;

/// A statement that draws a warning if nothing else is wrong: the compiler reports an unused value only in code that it
/// accepts. The span is the user's own, or the compiler would not report it in the expansion of a macro.
pub(crate) fn warning(root: &Root, error: &syn::Error) -> TokenStream {
    quote_spanned!(error.span()=> #root::__private::unread();)
}
