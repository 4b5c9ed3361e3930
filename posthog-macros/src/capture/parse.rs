//! `capture!( name [, property | option | ..expr ]* )`

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Expr, Ident, LitStr, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    token,
};

use super::options::{self, OptionKind};
use crate::{
    errors::{Errors, mistake},
    property::{self, Key, Operand, Property, Value},
};

pub(super) struct Capture {
    pub(super) name: Operand,
    pub(super) arguments: Vec<Argument>,
}

pub(super) enum Argument {
    Property(Property),
    Option {
        name: Ident,
        kind: OptionKind,
        value: Value,
    },
    Spread(Operand),
}

/// `None` if not even the name can be read.
pub(super) fn capture(input: TokenStream, errors: &mut Errors) -> Option<Capture> {
    let written = (|input: ParseStream| {
        let name = name(input)?;
        let mut arguments = Vec::new();
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
            arguments = property::parse::list(input, errors, argument)?;
        }
        Ok(Capture { name, arguments })
    })
    .parse2(input);
    errors.keep(written)
}

fn name(input: ParseStream) -> syn::Result<Operand> {
    if input.is_empty() {
        let message = "the name of the event is missing; write `capture!(\"order_processed\")`";
        return Err(syn::Error::new(Span::call_site(), message));
    }
    let key_like = input.peek(Ident::peek_any) || input.peek(LitStr) || input.peek(token::Paren);
    let assigned =
        key_like && input.peek2(Token![=]) && !input.peek2(Token![==]) && !input.peek2(Token![=>]);
    if assigned || input.peek(Token![$]) || input.peek(Token![..]) {
        return Err(mistake(
            input,
            "the name of the event comes first; write `capture!(\"order_processed\", ...)`",
        ));
    }
    if input.peek(Token![,]) {
        return Err(mistake(
            input,
            "the name of the event is missing before the `,`; write `capture!(\"order_processed\", ...)`",
        ));
    }
    if property::parse::only_token(input).is_some() {
        return property::parse::operand(input);
    }
    let ahead = input.fork();
    if ahead.parse::<Expr>().is_ok() && !ahead.is_empty() && !ahead.peek(Token![,]) {
        return Err(mistake(&ahead, "expected `,` behind the name of the event"));
    }
    property::parse::operand(input)
}

fn argument(input: ParseStream, errors: &mut Errors) -> syn::Result<Argument> {
    if input.peek(Token![..]) {
        return spread(input).map(Argument::Spread);
    }
    if let Some((name, kind)) = option_alone(input) {
        return Err(option_without_value(&name, kind));
    }
    let Property { key, value } = property::parse::property(input, errors)?;
    Ok(match as_option(&key) {
        Some((name, kind)) => Argument::Option { name, kind, value },
        None => Argument::Property(Property { key, value }),
    })
}

fn spread(input: ParseStream) -> syn::Result<Operand> {
    let dots: Token![..] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        let message = "nothing to spread; write `..map`, where `map` serializes to an object";
        return Err(syn::Error::new_spanned(dots, message));
    }
    property::parse::operand(input)
}

/// An option has no short form: `client` alone would read as a property of that name.
fn option_alone(input: ParseStream) -> Option<(Ident, OptionKind)> {
    let Some(TokenTree::Ident(name)) = property::parse::only_token(input) else {
        return None;
    };
    let kind = options::named(&name.to_string())?;
    Some((name, kind))
}

fn option_without_value(name: &Ident, kind: OptionKind) -> syn::Error {
    let example = if matches!(kind, OptionKind::Switch(_)) {
        "true".to_owned()
    } else {
        name.to_string()
    };
    let message = format!(
        "the option `{name}` has no value; write `{name} = {example}`, \
         or `\"{name}\" = {name}` for a property of that name"
    );
    syn::Error::new(name.span(), message)
}

/// The option that a bare identifier names. A quoted key is always a property.
fn as_option(key: &Key) -> Option<(Ident, OptionKind)> {
    match key {
        Key::Named {
            bare: Some(ident), ..
        } => Some((ident.clone(), options::named(&ident.to_string())?)),
        Key::Named { bare: None, .. } | Key::Computed(_) => None,
    }
}
