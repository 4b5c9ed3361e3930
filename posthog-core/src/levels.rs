//! The names of levels, those of other systems among them (EXC-33).

/// What error tracking calls a level, by each name that it is known by.
const NAMES: [(&str, &str); 12] = [
    ("fatal", "fatal"),
    ("critical", "fatal"),
    ("alert", "fatal"),
    ("emergency", "fatal"),
    ("error", "error"),
    ("warning", "warning"),
    ("warn", "warning"),
    ("log", "log"),
    ("info", "info"),
    ("notice", "info"),
    ("debug", "debug"),
    ("trace", "debug"),
];

/// The level of that name, without regard to case.
#[must_use]
pub fn level(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let of = |(known, _): &&(&str, &str)| name.eq_ignore_ascii_case(known);
    NAMES.iter().find(of).map(|(_, level)| *level)
}

/// Whether that is the name of a level.
#[must_use]
pub fn is_one(name: &str) -> bool {
    level(name).is_some()
}
