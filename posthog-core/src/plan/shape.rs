//! What a plan says about a value and its parts.

use std::collections::BTreeMap;

use super::{Allowed, Refusal, Scalar, Type, Types};

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

impl Shape {
    /// What it allows of the value itself.
    #[must_use]
    pub fn allowed(&self) -> Allowed<'_> {
        Allowed {
            types: self.types,
            values: self.values.as_deref(),
        }
    }

    /// Whether a value of that type can be what the plan says.
    #[must_use]
    pub fn allows(&self, ty: Type) -> bool {
        self.allowed().allows(ty)
    }

    /// Why that value is not what the plan says, if it is not.
    #[must_use]
    pub fn refuses(&self, given: &Scalar) -> Option<Refusal> {
        self.allowed().refuses(given)
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

#[cfg(test)]
mod tests {
    use crate::plan::{Listed, Refusal, Scalar, Shape, Type, Types};

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
