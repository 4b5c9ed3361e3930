//! Keeps completion alive while a body is being typed.
//!
//! `order.` with nothing behind the dot does not parse, so nothing of a context would be expanded, and an editor that asks
//! what can stand there would get no answer. A name is put behind each such dot, the whole is expanded, and the name is
//! taken out again: every token of the user is then where the editor expects it.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};

/// The tokens with a name behind each dangling dot; `None` if there is no such dot.
pub(super) fn mend(tokens: TokenStream) -> Option<TokenStream> {
    let mut found = false;
    let mended = mend_all(tokens, &mut found);
    found.then_some(mended)
}

/// The tokens without the names of [`mend`].
pub(super) fn unmend(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .filter(|token| !matches!(token, TokenTree::Ident(ident) if ident == PLACEHOLDER))
        .map(|token| within_group(token, unmend))
        .collect()
}

fn mend_all(tokens: TokenStream, found: &mut bool) -> TokenStream {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut mended = TokenStream::new();
    for (index, token) in tokens.iter().enumerate() {
        mended.extend([within_group(token.clone(), |inner| mend_all(inner, found))]);
        let behind_dot = index > 0 && is_dot(&tokens[index - 1]);
        let next_ends = match tokens.get(index + 1) {
            None => true,
            Some(next @ TokenTree::Punct(_)) => !is_dot(next),
            Some(_) => false,
        };
        if is_dot(token) && !behind_dot && next_ends {
            *found = true;
            mended.extend([TokenTree::Ident(Ident::new(PLACEHOLDER, token.span()))]);
        }
    }
    mended
}

fn is_dot(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.')
}

fn within_group(token: TokenTree, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenTree {
    match token {
        TokenTree::Group(group) => {
            let mut changed = Group::new(group.delimiter(), change(group.stream()));
            changed.set_span(group.span());
            TokenTree::Group(changed)
        }
        other => other,
    }
}

const PLACEHOLDER: &str = "__posthog_is_being_typed";
