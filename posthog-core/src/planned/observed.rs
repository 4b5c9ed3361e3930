//! What only run time can know of a value: whether its text is one of those that the plan lists.

use crate::{
    json::{elements, read_text},
    notice,
    plan::{Allowed, Listed, Refusal, Scalar, Type, Types},
    properties::Properties,
};

/// What the plan says about one value, at one place of a program.
pub struct Expected {
    /// What it is said of: ``property `currency` of `order_processed` ``.
    pub what: &'static str,
    /// Its key.
    pub key: &'static str,
    /// [`Types::bits`]; 0 if any type will do.
    pub types: u8,
    /// The values that it may have, as a JSON array; empty if any will do.
    pub values: &'static str,
    /// The file, line and column.
    pub place: &'static str,
}

impl Properties {
    /// Warns once for each place where what was written is not what the plan says. The value itself is in no log
    /// (DLV-144).
    #[doc(hidden)]
    pub fn observe(&self, expected: &Expected) {
        let Some(given) = self.json_of(expected.key) else {
            return;
        };
        let types = Types::from_bits(expected.types);
        let values = expected.values();
        let allowed = Allowed {
            types: (!types.is_empty()).then_some(types),
            values: (!values.is_empty()).then_some(&values),
        };
        let Expected { what, place, .. } = expected;
        let found = match scalar(given) {
            Ok(scalar) => (allowed.refuses(&scalar), scalar.ty()),
            Err(ty) if allowed.values.is_some() => (Some(Refusal::Value), ty),
            Err(ty) => ((!allowed.allows(ty)).then_some(Refusal::Type), ty),
        };
        match found {
            (None, _) => {}
            (Some(Refusal::Type), ty) => notice::warn_once(format_args!(
                "{what} is `{}`, and {} in the tracking plan ({place})",
                ty.name(),
                types
            )),
            (Some(Refusal::Value), _) => notice::warn_once(format_args!(
                "{what} is none of the values in the tracking plan, {} ({place})",
                Listed(&values)
            )),
        }
    }
}

impl Expected {
    fn values(&self) -> Vec<Scalar> {
        elements(self.values)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|value| scalar(value.as_bytes()).ok())
            .collect()
    }
}

/// The value that is encoded so, or the type of a container.
fn scalar(json: &[u8]) -> Result<Scalar, Type> {
    match json.first() {
        Some(b'{') => Err(Type::Object),
        Some(b'[') => Err(Type::Array),
        Some(b'"') => read_text(json).map(Scalar::Text).ok_or(Type::String),
        Some(b't') => Ok(Scalar::Boolean(true)),
        Some(b'f') => Ok(Scalar::Boolean(false)),
        Some(b'n') | None => Ok(Scalar::Null),
        Some(_) => {
            let number = std::str::from_utf8(json).ok().and_then(Scalar::number);
            number.ok_or(Type::Number)
        }
    }
}
