//! Where generated tokens claim to stand.
//!
//! Tokens of the user keep their spans. Everything else resolves at the macro (so that no local of ours can meet one of
//! the user's), and points either at the macro call or, where an error can fall on it, at the user's token it stands for.

use proc_macro2::Span;

/// For a generated token that no error can fall on.
pub(crate) fn own() -> Span {
    Span::mixed_site()
}

/// For a generated token that stands for a token of the user.
pub(crate) fn at(user: Span) -> Span {
    Span::mixed_site().located_at(user)
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
