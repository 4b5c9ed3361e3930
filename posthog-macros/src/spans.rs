//! Where generated tokens claim to stand.
//!
//! Tokens of the user keep their spans. Everything else resolves at the macro (so that no local of ours can meet one of
//! the user's), and points either at the macro call or, where an error can fall on it, at the user's token it stands for.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;

use crate::root::Root;

/// For a generated token that no error can fall on.
pub(crate) fn own() -> Span {
    Span::mixed_site()
}

/// For a generated token that stands for a token of the user.
pub(crate) fn at(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

/// A call of `here`, which gives the place of a token of the user.
///
/// To the debug information and to `#[track_caller]` other tokens of an expansion stand where the macro is called.
pub(crate) fn here(root: &Root, user: Span) -> TokenStream {
    call(quote!(#root::__private::here), TokenStream::new(), user)
}

/// A call that is the user's own to the compiler, all of it at that token: of a function that no error and no lint can fall
/// on, by its path from the root, which means the same everywhere.
pub(crate) fn call(path: TokenStream, arguments: TokenStream, user: Span) -> TokenStream {
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(user);
    path.into_iter()
        .map(|mut token| {
            token.set_span(user);
            token
        })
        .chain([TokenTree::Group(arguments)])
        .collect()
}

/// The empty place just behind a token of the user, where something is missing.
pub(crate) fn behind(user: Span) -> Span {
    if proc_macro::is_available() {
        user.unwrap().end().into()
    } else {
        user
    }
}

/// Where a token of the user stands, in words: a `compile_error!` has one place only, and some mistakes have two.
pub(crate) fn place(user: Span) -> String {
    if proc_macro::is_available() {
        let user = user.unwrap();
        format!("at line {}, column {}", user.line(), user.column())
    } else {
        "above".to_owned()
    }
}
