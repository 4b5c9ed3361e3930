//! Whether a value may stand where a plan says something about it: at compile time of a literal, at run time of any other.

use super::{Scalar, Type, Types};

/// What a plan allows of a value, apart from its parts.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// The types that it may have. None: any.
    pub types: Option<Types>,
    /// The values that it may have. None: any.
    pub values: Option<&'a [Scalar]>,
}

/// Why a value is not what a plan says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It has another type.
    Type,
    /// It is none of the values that the plan lists.
    Value,
}

impl Allowed<'_> {
    /// Whether a value of that type can be what the plan says.
    #[must_use]
    pub fn allows(self, ty: Type) -> bool {
        self.types.is_none_or(|types| types.allow(ty))
    }

    /// Why that value is not what the plan says, if it is not.
    #[must_use]
    pub fn refuses(self, given: &Scalar) -> Option<Refusal> {
        if !self.allows(given.ty()) {
            return Some(Refusal::Type);
        }
        let listed = |values: &[Scalar]| values.iter().any(|value| value.equals(given));
        (!self.values.is_none_or(listed)).then_some(Refusal::Value)
    }
}
