//! Whether braces and brackets are JSON or Rust.

use std::mem::{self, Discriminant};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Lit, Token,
    buffer::Cursor,
    parse::{ParseStream, Parser},
};

/// A pair of braces that is the whole value, and is empty or starts with a key and one colon.
///
/// A bare identifier counts as a key as well. No block of Rust starts so, and the parser then has the chance to say that
/// keys are quoted.
pub(super) fn is_object(input: ParseStream) -> bool {
    let Some(group) = whole_value(input, Delimiter::Brace) else {
        return false;
    };
    let mut tokens = group.stream().into_iter();
    let Some(first) = tokens.next() else {
        return true;
    };
    let is_key = match &first {
        TokenTree::Literal(_) | TokenTree::Ident(_) => true,
        // A literal that a `macro_rules!` passed on stands in an invisible group.
        TokenTree::Group(group) => {
            matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::None)
        }
        TokenTree::Punct(_) => false,
    };
    is_key && is_colon(tokens.next().as_ref()) && !is_colon(tokens.next().as_ref())
}

/// A pair of brackets that is the whole value and stands inside of JSON; `[0; 3]` is left to Rust.
pub(super) fn is_inner_array(input: ParseStream) -> bool {
    whole_value(input, Delimiter::Bracket).is_some_and(|group| !is_repetition(&group))
}

/// A pair of brackets that is the whole value and that Rust could not read: it is empty, or holds `null`, a JSON object,
/// such an array, or literals of different kinds. Any other one stays an array of Rust, so that its elements help each
/// other to a type.
pub(super) fn is_outer_array(input: ParseStream) -> bool {
    let Some(group) = whole_value(input, Delimiter::Bracket) else {
        return false;
    };
    !is_repetition(&group)
        && (group.stream().is_empty() || only_json.parse2(group.stream()).unwrap_or(false))
}

pub(super) fn is_null(input: ParseStream) -> bool {
    let ident = input.cursor().ident();
    ident.is_some_and(|(ident, behind)| ident == "null" && ends_value(behind))
}

pub(super) fn at_end_of_value(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// The token that is the whole argument. What a `macro_rules!` passed on is a group, and none that is looked into.
pub(crate) fn only_token(input: ParseStream) -> Option<TokenTree> {
    let (token, behind) = input.cursor().token_tree()?;
    ends_value(behind).then_some(token)
}

fn ends_value(behind: Cursor) -> bool {
    behind.eof()
        || behind
            .punct()
            .is_some_and(|(punct, _)| punct.as_char() == ',')
}

/// Steps to the comma that ends the argument, or to the end of the input.
pub(crate) fn rest_of_argument(input: ParseStream) -> syn::Result<TokenStream> {
    let mut rest = TokenStream::new();
    while !at_end_of_value(input) {
        rest.extend([input.parse::<TokenTree>()?]);
    }
    Ok(rest)
}

fn only_json(elements: ParseStream) -> syn::Result<bool> {
    let mut literals = None;
    let mut json = false;
    while !elements.is_empty() {
        json |= is_null(elements) || is_object(elements) || is_outer_array(elements);
        let element = rest_of_argument(elements)?;
        if let Some(kind) = literal_kind(element) {
            json |= literals.replace(kind).is_some_and(|before| before != kind);
        }
        if !elements.is_empty() {
            elements.parse::<Token![,]>()?;
        }
    }
    Ok(json)
}

/// The kind of an element that is nothing but a literal, or one with a minus.
fn literal_kind(element: TokenStream) -> Option<Discriminant<Lit>> {
    syn::parse2(element).ok().as_ref().map(mem::discriminant)
}

/// The group that comes next, if it is in `delimiter` and nothing of the value follows it.
fn whole_value(input: ParseStream, delimiter: Delimiter) -> Option<Group> {
    // Most values are no group, and an error that nobody reads takes longer than to look.
    let (_, _, behind) = input.cursor().group(delimiter)?;
    if !ends_value(behind) {
        return None;
    }
    let ahead = input.fork();
    let group = ahead.parse::<Group>().ok()?;
    (group.delimiter() == delimiter).then_some(group)
}

fn is_repetition(group: &Group) -> bool {
    group
        .stream()
        .into_iter()
        .any(|token| matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ';'))
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}
