//! How bad a failure is.

use crate::{levels, notice::say};

/// How bad a failure is, as error tracking shows it (EXC-33).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Level {
    /// Of use to whoever looks for it.
    Debug,
    /// Worth knowing.
    Info,
    /// A line of a log.
    Log,
    /// Something may be wrong.
    Warning,
    /// Something went wrong: what a failure is unless said otherwise.
    Error,
    /// The program ends.
    Fatal,
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Log => "log",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level of that name, or of one that other systems call it, without regard to case.
    fn named(name: &str) -> Option<Self> {
        Some(match levels::level(name)? {
            "fatal" => Self::Fatal,
            "error" => Self::Error,
            "warning" => Self::Warning,
            "log" => Self::Log,
            "info" => Self::Info,
            _ => Self::Debug,
        })
    }
}

/// What can be a level: a [`Level`], or text such as `"warning"`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the level of a failure",
    label = "is no `Level` and no text",
    note = "write `posthog::Level::Warning`, or text: `\"warning\"`"
)]
pub trait ToLevel {
    /// The level, or `None` where the text names none.
    fn to_level(&self) -> Option<Level>;
}

impl ToLevel for Level {
    fn to_level(&self) -> Option<Level> {
        Some(*self)
    }
}

impl ToLevel for str {
    /// `critical`, `alert` and `emergency` are fatal, `warn` a warning, `notice` an info, `trace` a debug (EXC-33).
    fn to_level(&self) -> Option<Level> {
        let level = Level::named(self);
        if level.is_none() {
            say!(
                Debug,
                "the level of a failure is left as it is: `{self}` names none"
            );
        }
        level
    }
}

impl ToLevel for String {
    fn to_level(&self) -> Option<Level> {
        self.as_str().to_level()
    }
}

impl<T: ToLevel + ?Sized> ToLevel for &T {
    fn to_level(&self) -> Option<Level> {
        (**self).to_level()
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, ToLevel};

    #[test]
    fn exc_33_levels_are_read_without_regard_to_case_and_by_their_other_names() {
        for (text, level) in [
            ("fatal", Some(Level::Fatal)),
            ("Critical", Some(Level::Fatal)),
            ("ALERT", Some(Level::Fatal)),
            ("emergency", Some(Level::Fatal)),
            ("error", Some(Level::Error)),
            ("warn", Some(Level::Warning)),
            ("Warning", Some(Level::Warning)),
            ("log", Some(Level::Log)),
            ("notice", Some(Level::Info)),
            ("info", Some(Level::Info)),
            ("trace", Some(Level::Debug)),
            ("debug", Some(Level::Debug)),
            ("terrible", None),
            ("", None),
        ] {
            assert_eq!(text.to_level(), level, "{text}");
        }
        assert_eq!(
            <&Level as ToLevel>::to_level(&&Level::Log),
            Some(Level::Log)
        );
        assert_eq!(String::from("info").to_level(), Some(Level::Info));
    }
}
