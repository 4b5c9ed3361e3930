//! `capture!( name [, property | option | ..expr ]* )`, and `capture_exception!` with an error in the place of the name.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Expr, Ident, LitStr, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser, discouraged::Speculative},
    token,
};

use super::options::{self, OptionKind};
use crate::{
    errors::{Errors, mistake},
    property::{self, Key, Operand, Property, Value},
};

pub(super) struct Capture {
    /// `None` where there is a mistake instead.
    pub(super) name: Option<Operand>,
    pub(super) arguments: Vec<Argument>,
    /// The key of each argument that is a mistake, as far as it has one.
    pub(super) unread: Vec<Option<String>>,
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

/// `None` if there is nothing to read.
pub(super) fn capture(input: TokenStream, errors: &mut Errors) -> Option<Capture> {
    let written = (|input: ParseStream| {
        if input.is_empty() {
            let message = "the name of the event is missing; write `capture!(\"order_processed\")`";
            return Err(syn::Error::new(Span::call_site(), message));
        }
        let name = errors.keep(name(input));
        // With the name in the wrong place, what else does not fit follows from that.
        let mut ignored = Errors::default();
        let known = name.is_some() && (input.is_empty() || input.peek(Token![,]));
        if known && !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        if name.is_some() && !known {
            errors.push(mistake(input, "expected `,` behind the name of the event"));
        }
        let report = if known { &mut *errors } else { &mut ignored };
        let mut unread = Vec::new();
        let arguments = property::parse::list(input, report, |input, errors| {
            let start = input.fork();
            argument(input, options::named, errors)
                .inspect_err(|_| unread.push(property::parse::intended_key(&start)))
        })?;
        errors.append_salvaged(ignored);
        Ok(Capture {
            name,
            arguments,
            unread,
        })
    })
    .parse2(input);
    errors.keep(written)
}

/// The error, in the place of the name, and what goes with it. `None` if there is nothing to read.
pub(super) fn exception(input: TokenStream, errors: &mut Errors) -> Option<Capture> {
    let written = (|input: ParseStream| {
        if input.is_empty() {
            let message = "the error is missing; write `capture_exception!(error)`";
            return Err(syn::Error::new(Span::call_site(), message));
        }
        if is_argument(input) || input.peek(Token![,]) {
            return Err(mistake(
                input,
                "the error comes first; write `capture_exception!(error, ...)`",
            ));
        }
        let error = first(input)?;
        if !input.is_empty() {
            if !input.peek(Token![,]) {
                return Err(mistake(input, "expected `,` behind the error"));
            }
            input.parse::<Token![,]>()?;
        }
        let arguments = property::parse::list(input, errors, |input, errors| {
            argument(input, options::named_of_exception, errors)
        })?;
        Ok(Capture {
            name: Some(error),
            arguments,
            unread: Vec::new(),
        })
    })
    .parse2(input.clone());
    let read = errors.keep(written);
    if read.is_none() {
        errors.salvage(input);
    }
    read
}

/// Whether an argument begins here that is no name.
fn is_argument(input: ParseStream) -> bool {
    let key_like = input.peek(Ident::peek_any) || input.peek(LitStr) || input.peek(token::Paren);
    let assigned =
        key_like && input.peek2(Token![=]) && !input.peek2(Token![==]) && !input.peek2(Token![=>]);
    assigned || input.peek(Token![$]) || input.peek(Token![..])
}

fn name(input: ParseStream) -> syn::Result<Operand> {
    if is_argument(input) {
        return Err(mistake(
            input,
            "the name of the event comes first; write `capture!(\"order_processed\", ...)`",
        ));
    }
    if input.peek(Token![,]) {
        let comma = mistake(
            input,
            "the name of the event is missing before the `,`; write `capture!(\"order_processed\", ...)`",
        );
        input.parse::<Token![,]>()?;
        return Err(comma);
    }
    first(input)
}

/// What stands first: an expression, up to a comma or to what cannot go on with it.
fn first(input: ParseStream) -> syn::Result<Operand> {
    if property::parse::only_token(input).is_some() {
        return property::parse::operand(input);
    }
    let ahead = input.fork();
    if let Ok(expr) = ahead.parse::<Expr>()
        && !ahead.is_empty()
        && !ahead.peek(Token![,])
    {
        input.advance_to(&ahead);
        return Ok(Operand::Parsed(expr));
    }
    property::parse::operand(input)
}

/// The option of a name, in one of the macros.
type Options = fn(&str) -> Option<OptionKind>;

fn argument(input: ParseStream, options: Options, errors: &mut Errors) -> syn::Result<Argument> {
    if input.peek(Token![..]) {
        return spread(input).map(Argument::Spread);
    }
    if let Some((name, kind)) = option_alone(input, options) {
        return Err(option_without_value(&name, kind));
    }
    let Property { key, value } = property::parse::property(input, errors)?;
    Ok(match as_option(&key, options) {
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
fn option_alone(input: ParseStream, options: Options) -> Option<(Ident, OptionKind)> {
    let Some(TokenTree::Ident(name)) = property::parse::only_token(input) else {
        return None;
    };
    let kind = options(&name.to_string())?;
    Some((name, kind))
}

fn option_without_value(name: &Ident, kind: OptionKind) -> syn::Error {
    let example = if matches!(kind, OptionKind::Switch(_) | OptionKind::ToldSwitch(_)) {
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
fn as_option(key: &Key, options: Options) -> Option<(Ident, OptionKind)> {
    match key {
        Key::Named {
            bare: Some(ident), ..
        } => Some((ident.clone(), options(&ident.to_string())?)),
        Key::Named { bare: None, .. } | Key::Computed(_) => None,
    }
}
