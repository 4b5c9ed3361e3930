//! What is left of an argument that cannot be read.
//!
//! With a mistake in one argument nothing of the call runs. Its expressions are emitted all the same, where they are only
//! type-checked: the user's variables stay used, and an editor goes on showing what they are.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote_spanned;
use syn::{BinOp, Expr};

use crate::{property::Operand, spans};

/// The expressions among the arguments in `tokens`.
pub(crate) fn arguments(tokens: TokenStream) -> Vec<Operand> {
    split(tokens).into_iter().filter_map(argument).collect()
}

/// A statement that mentions the expression and does nothing.
pub(crate) fn mention(operand: &Operand) -> TokenStream {
    match operand {
        Operand::Parsed(expr) => quote_spanned!(spans::own()=> let _ = &(#expr);),
        Operand::Unparsed(raw) => quote_spanned!(spans::own()=> let _ = &(#raw);),
    }
}

fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut arguments = vec![TokenStream::new()];
    for token in tokens {
        match (&token, arguments.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                arguments.push(TokenStream::new());
            }
            (_, Some(argument)) => argument.extend([token]),
            (_, None) => {}
        }
    }
    arguments
}

/// The expression of an argument: all of it, or what stands behind its key and its sigil.
fn argument(tokens: TokenStream) -> Option<Operand> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let assign = tokens.iter().position(|token| is_punct(token, "=:"));
    let starts = [Some(0), assign.map(|at| at + 1)];
    starts.into_iter().flatten().find_map(|start| {
        let value = &tokens[start..];
        let sigils = value
            .iter()
            .take_while(|token| is_punct(token, "%?."))
            .count();
        let value = value[sigils..].iter().cloned().collect();
        of_use(syn::parse2(value).ok()?)
    })
}

/// A name alone may be the name of an option or of a property, and no variable; a literal needs no mention. What would be
/// another mistake in the place of a mention, such as a `?` where nothing can be returned, is taken off.
fn of_use(expr: Expr) -> Option<Operand> {
    match expr {
        Expr::Path(_) | Expr::Lit(_) | Expr::Let(_) => None,
        Expr::Try(attempt) => of_use(*attempt.expr),
        Expr::Await(wait) => of_use(*wait.base),
        Expr::Assign(assign) => of_use(*assign.right),
        Expr::Binary(binary) if assigns_or_compares(&binary.op) => of_use(*binary.right),
        other => Some(Operand::Parsed(other)),
    }
}

/// Written where a property was meant, `==` and `+=` would be reported a second time for what their left side is.
fn assigns_or_compares(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::Eq(_)
            | BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_)
    )
}

fn is_punct(token: &TokenTree, chars: &str) -> bool {
    matches!(token, TokenTree::Punct(punct) if chars.contains(punct.as_char()))
}
