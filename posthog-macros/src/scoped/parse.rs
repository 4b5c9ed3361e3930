//! `#[scoped( option,* )]` and the function it is written on.

use proc_macro2::{Group, TokenStream};
use quote::quote;
use syn::{
    Attribute, Ident, ItemFn, Path, Signature, Token, Visibility,
    parse::{ParseStream, Parser},
    token,
};

use crate::{
    errors::{Errors, mistake},
    options::{Written, WrittenOption},
    property,
};

#[derive(Default)]
pub(super) struct Arguments {
    pub(super) options: Written,
    /// Each `crate = path`; there should be one at most.
    pub(super) roots: Vec<(Token![crate], Path)>,
}

enum Argument {
    Option(WrittenOption),
    Root(Token![crate], Path),
}

pub(super) fn arguments(input: TokenStream, errors: &mut Errors) -> Arguments {
    let written =
        (|input: ParseStream| property::parse::list(input, errors, argument)).parse2(input);
    let mut arguments = Arguments::default();
    for argument in errors.keep(written).unwrap_or_default() {
        match argument {
            Argument::Option(option) => arguments.options.push(option),
            Argument::Root(keyword, path) => arguments.roots.push((keyword, path)),
        }
    }
    arguments
}

fn argument(input: ParseStream, errors: &mut Errors) -> syn::Result<Argument> {
    if input.peek(Token![crate]) {
        let keyword: Token![crate] = input.parse()?;
        let assign: syn::Result<Token![=]> = input.parse();
        let path = assign
            .and_then(|_| input.call(Path::parse_mod_style))
            .map_err(|_| {
                syn::Error::new(
                    keyword.span,
                    "`crate` names the path of this crate; write `crate = path::to::posthog`",
                )
            })?;
        return Ok(Argument::Root(keyword, path));
    }
    if !input.peek(Ident) {
        return Err(mistake(
            input,
            "expected an option; write `fresh = true`, `tags(key = value)`",
        ));
    }
    WrittenOption::parse(input, errors, property::parse::operand).map(Argument::Option)
}

/// The item that the attribute is written on.
pub(super) enum Item {
    Function(Box<ItemFn>),
    /// A function with a body that syn cannot read.
    Unread {
        declaration: TokenStream,
        body: TokenStream,
        error: syn::Error,
    },
    /// No function with a body.
    Wrong(syn::Error),
}

pub(super) fn item(item: TokenStream) -> Item {
    match syn::parse2(item.clone()) {
        Ok(function) => Item::Function(Box::new(function)),
        Err(error) => {
            not_a_function
                .parse2(item)
                .map_or_else(Item::Wrong, |(declaration, body)| Item::Unread {
                    declaration,
                    body,
                    error,
                })
        }
    }
}

/// The declaration and the body, if it is only the body that cannot be read; else what is wrong.
fn not_a_function(item: ParseStream) -> syn::Result<(TokenStream, TokenStream)> {
    let attributes = item.call(Attribute::parse_outer)?;
    let visibility: Visibility = item.parse()?;
    let start = item.span();
    let Ok(signature) = item.parse::<Signature>() else {
        let message = "`#[scoped]` goes on a function; for a part of one, write `context! { ... }`";
        return Err(syn::Error::new(start, message));
    };
    if !item.peek(token::Brace) {
        let message = "this function has no body to scope; write `#[scoped]` where it has one";
        return Err(syn::Error::new(signature.fn_token.span, message));
    }
    let body: Group = item.parse()?;
    Ok((
        quote!(#(#attributes)* #visibility #signature),
        body.stream(),
    ))
}
