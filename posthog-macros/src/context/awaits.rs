//! `.await` has no place in the body of a context: the context belongs to the thread, and while the future waits another
//! task can run on that thread.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::Macro;

use crate::errors::Errors;

pub(super) fn report(span: Span, errors: &mut Errors) {
    errors.at(
        span,
        "`.await` cannot stand in a context, which belongs to the thread; \
         write `context! { async move { ... } }.await`, a future that carries its context",
    );
}

/// Looks for `.await` in the arguments of a macro, and at the macro itself.
pub(super) fn in_macro(mac: &Macro, errors: &mut Errors) {
    let segments: Vec<_> = mac
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    if let [.., owner, name] = &segments[..]
        && is_awaiting(owner, name)
        && let Some(last) = mac.path.segments.last()
    {
        report_macro(owner, name, last.ident.span(), errors);
    } else if !segments.last().is_some_and(|name| makes_async(name)) {
        in_tokens(mac.tokens.clone(), errors);
    }
}

/// Macros that expand to `.await`. Only by path: a `select!` that was imported may be crossbeam's.
fn is_awaiting(owner: &str, name: &str) -> bool {
    let async_crate = [
        "tokio",
        "futures",
        "futures_util",
        "futures_lite",
        "futures_concurrency",
    ]
    .contains(&owner);
    async_crate && ["join", "try_join", "select", "select_biased"].contains(&name)
}

/// Macros whose arguments are an `async` block without its keyword: those of `async_stream`.
fn makes_async(name: &str) -> bool {
    ["stream", "try_stream"].contains(&name)
}

fn report_macro(owner: &str, name: &str, span: Span, errors: &mut Errors) {
    errors.at(
        span,
        format!(
            "`{owner}::{name}!` awaits, which cannot stand in a context; \
             write `context! {{ async move {{ ... }} }}.await`, a future that carries its context"
        ),
    );
}

fn in_tokens(tokens: TokenStream, errors: &mut Errors) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        match token {
            TokenTree::Ident(ident) if ident == "async" => index = behind_async(&tokens, index),
            TokenTree::Ident(ident)
                if ident == "await" && index > 0 && is_punct(&tokens[index - 1], '.') =>
            {
                report(ident.span(), errors);
            }
            TokenTree::Ident(name) => {
                if let Some(owner) = path_of_macro(&tokens, index)
                    && is_awaiting(&owner, &name.to_string())
                {
                    report_macro(&owner, &name.to_string(), name.span(), errors);
                }
            }
            TokenTree::Group(group) => in_tokens(group.stream(), errors),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        index += 1;
    }
}

/// The last token of the `async` block or closure that starts at `index`: in there `.await` is fine.
fn behind_async(tokens: &[TokenTree], index: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punct(other, ',') || is_punct(other, ';'),
    };
    // The parameters of an `async` closure can hold commas; its body is what follows the second bar.
    let is_move = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "move");
    let mut start = index + 1 + usize::from(tokens.get(index + 1).is_some_and(is_move));
    if tokens.get(start).is_some_and(|token| is_punct(token, '|')) {
        start += 1;
        start += tokens[start..]
            .iter()
            .position(|token| is_punct(token, '|'))
            .map_or(0, |bar| bar + 1);
    }
    tokens[start.min(tokens.len())..]
        .iter()
        .position(ends)
        .map_or(tokens.len(), |end| start + end)
}

/// `owner` of `owner::name!`, where `name` stands at `index`.
fn path_of_macro(tokens: &[TokenTree], index: usize) -> Option<String> {
    let called = tokens
        .get(index + 1)
        .is_some_and(|token| is_punct(token, '!'));
    match tokens.get(index.checked_sub(3)?..index)? {
        [TokenTree::Ident(owner), first, second]
            if called && is_punct(first, ':') && is_punct(second, ':') =>
        {
            Some(owner.to_string())
        }
        _ => None,
    }
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}
