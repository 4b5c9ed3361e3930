//! Values without parts, as a plan lists them and as a program has them.

use std::fmt;

use super::types::Type;

/// A value that a plan lists, or that a program has.
#[derive(Clone, PartialEq, Debug)]
pub enum Scalar {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A number of an integer type.
    Integer(i128),
    /// Another number.
    Number(f64),
    /// A string.
    Text(String),
}

impl Scalar {
    /// The type that it has.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Boolean(_) => Type::Boolean,
            Self::Integer(_) => Type::Integer,
            Self::Number(_) => Type::Number,
            Self::Text(_) => Type::String,
        }
    }

    /// The number that is written as `text`, in a plan or as JSON.
    #[must_use]
    pub fn number(text: &str) -> Option<Self> {
        match text.parse() {
            Ok(integer) => Some(Self::Integer(integer)),
            Err(_) => text.parse().ok().map(Self::Number),
        }
    }

    /// Whether it is the same value: `1.0` is 1.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(integer), Self::Number(number))
            | (Self::Number(number), Self::Integer(integer)) => {
                // Exact: a number with a fraction is written with one, and others are integers.
                integer.to_string() == number.to_string()
            }
            (one, other) => one == other,
        }
    }
}

/// As it is written in a program.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// The values of a plan as a list: `` `"EUR"`, `"USD"` ``.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a>(pub &'a [Scalar]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().take(MOST_LISTED).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}`{value}`")?;
        }
        match self.0.len().saturating_sub(MOST_LISTED) {
            0 => Ok(()),
            more => write!(f, " or {more} more"),
        }
    }
}

/// So many values are listed in a message.
const MOST_LISTED: usize = 12;
