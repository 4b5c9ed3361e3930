//! A struct and its `#[event(…)]` attributes, as written.

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, Generics, Ident, LitStr, Path, Token, Type,
    ext::IdentExt, parse::ParseStream, spanned::Spanned,
};

use crate::{errors::Errors, property};

pub(super) struct Event {
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) options: Vec<Written>,
    pub(super) fields: Vec<WrittenField>,
}

pub(super) struct WrittenField {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) options: Vec<Written>,
}

/// One option of `#[event(…)]`.
pub(super) struct Written {
    pub(super) name: Ident,
    pub(super) setting: Setting,
}

pub(super) enum Setting {
    /// `skip`
    Bare,
    /// `name = "text"`
    Text(LitStr),
    /// `crate = path`
    Path(Path),
    /// `name = ` and something else, which is here.
    Other(Span),
}

pub(super) fn event(input: TokenStream, errors: &mut Errors) -> syn::Result<Event> {
    let input: DeriveInput = syn::parse2(input)?;
    let options = options(&input.attrs, errors);
    let fields = match input.data {
        Data::Struct(data) => match data.fields {
            Fields::Named(fields) => fields.named.into_iter().collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(fields) => {
                errors.at(
                    fields.paren_token.span.join(),
                    "a field is a property and needs a name; write `struct Name { field: Type }`",
                );
                Vec::new()
            }
        },
        Data::Enum(data) => {
            errors.at(
                data.enum_token.span,
                "`#[derive(Event)]` goes on a struct; write one for each event",
            );
            Vec::new()
        }
        Data::Union(data) => {
            errors.at(
                data.union_token.span,
                "`#[derive(Event)]` goes on a struct; write one for each event",
            );
            Vec::new()
        }
    };
    let fields = fields.into_iter().filter_map(|field| {
        let options = self::options(&field.attrs, errors);
        let Field { ident, ty, .. } = field;
        Some(WrittenField {
            ident: ident?,
            ty,
            options,
        })
    });
    Ok(Event {
        ident: input.ident,
        generics: input.generics,
        options,
        fields: fields.collect(),
    })
}

fn options(attributes: &[Attribute], errors: &mut Errors) -> Vec<Written> {
    let mut all = Vec::new();
    for attribute in attributes {
        if !attribute.path().is_ident("event") {
            continue;
        }
        let options = attribute.parse_args_with(|input: ParseStream| {
            property::parse::list(input, errors, |input, _| option(input))
        });
        match options {
            Ok(options) => all.extend(options),
            Err(error) if attribute.meta.require_list().is_ok() => errors.push(error),
            Err(_) => errors.at(
                attribute.path().span(),
                "options stand in parentheses; write `#[event(name = \"order_processed\")]`",
            ),
        }
    }
    all
}

fn option(input: ParseStream) -> syn::Result<Written> {
    let name = input.call(Ident::parse_any)?;
    if !property::parse::assigns(input) {
        return Ok(Written {
            name,
            setting: Setting::Bare,
        });
    }
    input.parse::<Token![=]>()?;
    let setting = if input.peek(LitStr) {
        Setting::Text(input.parse()?)
    } else if name == "crate" {
        Setting::Path(input.call(Path::parse_mod_style)?)
    } else {
        Setting::Other(property::parse::operand(input)?.span())
    };
    Ok(Written { name, setting })
}
