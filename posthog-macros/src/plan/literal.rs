//! What the text of a program says about a value.

use posthog_core::plan::{Scalar, Type};
use syn::{Expr, Lit, UnOp};

use crate::property::{Operand, Value};

/// What is known of a value before it is compiled.
pub(super) enum Written {
    /// The value.
    Scalar(Scalar),
    /// Its type.
    Type(Type),
    /// Nothing.
    Open,
    /// It is none yet.
    Unread,
}

pub(super) fn value(value: &Value) -> Written {
    match value {
        Value::Serialized(Operand::Parsed(expr)) => expression(expr),
        Value::Serialized(Operand::Unparsed(_)) => Written::Unread,
        Value::Displayed(_) | Value::Debugged(_) => Written::Type(Type::String),
        Value::Null(_) => Written::Scalar(Scalar::Null),
        Value::Object(..) => Written::Type(Type::Object),
        Value::Array(..) => Written::Type(Type::Array),
    }
}

fn expression(expr: &Expr) -> Written {
    match expr {
        Expr::Lit(literal) => self::literal(&literal.lit, ""),
        Expr::Paren(inner) => expression(&inner.expr),
        // A literal that a `macro_rules!` passed on.
        Expr::Group(inner) => expression(&inner.expr),
        Expr::Reference(inner) => expression(&inner.expr),
        Expr::Array(_) | Expr::Repeat(_) => Written::Type(Type::Array),
        Expr::Unary(unary) => match (&unary.op, &*unary.expr) {
            (UnOp::Neg(_), Expr::Lit(literal)) => self::literal(&literal.lit, "-"),
            _ => Written::Open,
        },
        _ => Written::Open,
    }
}

fn literal(literal: &Lit, sign: &str) -> Written {
    let number = |digits: &str, otherwise| {
        Scalar::number(&format!("{sign}{digits}")).map_or(Written::Type(otherwise), Written::Scalar)
    };
    match literal {
        Lit::Str(text) => Written::Scalar(Scalar::Text(text.value())),
        Lit::Char(character) => Written::Scalar(Scalar::Text(character.value().to_string())),
        Lit::Bool(boolean) => Written::Scalar(Scalar::Boolean(boolean.value)),
        // `2.0` and `2f64` are numbers, whatever their value.
        Lit::Int(integer) if integer.suffix().starts_with('f') => Written::Type(Type::Number),
        Lit::Int(integer) => number(integer.base10_digits(), Type::Integer),
        Lit::Float(float) => {
            float
                .base10_parse::<f64>()
                .map_or(Written::Type(Type::Number), |value| {
                    let value = if sign.is_empty() { value } else { -value };
                    Written::Scalar(Scalar::Number(value))
                })
        }
        _ => Written::Open,
    }
}
