//! What `#[scoped]` cannot be given or written on.

use syn::ItemFn;

use super::parse;
use crate::{
    errors::Errors,
    options::{Options, Owner},
    root::Root,
};

pub(super) struct Arguments {
    pub(super) options: Options,
    pub(super) root: Root,
}

pub(super) fn arguments(written: parse::Arguments, errors: &mut Errors) -> Arguments {
    let parse::Arguments { options, roots } = written;
    for (keyword, _) in roots.iter().skip(1) {
        errors.at(
            keyword.span,
            "option `crate` is already set above; remove one",
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
