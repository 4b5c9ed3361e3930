//! What a context must not hold.

use syn::{Expr, ExprAsync, Stmt, spanned::Spanned};

use crate::errors::Errors;

/// The parts of a body that is an `async` block: the items before it, and the block.
///
/// Only items may stand before it. A statement there would run outside of the future, in a context that has already ended
/// when the future runs.
pub(super) fn async_body(body: &[Stmt], errors: &mut Errors) -> Option<(Vec<Stmt>, ExprAsync)> {
    let (Stmt::Expr(Expr::Async(block), None), before) = body.split_last()? else {
        return None;
    };
    if let Some(statement) = before
        .iter()
        .find(|statement| !matches!(statement, Stmt::Item(_)))
    {
        errors.at(
            statement.span(),
            "a statement before an `async` block runs outside of the future; \
             write it in the head: `context! { < statement; > async move { ... } }`",
        );
    }
    Some((before.to_vec(), block.clone()))
}
