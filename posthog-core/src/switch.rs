//! Properties that switch something: the service wants booleans, people write all sorts of things.

use crate::json::read;
use serde_json::Value;

/// What a value means as a switch, if anything (CAP-81).
pub(crate) fn switch_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::Number(number) => number.as_f64().map(|number| number != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// As [`switch_of`], for a value that is JSON still.
pub(crate) fn switch_of_json(json: &[u8]) -> Option<bool> {
    match json {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => switch_of(&read(json)?),
    }
}

#[cfg(test)]
mod tests {
    use super::switch_of_json;

    #[test]
    fn cap_81_what_is_no_boolean_is_read_as_one_or_left_out() {
        for (json, on) in [
            ("true", Some(true)),
            ("false", Some(false)),
            ("\" TRUE \"", Some(true)),
            ("\"1\"", Some(true)),
            ("\"False\"", Some(false)),
            ("\"0\"", Some(false)),
            ("2", Some(true)),
            ("0.0", Some(false)),
            ("\"yes\"", None),
            ("null", None),
            ("{}", None),
        ] {
            assert_eq!(switch_of_json(json.as_bytes()), on, "{json}");
        }
    }
}
