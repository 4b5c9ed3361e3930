//! Distinct IDs that stand for nobody: programs send them by mistake, and the service refuses to merge persons by them.

use crate::trimmed::trimmed;

/// Compared trimmed, without regard to case, and without one pair of quotes around it (CAP-120).
const ILLEGAL: [&str; 20] = [
    "0",
    "00000000-0000-0000-0000-000000000000",
    "[object object]",
    "anonymous",
    "anonymous-user",
    "backend",
    "distinct_id",
    "distinctid",
    "email",
    "false",
    "guest",
    "id",
    "nan",
    "none",
    "not_authenticated",
    "null",
    "system",
    "true",
    "undefined",
    "user",
];

/// The longest entry with its quotes; anything longer is legal without a look.
const LONGEST: usize = 38;

/// Whether `id` is one that the service refuses to merge persons by (CAP-120).
#[must_use]
pub fn is_illegal(id: &str) -> bool {
    let id = trimmed(id);
    if id.len() > LONGEST {
        return false;
    }
    let bare = ['"', '\'']
        .iter()
        .find_map(|quote| id.strip_prefix(*quote)?.strip_suffix(*quote))
        .map_or(id, trimmed);
    ILLEGAL
        .iter()
        .any(|illegal| illegal.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::{ILLEGAL, is_illegal};

    #[test]
    fn cap_120_illegal_ids_are_known_in_any_case_and_in_quotes() {
        for id in ILLEGAL {
            assert!(
                is_illegal(id)
                    && is_illegal(&id.to_uppercase())
                    && is_illegal(&format!(" '{id}' ")),
                "{id}"
            );
            assert!(is_illegal(&format!("\"{id}\"")), "{id}");
        }
        for id in ["u-1", "users", "'", "\"\"", "", "'null\""] {
            assert!(!is_illegal(id), "{id}");
        }
    }
}
