//! Values that the text of the program already says.

use proc_macro2::Span;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp, spanned::Spanned};

use crate::property::{Operand, Value};

/// A literal as the value of something.
pub(crate) struct Literal {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

pub(crate) enum Kind {
    Text(String),
    /// In base 10.
    Integer(String),
    Bool(bool),
    /// A literal of another kind: a float, a byte string.
    Other,
}

impl Literal {
    /// The literal that an expression is. One in parentheses counts as computed, which nothing checks.
    pub(crate) fn of(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Parsed(expr) => Self::of_expr(expr),
            Operand::Unparsed(_) => None,
        }
    }

    /// The literal that is sent as it is.
    pub(crate) fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::Serialized(operand) => Self::of(operand),
            Value::Displayed(_)
            | Value::Debugged(_)
            | Value::Null(_)
            | Value::Object(..)
            | Value::Array(..) => None,
        }
    }

    pub(crate) fn of_expr(expr: &Expr) -> Option<Self> {
        let span = expr.span();
        let kind = match expr {
            // What a `macro_rules!` passes on stands in an invisible group.
            Expr::Group(group) => return Self::of_expr(&group.expr),
            Expr::Lit(ExprLit { lit, .. }) => match lit {
                Lit::Str(text) => Kind::Text(text.value()),
                Lit::Int(int) => Kind::Integer(int.base10_digits().to_owned()),
                Lit::Bool(bool) => Kind::Bool(bool.value),
                _ => Kind::Other,
            },
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr,
                ..
            }) => match Self::of_expr(expr)?.kind {
                Kind::Integer(digits) => Kind::Integer(format!("-{digits}")),
                _ => Kind::Other,
            },
            _ => return None,
        };
        Some(Self { kind, span })
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Integer(_) | Kind::Bool(_) | Kind::Other => None,
        }
    }

    pub(crate) fn is_false(&self) -> bool {
        matches!(self.kind, Kind::Bool(false))
    }
}
