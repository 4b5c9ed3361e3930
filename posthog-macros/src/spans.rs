//! Where generated tokens claim to stand.
//!
//! Tokens of the user keep their spans. Everything else resolves at the macro (so that no local of ours can meet one of
//! the user's), and points either at the macro call or, where an error can fall on it, at the user's token it stands for.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// For a generated token that no error can fall on.
pub(crate) fn own() -> Span {
    Span::mixed_site()
}

/// For a generated token that stands for a token of the user.
pub(crate) fn at(user: Span) -> Span {
    Span::mixed_site().located_at(user)
}

/// The tokens, all of them at a token of the user and resolved as the user's own.
///
/// What is called by them counts as called there, and not at the macro, which is what the debug information and
/// `#[track_caller]` would say of other tokens. Only for paths from the root, which mean the same everywhere.
pub(crate) fn called(path: TokenStream, user: Span) -> TokenStream {
    path.into_iter()
        .map(|mut token| {
            token.set_span(user);
            token
        })
        .collect()
}

/// As [`called`], for calls on a local of ours, which stays one.
pub(crate) fn called_on(local: &Ident, calls: TokenStream, user: Span) -> TokenStream {
    calls
        .into_iter()
        .map(|mut token| match &token {
            TokenTree::Ident(ident) if ident == local => token,
            TokenTree::Group(group) => {
                let inner = called_on(local, group.stream(), user);
                let mut group = Group::new(group.delimiter(), inner);
                group.set_span(user);
                TokenTree::Group(group)
            }
            _ => {
                token.set_span(user);
                token
            }
        })
        .collect()
}

/// The arguments of such a call.
pub(crate) fn arguments(arguments: TokenStream, user: Span) -> TokenStream {
    let mut group = Group::new(Delimiter::Parenthesis, arguments);
    group.set_span(user);
    TokenTree::from(group).into()
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
