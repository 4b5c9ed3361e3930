//! Tokens written one by one.
//!
//! For what stands in every expansion. `quote!` is easier to read; but each stream that it puts into another is handed to
//! the compiler and back, in a crate that is compiled without optimization, and that adds up over a program's calls.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt};

use crate::{property::Operand, root::Root, spans};

pub(crate) fn ident(tokens: &mut TokenStream, name: &str, span: Span) {
    tokens.append(Ident::new(name, span));
}

pub(crate) fn punct(tokens: &mut TokenStream, character: char, span: Span) {
    let mut punct = Punct::new(character, Spacing::Alone);
    punct.set_span(span);
    tokens.append(punct);
}

pub(crate) fn text(tokens: &mut TokenStream, text: &str, span: Span) {
    let mut literal = Literal::string(text);
    literal.set_span(span);
    tokens.append(literal);
}

pub(crate) fn group(
    tokens: &mut TokenStream,
    delimiter: Delimiter,
    span: Span,
    content: TokenStream,
) {
    let mut group = Group::new(delimiter, content);
    group.set_span(span);
    tokens.append(group);
}

/// `::`
pub(crate) fn colons(tokens: &mut TokenStream, span: Span) {
    let mut first = Punct::new(':', Spacing::Joint);
    first.set_span(span);
    tokens.append(first);
    punct(tokens, ':', span);
}

/// `::posthog::__private::name`
pub(crate) fn private(tokens: &mut TokenStream, root: &Root, name: &str) {
    let own = spans::own();
    root.to_tokens(tokens);
    colons(tokens, own);
    ident(tokens, "__private", own);
    colons(tokens, own);
    ident(tokens, name, own);
}

/// `.method(arguments)`
pub(crate) fn call(
    tokens: &mut TokenStream,
    method: &str,
    span: Span,
    arguments: impl FnOnce(&mut TokenStream),
) {
    let own = spans::own();
    punct(tokens, '.', own);
    ident(tokens, method, span);
    let mut content = TokenStream::new();
    arguments(&mut content);
    group(tokens, Delimiter::Parenthesis, own, content);
}

/// `&(operand)`, where an error about its type falls on the operand.
pub(crate) fn reference(tokens: &mut TokenStream, operand: &Operand) {
    let mut content = TokenStream::new();
    match operand {
        Operand::Parsed(expr) => {
            let span = spans::at(operand.span());
            punct(tokens, '&', span);
            expr.to_tokens(&mut content);
            group(tokens, Delimiter::Parenthesis, span, content);
        }
        Operand::Unparsed(raw) => {
            // The compiler reports the end of the group where a token is missing: it has to be behind what is there.
            let last = raw.clone().into_iter().last();
            let end = last.map_or_else(spans::own, |token| spans::behind(token.span()));
            punct(tokens, '&', spans::own());
            raw.to_tokens(&mut content);
            group(tokens, Delimiter::Parenthesis, end, content);
        }
    }
}
