//! Finds the exits of a body and has each value that leaves looked at.
//!
//! Closures, `async` blocks and nested items are not entered: a `?` in there does not leave the context.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{
    Expr, Ident, Item, Macro, Stmt,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

use super::{
    awaits,
    nested::{self, Grammar},
    sites::Sites,
};
use crate::{errors::Errors, root::Root, spans};

pub(crate) struct Exits<'a> {
    root: &'a Root,
    /// The local that holds the scope that is left.
    scope: Ident,
    sites: &'a mut Sites,
    /// Where `.await` was found.
    awaits: &'a mut Errors,
    /// Whether something was rewritten since this was last set to `false`.
    changed: bool,
    /// Inside the arguments of a macro, which was searched for `.await` as a whole.
    in_macro: bool,
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
            scope,
            sites,
            awaits,
            changed: false,
            in_macro: false,
        }
    }

    pub(crate) fn visit(&mut self, statements: &mut [Stmt]) {
        for statement in statements {
            self.visit_stmt_mut(statement);
        }
    }

    /// The operand of a `?`, looked at.
    fn tried(&mut self, operand: &TokenStream, question: Span) -> Expr {
        let root = self.root.at(question);
        let scope = &self.scope;
        let site = self.sites.tried(question);
        self.changed = true;
        Expr::Verbatim(quote_spanned! {spans::at(question)=>
            (match #root::__private::tried(&#scope, #operand) { (__left, __site) => { #site = __site; __left } })
        })
    }

    /// The value of a `return`, looked at.
    fn returned(&mut self, value: &TokenStream, span: Span) -> Expr {
        let root = self.root.at(span);
        let scope = &self.scope;
        let site = self.sites.returned(span);
        self.changed = true;
        Expr::Verbatim(
            quote_spanned!(spans::at(span)=> #root::__private::pass(&#scope, #site, #value)),
        )
    }

    /// `bail!(…)` returns; called in a closure, what it returns can be looked at.
    fn bail(&mut self, mac: &Macro) -> Expr {
        let span = mac.path.span();
        let root = self.root.at(span);
        let left = quote_spanned!(spans::at(span)=> #root::__private::call(|| #mac));
        let value = self.returned(&left, span);
        Expr::Verbatim(quote_spanned!(spans::at(span)=> return #value))
    }

    /// `ensure!(…)` returns or goes on; called in a closure, both are a `Result`.
    fn ensure(&mut self, mac: &Macro) -> Expr {
        let span = mac.path.span();
        let root = self.root.at(span);
        let outcome = quote_spanned!(spans::at(span)=> #root::__private::call(|| { #mac; #root::__private::Ok(()) }));
        let tried = self.tried(&outcome, span);
        Expr::Verbatim(quote_spanned!(spans::at(span)=> #tried?))
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
        if nested::can_leave(mac.tokens.clone()) {
            let Self { scope, .. } = self;
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
                if let Some(value) = &mut exit.expr {
                    self.visit_expr_mut(value);
                    **value = self.returned(&value.to_token_stream(), value.span());
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
