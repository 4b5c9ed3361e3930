//! The grammar of a property, of its value, and of JSON literals.
//!
//! A list goes on behind a mistake at the next comma, so that one call reports all of its mistakes.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, ExprLit, ExprPath, Ident, LitStr, Token, braced, bracketed,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, discouraged::Speculative},
    token,
};

pub(crate) use super::lookahead::only_token;
use super::{
    Key, Operand, Property, Value,
    lookahead::{
        at_end_of_value, is_inner_array, is_null, is_object, is_outer_array, rest_of_argument,
    },
};
use crate::{
    errors::{Errors, mistake},
    spans,
};

/// Items between commas. What `item` cannot read is reported and skipped.
pub(crate) fn list<T>(
    input: ParseStream,
    errors: &mut Errors,
    mut item: impl FnMut(ParseStream, &mut Errors) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let start = input.fork();
        match item(input, errors) {
            Ok(item) => items.push(item),
            Err(error) => {
                errors.push(error);
                errors.salvage(rest_of_argument(&start)?);
                input.advance_to(&start);
            }
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(items)
}

/// `key = value`, or a variable alone.
pub(crate) fn property(input: ParseStream, errors: &mut Errors) -> syn::Result<Property> {
    if input.peek(Token![%]) || input.peek(Token![?]) {
        let sigil = if input.peek(Token![%]) { '%' } else { '?' };
        return Err(mistake(
            input,
            format!("`{sigil}` stands before the value; write `err = {sigil}err`"),
        ));
    }
    let key = key(input)?;
    if assigns(input) {
        let assign: Token![=] = input.parse()?;
        let value = value(input, assign.span, errors)?;
        return Ok(Property { key, value });
    }
    let (span, message) = match &key {
        Key::Named {
            bare: Some(ident), ..
        } if at_end_of_value(input) => {
            let value = variable(ident)?;
            return Ok(Property { key, value });
        }
        Key::Named {
            name,
            bare: Some(ident),
            ..
        } if input.peek(Token![==]) => (
            ident.span(),
            format!("a property is written with one `=`; write `{name} = value`"),
        ),
        Key::Named {
            name,
            bare: Some(ident),
            ..
        } if input.peek(Token![=>]) || (input.peek(Token![:]) && !input.peek(Token![::])) => (
            ident.span(),
            format!("a property is written with `=`; write `{name} = value`"),
        ),
        Key::Named {
            bare: Some(ident), ..
        } if is_assignment(ident, input) => (
            ident.span(),
            "a key that is computed stands in parentheses; write `(key) = value`".to_owned(),
        ),
        Key::Named {
            bare: Some(ident), ..
        } => (
            ident.span(),
            format!("only a variable can stand without a name; write `name = {ident}...`"),
        ),
        Key::Named {
            name,
            span,
            bare: None,
        } if name.starts_with('$') => (
            *span,
            format!("this property has no value; write `{name} = value`"),
        ),
        Key::Named {
            name,
            span,
            bare: None,
        } => (
            *span,
            format!("this property has no value; write `{name:?} = value`"),
        ),
        Key::Computed(operand) => (
            operand.span(),
            "this property has no value; write `(key) = value`".to_owned(),
        ),
    };
    Err(syn::Error::new(span, message))
}

/// The key of an argument that cannot be read, if it begins with one: `key: value`, `%key`, `key =`.
pub(crate) fn intended_key(start: ParseStream) -> Option<String> {
    let input = start.fork();
    if input.peek(Token![%]) || input.peek(Token![?]) || input.peek(Token![&]) {
        input.parse::<TokenTree>().ok()?;
    }
    match key(&input) {
        Ok(Key::Named { name, .. }) => Some(name),
        Ok(Key::Computed(_)) | Err(_) => None,
    }
}

/// Whether the argument that `start` begins assigns to something, such as `names[0] = value`.
fn is_assignment(start: &Ident, input: ParseStream) -> bool {
    let mut argument = start.to_token_stream();
    argument.extend(rest_of_argument(&input.fork()));
    matches!(syn::parse2(argument), Ok(Expr::Assign(_)))
}

/// The value of a property that is written as a variable alone.
fn variable(ident: &Ident) -> syn::Result<Value> {
    let expr = syn::parse2(ident.to_token_stream()).map_err(|_| {
        let message = format!("the keyword `{ident}` is no variable; write `{ident} = value`");
        syn::Error::new(ident.span(), message)
    })?;
    Ok(Value::Serialized(Operand::Parsed(expr)))
}

/// Whether `=` comes next, and not `==` or `=>`.
pub(crate) fn assigns(input: ParseStream) -> bool {
    input.peek(Token![=]) && !input.peek(Token![==]) && !input.peek(Token![=>])
}

fn key(input: ParseStream) -> syn::Result<Key> {
    // To ask for a `LitStr` is to parse one; most keys are identifiers.
    if input.cursor().ident().is_none() && input.peek(LitStr) {
        return Ok(quoted(&input.parse()?));
    }
    if input.peek(Token![$]) {
        let dollar: Token![$] = input.parse()?;
        let ident = input.call(Ident::parse_any).map_err(|_| {
            syn::Error::new(
                dollar.span,
                "a name follows the `$`; write `$current_url = value`",
            )
        })?;
        return Ok(Key::Named {
            name: format!("${}", ident.unraw()),
            span: ident.span(),
            bare: None,
        });
    }
    if input.peek(token::Paren) {
        return Ok(Key::Computed(computed(input)?));
    }
    if input.peek(Ident::peek_any) && !input.peek(Token![_]) {
        let ident = input.call(Ident::parse_any)?;
        return Ok(Key::Named {
            name: ident.unraw().to_string(),
            span: ident.span(),
            bare: Some(ident),
        });
    }
    Err(mistake(
        input,
        "expected a property; write `key = value`, `\"key\" = value`, `(key) = value` or a variable",
    ))
}

pub(crate) fn quoted(text: &LitStr) -> Key {
    Key::Named {
        name: text.value(),
        span: text.span(),
        bare: None,
    }
}

/// `(expr)`, without its parentheses.
pub(crate) fn computed(input: ParseStream) -> syn::Result<Operand> {
    let content;
    let parens = parenthesized!(content in input);
    if content.is_empty() {
        return Err(syn::Error::new(
            parens.span.join(),
            "a key is missing here; write `(key) = value`",
        ));
    }
    operand(&content)
}

/// The value behind `assign`, which is `=`, `:` or `,`.
pub(crate) fn value(input: ParseStream, assign: Span, errors: &mut Errors) -> syn::Result<Value> {
    if let Some(array) = array(input, is_outer_array, errors)? {
        return Ok(array);
    }
    inner_value(input, assign, errors)
}

/// A value inside a JSON literal, where brackets are always JSON.
fn inner_value(input: ParseStream, before: Span, errors: &mut Errors) -> syn::Result<Value> {
    if at_end_of_value(input) {
        return Err(syn::Error::new(
            spans::behind(before),
            "a value is missing here",
        ));
    }
    if is_object(input) {
        return object(input, errors);
    }
    if is_null(input) {
        return Ok(Value::Null(input.parse::<Ident>()?.span()));
    }
    if input.peek(Token![%]) {
        let sigil: Token![%] = input.parse()?;
        return Ok(Value::Displayed(operand_behind(input, sigil.span)?));
    }
    if input.peek(Token![?]) {
        let sigil: Token![?] = input.parse()?;
        return Ok(Value::Debugged(operand_behind(input, sigil.span)?));
    }
    Ok(Value::Serialized(operand(input)?))
}

fn object(input: ParseStream, errors: &mut Errors) -> syn::Result<Value> {
    let content;
    let braces = braced!(content in input);
    let entries = list(&content, errors, |input, errors| {
        let key = object_key(input)?;
        let colon: Token![:] = input.parse().map_err(|error: syn::Error| {
            syn::Error::new(error.span(), "expected `:` and a value")
        })?;
        let value = match array(input, is_inner_array, errors)? {
            Some(array) => array,
            None => inner_value(input, colon.span, errors)?,
        };
        Ok(Property { key, value })
    })?;
    Ok(Value::Object(braces.span.join(), entries))
}

fn object_key(input: ParseStream) -> syn::Result<Key> {
    if input.peek(LitStr) {
        return Ok(quoted(&input.parse()?));
    }
    if input.peek(token::Paren) {
        return Ok(Key::Computed(computed(input)?));
    }
    if input.peek(Ident::peek_any) {
        let ident = input.call(Ident::parse_any)?;
        let message = format!(
            "a key of a JSON literal is quoted; write `{:?}: value`, or `(expr): value`",
            ident.to_string()
        );
        return Err(syn::Error::new(ident.span(), message));
    }
    Err(mistake(
        input,
        "expected a key of a JSON literal; write `\"key\": value`, or `(expr): value`",
    ))
}

fn array(
    input: ParseStream,
    is_json: fn(ParseStream) -> bool,
    errors: &mut Errors,
) -> syn::Result<Option<Value>> {
    if !is_json(input) {
        return Ok(None);
    }
    let content;
    let brackets = bracketed!(content in input);
    let span = brackets.span.join();
    let elements = list(&content, errors, |input, errors| {
        match array(input, is_inner_array, errors)? {
            Some(array) => Ok(array),
            None => inner_value(input, span, errors),
        }
    })?;
    Ok(Some(Value::Array(span, elements)))
}

fn operand_behind(input: ParseStream, sigil: Span) -> syn::Result<Operand> {
    if at_end_of_value(input) {
        return Err(syn::Error::new(
            spans::behind(sigil),
            "a value is missing here",
        ));
    }
    operand(input)
}

/// An expression up to the next comma, or the tokens that stand there instead.
pub(crate) fn operand(input: ParseStream) -> syn::Result<Operand> {
    if let Some(expr) = one_token(input) {
        return Ok(Operand::Parsed(expr));
    }
    let ahead = input.fork();
    if let Ok(expr) = ahead.parse::<Expr>()
        && at_end_of_value(&ahead)
    {
        input.advance_to(&ahead);
        return Ok(Operand::Parsed(expr));
    }
    let raw: TokenStream = rest_of_argument(input)?;
    Ok(Operand::Unparsed(raw))
}

/// A literal or a variable, which most operands are. What syn tries before it takes one for that is most of the time that a
/// macro takes.
fn one_token(input: ParseStream) -> Option<Expr> {
    let token = only_token(input)?;
    let ahead = input.fork();
    let expr = match token {
        TokenTree::Literal(_) => Expr::Lit(ExprLit {
            attrs: Vec::new(),
            lit: ahead.parse().ok()?,
        }),
        TokenTree::Ident(_) => {
            // A keyword is none.
            let ident: Ident = ahead.parse().ok()?;
            Expr::Path(ExprPath {
                attrs: Vec::new(),
                qself: None,
                path: ident.into(),
            })
        }
        TokenTree::Group(_) | TokenTree::Punct(_) => return None,
    };
    input.advance_to(&ahead);
    Some(expr)
}
