//! `key = value`: what `capture!`, `tag!` and `tags(…)` have in common.

pub(crate) mod check;
pub(crate) mod expand;
mod lookahead;
pub(crate) mod parse;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, spanned::Spanned};

/// A key and its value, as written: in `k = v` as well as in a JSON literal.
pub(crate) struct Property {
    pub(crate) key: Key,
    pub(crate) value: Value,
}

impl Property {
    /// Every expression in it, in the order of evaluation.
    pub(crate) fn for_each_operand(&mut self, change: &mut dyn FnMut(&mut Operand)) {
        if let Key::Computed(operand) = &mut self.key {
            change(operand);
        }
        self.value.for_each_operand(change);
    }
}

pub(crate) enum Key {
    /// The text of the program says the name: `total`, `"total"`, `$current_url`.
    Named {
        name: String,
        span: Span,
        /// The identifier, if it is nothing else: it can then be a variable, or the name of an option.
        bare: Option<Ident>,
    },
    /// `(expr)`
    Computed(Operand),
}

pub(crate) enum Value {
    /// `expr`, sent as its `Serialize` says
    Serialized(Operand),
    /// `%expr`, sent as its `Display` text
    Displayed(Operand),
    /// `?expr`, sent as its `Debug` text
    Debugged(Operand),
    /// `null`
    Null(Span),
    /// `{ "key": value }`
    Object(Span, Vec<Property>),
    /// `[value, value]`, if it is more than an array of Rust
    Array(Span, Vec<Value>),
}

impl Value {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Serialized(operand) | Self::Displayed(operand) | Self::Debugged(operand) => {
                operand.span()
            }
            Self::Null(span) | Self::Object(span, _) | Self::Array(span, _) => *span,
        }
    }

    /// Every expression in it, in the order of evaluation.
    pub(crate) fn for_each_operand(&mut self, change: &mut dyn FnMut(&mut Operand)) {
        match self {
            Self::Serialized(operand) | Self::Displayed(operand) | Self::Debugged(operand) => {
                change(operand);
            }
            Self::Null(_) => {}
            Self::Object(_, entries) => entries
                .iter_mut()
                .for_each(|entry| entry.for_each_operand(change)),
            Self::Array(_, elements) => elements
                .iter_mut()
                .for_each(|element| element.for_each_operand(change)),
        }
    }
}

/// An expression of the user.
pub(crate) enum Operand {
    Parsed(Expr),
    /// Tokens that are no expression yet (`order.`). They go out as they are: the compiler's message about them is better
    /// than ours, and an editor completes what is being typed.
    Unparsed(TokenStream),
}

impl Operand {
    pub(crate) fn span(&self) -> Span {
        match self {
            // Most operands are one token. Else every token is written down to find the first and the last.
            Self::Parsed(Expr::Lit(literal)) => literal.lit.span(),
            Self::Parsed(Expr::Path(path)) if path.path.get_ident().is_some() => {
                path.path.segments[0].ident.span()
            }
            Self::Parsed(expr) => {
                // What a `macro_rules!` passes on stands in an invisible group, which has the span of the `$value`.
                let mut expr = expr;
                while let Expr::Group(group) = expr {
                    expr = &group.expr;
                }
                expr.span()
            }
            Self::Unparsed(tokens) => tokens.span(),
        }
    }

    /// Whether it is written as an array.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self, Self::Parsed(Expr::Array(_) | Expr::Repeat(_)))
    }

    /// Leaves nothing behind.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Unparsed(TokenStream::new()))
    }

    /// The text, if it is a string literal, perhaps one that a `macro_rules!` passed on.
    pub(crate) fn as_text(&self) -> Option<&LitStr> {
        let Self::Parsed(expr) = self else {
            return None;
        };
        let mut expr = expr;
        while let Expr::Group(group) = expr {
            expr = &group.expr;
        }
        match expr {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text),
            _ => None,
        }
    }

    /// The same expression for a place where the user's parentheses would be reported as superfluous.
    pub(crate) fn without_parentheses(self) -> Self {
        match self {
            Self::Parsed(Expr::Paren(paren)) => Self::Parsed(*paren.expr),
            other => other,
        }
    }
}

impl ToTokens for Operand {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Parsed(expr) => expr.to_tokens(tokens),
            Self::Unparsed(raw) => raw.to_tokens(tokens),
        }
    }
}
