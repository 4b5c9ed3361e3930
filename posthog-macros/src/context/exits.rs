//! Finds the exits of a body and has each value that leaves looked at, or its place taken down.
//!
//! Closures, `async` blocks and nested items are not entered: a `?` in there does not leave the context.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Block, Expr, ExprReturn, Ident, Item, Macro, Stmt,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

use super::{
    awaits, ending,
    nested::{self, Grammar},
    sites::Sites,
};
use crate::{errors::Errors, root::Root, spans};

pub(crate) struct Exits<'a> {
    root: &'a Root,
    way: Way<'a>,
    /// Where `.await` was found.
    awaits: &'a mut Errors,
    /// Whether something was rewritten since this was last set to `false`.
    changed: bool,
    /// Inside the arguments of a macro, which was searched for `.await` as a whole.
    in_macro: bool,
}

/// What becomes of an exit.
enum Way<'a> {
    /// Its value is looked at.
    Look {
        /// The local that holds the scope that is left.
        scope: Ident,
        sites: &'a mut Sites,
    },
    /// Its place is taken down in a local `__noted`; who looks at the value stands outside of the body.
    Note,
}

impl<'a> Exits<'a> {
    pub(crate) fn of(
        scope: Ident,
        root: &'a Root,
        sites: &'a mut Sites,
        awaits: &'a mut Errors,
    ) -> Self {
        Self {
            root,
            way: Way::Look { scope, sites },
            awaits,
            changed: false,
            in_macro: false,
        }
    }

    /// Exits whose places are taken down. `ignored` gets what they would say about `.await`.
    pub(crate) fn noting(root: &'a Root, ignored: &'a mut Errors) -> Self {
        Self {
            root,
            way: Way::Note,
            awaits: ignored,
            changed: false,
            in_macro: false,
        }
    }

    pub(crate) fn visit(&mut self, statements: &mut [Stmt]) {
        for statement in statements {
            self.visit_stmt_mut(statement);
        }
    }

    /// The last statement, whose value leaves.
    pub(crate) fn visit_value(&mut self, last: &mut Stmt) {
        self.changed = false;
        self.visit_stmt_mut(last);
        if self.changed
            && let Stmt::Expr(value, _) = last
        {
            note_branches(self.root, value);
        }
    }

    /// The operand of a `?`.
    fn tried(&mut self, operand: &TokenStream, question: Span) -> Expr {
        let here = spans::here(self.root, question);
        self.changed = true;
        let Way::Look { scope, sites } = &mut self.way else {
            let root = self.root;
            let arguments = quote_spanned!(spans::at(question)=> #operand, &__noted, #here);
            return Expr::Verbatim(spans::call(
                quote!(#root::__private::Noted::at),
                arguments,
                question,
            ));
        };
        let root = self.root.at(question);
        let site = sites.tried(question);
        Expr::Verbatim(quote_spanned! {spans::at(question)=>
            (match #root::__private::tried(&#scope, #operand, #here) { (__left, __site) => { #site = __site; __left } })
        })
    }

    /// A `return`, behind what is to be done about its value.
    fn returned(&mut self, exit: &mut ExprReturn) -> Option<Expr> {
        let value = exit.expr.as_mut()?;
        self.changed = false;
        self.visit_expr_mut(value);
        let has_exits = std::mem::replace(&mut self.changed, true);
        let span = value.span();
        if let Way::Note = self.way {
            if has_exits {
                note_branches(self.root, value);
            }
            let note = note(self.root, span);
            return Some(Expr::Verbatim(
                quote_spanned!(spans::at(span)=> { #note #exit }),
            ));
        }
        **value = Expr::Verbatim(self.passed(&value.to_token_stream(), span));
        None
    }

    /// The value of a `return`, looked at.
    fn passed(&mut self, value: &TokenStream, span: Span) -> TokenStream {
        match &mut self.way {
            Way::Look { scope, sites } => {
                let site = sites.returned(span);
                passed(self.root, scope, &site, value, span)
            }
            Way::Note => value.clone(),
        }
    }

    /// `bail!(…)` returns; called in a closure, what it returns can be looked at.
    fn bail(&mut self, mac: &Macro) -> Expr {
        let span = mac.path.span();
        if let Way::Note = self.way {
            return self.noted_before(mac, span);
        }
        let root = self.root.at(span);
        let left = quote_spanned!(spans::at(span)=> #root::__private::call(|| #mac));
        self.changed = true;
        let value = self.passed(&left, span);
        Expr::Verbatim(quote_spanned!(spans::at(span)=> return #value))
    }

    /// `ensure!(…)` returns or goes on; called in a closure, both are a `Result`.
    fn ensure(&mut self, mac: &Macro) -> Expr {
        let span = mac.path.span();
        if let Way::Note = self.way {
            return self.noted_before(mac, span);
        }
        let root = self.root.at(span);
        let outcome = quote_spanned!(spans::at(span)=> #root::__private::call(|| { #mac; #root::__private::Ok(()) }));
        let tried = self.tried(&outcome, span);
        Expr::Verbatim(quote_spanned!(spans::at(span)=> #tried?))
    }

    /// The place of a macro that may leave by itself, taken down before it does.
    fn noted_before(&mut self, mac: &Macro, span: Span) -> Expr {
        self.changed = true;
        let note = note(self.root, span);
        Expr::Verbatim(quote_spanned!(spans::at(span)=> { #note #mac }))
    }

    /// The expression that stands for a macro which leaves by itself; any other one has its arguments visited.
    fn macro_call(&mut self, mac: &mut Macro) -> Option<Expr> {
        let grammar = Grammar::of(mac);
        if !self.in_macro && !matches!(grammar, Grammar::Context) {
            awaits::in_macro(mac, self.awaits);
        }
        match grammar {
            Grammar::Bail => return Some(self.bail(mac)),
            Grammar::Ensure => return Some(self.ensure(mac)),
            Grammar::Context => self.hand_over_scope(mac),
            Grammar::Expressions => self.arguments(mac, false),
            Grammar::Properties => self.arguments(mac, true),
            Grammar::Unknown => {}
        }
        None
    }

    /// Tells a `context!` inside of this one about our scope (CTX-64): when it does not capture what leaves both, we do.
    fn hand_over_scope(&mut self, mac: &mut Macro) {
        let Way::Look { scope, .. } = &self.way else {
            return;
        };
        if nested::can_leave(mac.tokens.clone()) {
            let tokens = &mac.tokens;
            mac.tokens = quote_spanned!(spans::own()=> @ #scope #tokens);
            self.changed = true;
        }
    }

    fn arguments(&mut self, mac: &mut Macro, into_groups: bool) {
        if !nested::can_leave(mac.tokens.clone()) {
            return;
        }
        let was_in_macro = std::mem::replace(&mut self.in_macro, true);
        mac.tokens = nested::expressions(mac.tokens.clone(), into_groups, &mut |mut expr| {
            let unchanged = expr.to_token_stream();
            let changed_before = std::mem::replace(&mut self.changed, false);
            self.visit_expr_mut(&mut expr);
            let changed = self.changed;
            self.changed |= changed_before;
            if changed {
                expr.into_token_stream()
            } else {
                unchanged
            }
        });
        self.in_macro = was_in_macro;
    }
}

/// A value that leaves with exits inside that it may have passed: the place is taken down where each branch of it begins.
fn note_branches(root: &Root, value: &mut Expr) {
    match value {
        Expr::If(choice) => {
            note_end(root, &mut choice.then_branch);
            if let Some((_, other)) = &mut choice.else_branch {
                note_branches(root, other);
            }
        }
        Expr::Match(choice) => {
            for arm in &mut choice.arms {
                note_branch(root, &mut arm.body);
            }
        }
        Expr::Block(block) if block.label.is_none() => note_end(root, &mut block.block),
        Expr::Unsafe(block) => note_end(root, &mut block.block),
        _ => {}
    }
}

fn note_branch(root: &Root, value: &mut Expr) {
    match value {
        Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_) => {
            note_branches(root, value);
        }
        _ if ending::is_value(value) => {
            let note = note(root, value.span());
            *value = Expr::Verbatim(quote_spanned!(spans::own()=> { #note #value }));
        }
        _ => {}
    }
}

fn note_end(root: &Root, block: &mut Block) {
    if !ending::has_value(&block.stmts) {
        return;
    }
    let Some(mut last) = block.stmts.pop() else {
        return;
    };
    match &mut last {
        Stmt::Expr(
            value @ (Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_)),
            _,
        ) => {
            note_branches(root, value);
        }
        last => {
            let note = note(root, last.span());
            block.stmts.push(Stmt::Expr(Expr::Verbatim(note), None));
        }
    }
    block.stmts.push(last);
}

/// Takes down the place of an exit before it is evaluated.
pub(crate) fn note(root: &Root, span: Span) -> TokenStream {
    let here = spans::here(root, span);
    quote_spanned!(spans::own()=> __noted.note(#here);)
}

/// A value that leaves, looked at.
pub(crate) fn passed(
    root: &Root,
    scope: &Ident,
    site: &Ident,
    value: &TokenStream,
    span: Span,
) -> TokenStream {
    let here = spans::here(root, span);
    let root = root.at(span);
    quote_spanned!(spans::at(span)=> #root::__private::pass(&#scope, #site, #value, #here))
}

impl VisitMut for Exits<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => {}
            Expr::Await(wait) => {
                if !self.in_macro {
                    awaits::report(wait.await_token.span, self.awaits);
                }
                self.visit_expr_mut(&mut wait.base);
            }
            Expr::Try(attempt) => {
                self.visit_expr_mut(&mut attempt.expr);
                *attempt.expr =
                    self.tried(&attempt.expr.to_token_stream(), attempt.question_token.span);
            }
            Expr::Return(exit) => {
                if let Some(replacement) = self.returned(exit) {
                    *expr = replacement;
                }
            }
            Expr::Macro(call) => {
                if let Some(replacement) = self.macro_call(&mut call.mac) {
                    *expr = replacement;
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        if let Stmt::Macro(call) = statement {
            if let Some(replacement) = self.macro_call(&mut call.mac) {
                *statement = Stmt::Expr(replacement, call.semi_token);
            }
        } else {
            visit_mut::visit_stmt_mut(self, statement);
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
