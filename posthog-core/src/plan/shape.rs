//! What a plan says about a value, and whether a value is that.

use std::{collections::BTreeMap, fmt};

use super::types::{Type, Types};

/// What a plan says about a property, a tag, or a part of one.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Shape {
    /// What it is for.
    pub description: Option<String>,
    /// It should not be used any more.
    pub deprecated: bool,
    /// The types that it may have; those of `values` if the plan says only these. None: any.
    pub types: Option<Types>,
    /// The values that it may have. None: any.
    pub values: Option<Vec<Scalar>>,
    /// What is in it, if it is an object.
    pub fields: Option<Fields>,
    /// What each of its elements is, if it is an array.
    pub items: Option<Box<Shape>>,
}

/// What a plan says about an object: an event's properties, or a value.
#[derive(Clone, PartialEq, Debug)]
pub struct Fields {
    /// What may be in it.
    pub properties: BTreeMap<String, Shape>,
    /// What has to be in it.
    pub required: Vec<String>,
    /// Whether more may be in it than `properties`.
    pub additional: bool,
}

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
    fn equals(&self, other: &Self) -> bool {
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

/// Why a value is not what a plan says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It has another type.
    Type,
    /// It is none of the values that the plan lists.
    Value,
}

impl Shape {
    /// Whether a value of that type can be what the plan says.
    #[must_use]
    pub fn allows(&self, ty: Type) -> bool {
        self.types.is_none_or(|types| types.allow(ty))
    }

    /// Why that value is not what the plan says, if it is not.
    #[must_use]
    pub fn refuses(&self, given: &Scalar) -> Option<Refusal> {
        if !self.allows(given.ty()) {
            return Some(Refusal::Type);
        }
        let listed = |values: &Vec<Scalar>| values.iter().any(|value| value.equals(given));
        (!self.values.as_ref().is_none_or(listed)).then_some(Refusal::Value)
    }

    /// The text of the values that the plan lists.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .flatten()
            .filter_map(|value| match value {
                Scalar::Text(text) => Some(&**text),
                _ => None,
            })
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

#[cfg(test)]
mod tests {
    use super::{Listed, Refusal, Scalar, Shape};
    use crate::plan::{Type, Types};

    fn text(text: &str) -> Scalar {
        Scalar::Text(text.into())
    }

    #[test]
    fn an_integer_is_a_number_and_a_number_is_no_integer() {
        let number = Shape {
            types: Some(Types::NONE.with(Type::Number)),
            ..Shape::default()
        };
        assert_eq!(number.refuses(&Scalar::Integer(1)), None);
        assert_eq!(number.refuses(&Scalar::Number(1.5)), None);
        assert_eq!(number.refuses(&text("1")), Some(Refusal::Type));
        let integer = Shape {
            types: Some(Types::NONE.with(Type::Integer)),
            ..Shape::default()
        };
        assert_eq!(integer.refuses(&Scalar::Integer(1)), None);
        assert_eq!(integer.refuses(&Scalar::Number(1.0)), Some(Refusal::Type));
        assert_eq!(integer.refuses(&Scalar::Null), Some(Refusal::Type));
        assert_eq!(Shape::default().refuses(&Scalar::Null), None);
    }

    #[test]
    fn a_value_is_found_among_those_listed_however_a_number_is_written() {
        let listed = Shape {
            values: Some(vec![
                text("EUR"),
                Scalar::Number(1.0),
                Scalar::Integer(2),
                Scalar::Null,
            ]),
            ..Shape::default()
        };
        for given in [
            text("EUR"),
            Scalar::Integer(1),
            Scalar::Number(2.0),
            Scalar::Null,
        ] {
            assert_eq!(listed.refuses(&given), None, "{given}");
        }
        for given in [
            text("eur"),
            Scalar::Number(2.5),
            Scalar::Boolean(true),
            text("1"),
        ] {
            assert_eq!(listed.refuses(&given), Some(Refusal::Value), "{given}");
        }
        assert_eq!(
            Listed(listed.values.as_deref().unwrap_or_default()).to_string(),
            "`\"EUR\"`, `1.0`, `2`, `null`"
        );
    }
}
