//! `capture!`: one event.

mod check;
mod expand;
mod options;
mod parse;

use proc_macro2::{Span, TokenStream};
use syn::{Expr, ExprLit, Lit, LitStr};

use self::check::{Capture, Step};
use crate::{
    errors::Errors,
    plan::{self, Planned, check::Item},
    property::Operand,
};

pub(crate) fn capture(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(written) = parse::capture(input, &mut errors) else {
        return errors.to_expression();
    };
    let name = literal_name(&written.name);
    let meant = check::capture(written, &mut errors);
    let planned = name
        .map(|name| planned((&name.value(), name.span()), &meant, &mut errors))
        .unwrap_or_default();
    expand::capture(&meant, &planned, &errors)
}

/// The name, if it is a string literal. One in parentheses counts as computed, and is not checked.
fn literal_name(name: &Operand) -> Option<LitStr> {
    match name {
        Operand::Parsed(Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        })) => Some(name.clone()),
        Operand::Parsed(_) | Operand::Unparsed(_) => None,
    }
}

/// The call held to the tracking plan.
fn planned(name: (&str, Span), meant: &Capture, errors: &mut Errors) -> Planned {
    let mut items = Vec::new();
    let mut open = false;
    for step in &meant.steps {
        match step {
            Step::Property(property) => items.push(Item::of(property)),
            Step::Spread(_) => open = true,
            Step::Object { .. } | Step::Reference { .. } | Step::Switch { .. } => {}
        }
    }
    plan::check::event(name, &items, open, errors)
}
