//! What `#[scoped]` cannot be given or written on.

use syn::{Attribute, ItemFn, Meta};

use super::parse;
use crate::{
    errors::Errors,
    options::{Options, Owner},
    root::Root,
    spans,
};

pub(super) struct Arguments {
    pub(super) options: Options,
    pub(super) root: Root,
}

pub(super) fn arguments(written: parse::Arguments, errors: &mut Errors) -> Arguments {
    let parse::Arguments { options, roots } = written;
    for (keyword, _) in roots.iter().skip(1) {
        let place = spans::place(roots[0].0.span);
        errors.at(
            keyword.span,
            format!("option `crate` is already set {place}; remove one of them"),
        );
    }
    Arguments {
        options: options.check(Owner::Scoped, errors),
        root: roots
            .first()
            .map_or_else(Root::default, |(_, path)| Root::named(path)),
    }
}

/// A context exists only while the program runs.
pub(super) fn not_const(function: &ItemFn, errors: &mut Errors) {
    if let Some(constness) = &function.sig.constness {
        let message = "a `const fn` cannot enter a context; remove `const`, or scope the function that calls it";
        errors.at(constness.span, message);
    }
}

/// A panic that cannot unwind out of a function ends the process in it, and the context never hears of it.
pub(super) fn unwinds(function: &ItemFn, errors: &mut Errors) {
    let Some(abi) = &function.sig.abi else {
        return;
    };
    let (name, span) = match &abi.name {
        Some(name) => (name.value(), name.span()),
        None => ("C".to_owned(), abi.extern_token.span),
    };
    if name != "Rust" && !name.ends_with("-unwind") {
        errors.at(
            span,
            format!(
                "a panic cannot unwind out of an `extern {name:?}` function, so its context would not see it; \
                 write `extern \"{name}-unwind\"`, or scope a function that it calls"
            ),
        );
    }
}

/// The body of a naked function is assembly and nothing else.
pub(super) fn not_naked(function: &ItemFn, errors: &mut Errors) {
    if let Some(naked) = function.attrs.iter().find(|attribute| is_naked(attribute)) {
        let message = "a naked function is assembly only and cannot enter a context; scope the function that calls it";
        errors.push(syn::Error::new_spanned(naked.path(), message));
    }
}

/// `#[naked]` or `#[unsafe(naked)]`
fn is_naked(attribute: &Attribute) -> bool {
    attribute.path().is_ident("naked")
        || (attribute.path().is_ident("unsafe")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string() == "naked"))
}
