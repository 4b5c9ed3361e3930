//! How a body ends: with a value that may be an `Err`, or not.

use syn::{
    Block, Expr, ExprBreak, ExprLoop, Item, Lifetime, Macro, Stmt,
    visit_mut::{self, VisitMut},
};

/// Whether the last statement gives the body its value.
///
/// It does not if it ends in `;`, if it cannot have another value than `()`, or if control never comes behind it.
/// Whatever is not recognized here counts as a value: looking at one that is no `Result` does no harm.
pub(super) fn has_value(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Expr(expr, None)) => is_value(expr),
        Some(Stmt::Macro(mac)) => mac.semi_token.is_none() && !macro_diverges(&mac.mac),
        Some(Stmt::Local(_) | Stmt::Item(_) | Stmt::Expr(_, Some(_))) | None => false,
    }
}

pub(super) fn is_value(expr: &Expr) -> bool {
    !is_unit(expr) && !is_closure(expr) && !diverges(expr)
}

fn is_unit(expr: &Expr) -> bool {
    match expr {
        Expr::ForLoop(_) | Expr::While(_) | Expr::Assign(_) => true,
        Expr::If(branch) => branch.else_branch.is_none(),
        _ => false,
    }
}

/// A closure is no `Result`, and only where it stands does it learn from its surroundings what it takes.
fn is_closure(expr: &Expr) -> bool {
    matches!(expr, Expr::Closure(_))
}

fn diverges(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Loop(repeat) => !has_break(repeat),
        Expr::Macro(mac) => macro_diverges(&mac.mac),
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if ends_in(&path.path, &["exit", "abort", "resume_unwind", "panic_any"]))
        }
        Expr::Block(block) => block.label.is_none() && block_diverges(&block.block),
        Expr::Unsafe(block) => block_diverges(&block.block),
        Expr::If(branch) => {
            block_diverges(&branch.then_branch)
                && branch
                    .else_branch
                    .as_ref()
                    .is_some_and(|(_, other)| diverges(other))
        }
        Expr::Match(choice) => {
            !choice.arms.is_empty() && choice.arms.iter().all(|arm| diverges(&arm.body))
        }
        _ => false,
    }
}

fn block_diverges(block: &Block) -> bool {
    match block.stmts.last() {
        Some(Stmt::Expr(expr, _)) => diverges(expr),
        Some(Stmt::Macro(mac)) => macro_diverges(&mac.mac),
        _ => false,
    }
}

fn macro_diverges(mac: &Macro) -> bool {
    ends_in(
        &mac.path,
        &["panic", "unreachable", "todo", "unimplemented", "bail"],
    )
}

fn ends_in(path: &syn::Path, names: &[&str]) -> bool {
    path.segments
        .last()
        .is_some_and(|segment| names.iter().any(|name| segment.ident == name))
}

/// Whether a `break` ends this `loop`, which then has a value.
fn has_break(repeat: &ExprLoop) -> bool {
    let label = repeat.label.as_ref().map(|label| &label.name);
    let mut breaks = Breaks {
        label,
        depth: 0,
        found: false,
    };
    // The visitor that only reads is a feature of syn that nothing else here needs.
    breaks.visit_block_mut(&mut repeat.body.clone());
    breaks.found
}

struct Breaks<'a> {
    label: Option<&'a Lifetime>,
    /// How many loops inside of ours the visitor is in; a `break` without a label ends the innermost.
    depth: usize,
    found: bool,
}

impl VisitMut for Breaks<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) => {
                self.depth += 1;
                visit_mut::visit_expr_mut(self, expr);
                self.depth -= 1;
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_expr_break_mut(&mut self, exit: &mut ExprBreak) {
        self.found |= match &exit.label {
            Some(label) => self.label == Some(label),
            None => self.depth == 0,
        };
        visit_mut::visit_expr_break_mut(self, exit);
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
