//! A place in the source, as the compiler knows it.

use std::{borrow::Cow, panic};

/// File, line and column, and the function if a macro has told.
///
/// It needs no debug information and no walk, so it is there also in a stripped program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Location {
    pub(crate) file: Cow<'static, str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) function: Option<&'static str>,
}

impl Location {
    /// The place of a call, in a function of that name.
    pub(crate) fn of(
        at: &'static panic::Location<'static>,
        function: Option<&'static str>,
    ) -> Self {
        Self {
            file: Cow::Borrowed(at.file()),
            line: at.line(),
            column: at.column(),
            function,
        }
    }

    /// The place of a panic.
    pub(crate) fn of_panic(at: &panic::Location<'_>) -> Self {
        Self {
            file: Cow::Owned(at.file().to_owned()),
            line: at.line(),
            column: at.column(),
            function: None,
        }
    }
}
