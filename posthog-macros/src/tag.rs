//! `tag!`: sets tags on the current context.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{
    Expr, Ident, LitStr, Token,
    parse::{ParseStream, Parser},
    token,
};

use crate::{
    errors::{Errors, mistake},
    plan::{self, Planned},
    property::{self, Key, Property},
    root::Root,
    spans,
};

pub(crate) fn tag(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let written = (|input: ParseStream| tags(input, &mut errors)).parse2(input.clone());
    let tags = errors.keep(written).unwrap_or_else(|| {
        errors.salvage(input);
        Vec::new()
    });
    property::check::tags(&tags, &mut errors);
    let planned = plan::check::tags(&tags, &mut errors);
    expand(&tags, &planned, &errors)
}

fn tags(input: ParseStream, errors: &mut Errors) -> syn::Result<Vec<Property>> {
    if input.is_empty() {
        return Err(mistake(
            input,
            "a tag is missing; write `tag!(\"key\", value)` or `tag!(key = value)`",
        ));
    }
    if let Some(tag) = key_comma_value(input, errors)? {
        return Ok(vec![tag]);
    }
    key_is_not_a_variable(input)?;
    property::parse::list(input, errors, |input, errors| {
        if input.peek(Token![..]) {
            return Err(mistake(
                input,
                "`tag!` takes its tags one by one; write `key = value`",
            ));
        }
        property::parse::property(input, errors)
    })
}

/// `"key", value` or `(expr), value`
fn key_comma_value(input: ParseStream, errors: &mut Errors) -> syn::Result<Option<Property>> {
    if !((input.peek(LitStr) || input.peek(token::Paren)) && input.peek2(Token![,])) {
        return Ok(None);
    }
    let key = if input.peek(LitStr) {
        property::parse::quoted(&input.parse()?)
    } else {
        Key::Computed(property::parse::computed(input)?)
    };
    let comma: Token![,] = input.parse()?;
    let value = property::parse::value(input, comma.span, errors)?;
    input.parse::<Option<Token![,]>>()?;
    if input.is_empty() {
        Ok(Some(Property { key, value }))
    } else {
        Err(mistake(
            input,
            "`tag!(\"key\", value)` sets one tag; for several write `tag!(key = value, other = value)`",
        ))
    }
}

/// `tag!(k, v)` could be two tags, or a tag whose key is in a variable; the user has to say which.
fn key_is_not_a_variable(input: ParseStream) -> syn::Result<()> {
    let ahead = input.fork();
    let Ok(key) = ahead.parse::<Ident>() else {
        return Ok(());
    };
    if ahead.parse::<Token![,]>().is_err() || ahead.is_empty() {
        return Ok(());
    }
    let Ok(value) = ahead.parse::<Expr>() else {
        return Ok(());
    };
    ahead.parse::<Option<Token![,]>>()?;
    let alone = ahead.is_empty() && !matches!(value, Expr::Assign(_));
    if !alone {
        return Ok(());
    }
    let message = match &value {
        Expr::Path(path) if path.path.get_ident().is_some() => {
            let value = path.to_token_stream();
            format!(
                "this could be two tags or one; write `tag!({key} = {key}, {value} = {value})` for two, \
                 or `tag!(({key}), {value})` for one whose key is in `{key}`"
            )
        }
        _ => format!(
            "a key that is not quoted stands in parentheses; write `tag!(({key}), value)` or `tag!({key} = value)`"
        ),
    };
    Err(syn::Error::new(key.span(), message))
}

fn expand(tags: &[Property], planned: &Planned, errors: &Errors) -> TokenStream {
    let errors = errors.to_statements();
    let root = Root::default();
    let properties = property::expand::properties(&root, tags, planned);
    quote_spanned! {spans::own()=> {
        #errors
        #root::__private::set_tags(#properties);
    }}
}
