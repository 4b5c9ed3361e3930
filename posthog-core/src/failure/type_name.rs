//! Types of errors as people know them.

use crate::limits;

/// The last segment of a type's path without generics, and the path before it (EXC-11, EXC-12).
pub(super) fn split(full: &str) -> (String, Option<String>) {
    let plain = pointed_at(full);
    let plain = plain.split('<').next().unwrap_or(plain);
    let cut = |text: &str| limits::cut(text, limits::EXCEPTION_TYPE_BYTES).to_owned();
    match plain.rsplit_once("::") {
        // `Error` alone says nothing.
        Some((module, "Error")) => (cut(plain), Some(module.to_owned())),
        Some((module, name)) if !name.is_empty() => (cut(name), Some(module.to_owned())),
        // Tuples, slices, pointers: no path to speak of.
        _ => (cut(if plain.is_empty() { full } else { plain }), None),
    }
}

/// Whether the type is hidden behind a pointer: `Arc<dyn Error>`.
pub(super) fn is_erased(full: &str) -> bool {
    pointed_at(full).starts_with("dyn ")
}

/// What references and smart pointers lead to: `Box<shop::PayError>` is a `shop::PayError`.
fn pointed_at(full: &str) -> &str {
    const POINTERS: [&str; 3] = ["alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];
    let mut inner = full;
    loop {
        let smart = POINTERS
            .iter()
            .find_map(|pointer| inner.strip_prefix(pointer)?.strip_suffix('>'));
        let reference = || {
            inner
                .strip_prefix("&mut ")
                .or_else(|| inner.strip_prefix('&'))
        };
        match smart.or_else(reference) {
            Some(rest) => inner = rest,
            None => return inner,
        }
    }
}

/// The name that a derived `Debug` begins with (EXC-13).
pub(super) fn leading_identifier(debug: &str) -> Option<String> {
    let end = debug
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(debug.len());
    let (name, rest) = debug.split_at(end);
    let named = name.starts_with(char::is_uppercase)
        && (rest.is_empty() || rest.starts_with([' ', '(', '{']));
    named.then(|| limits::cut(name, limits::EXCEPTION_TYPE_BYTES).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{leading_identifier, split};

    #[test]
    fn exc_11_a_known_type_is_named_by_its_last_segment() {
        let module = |text: &str| Some(text.to_owned());
        assert_eq!(
            split("shop::PayError<T>"),
            ("PayError".into(), module("shop"))
        );
        assert_eq!(
            split("shop::PayError<shop::Card, a::B>"),
            ("PayError".into(), module("shop"))
        );
        assert_eq!(
            split("std::io::error::Error"),
            ("std::io::error::Error".into(), module("std::io::error"))
        );
        assert_eq!(
            split("&shop::PayError"),
            ("PayError".into(), module("shop"))
        );
        assert_eq!(split("&str"), ("str".into(), None));
        for pointer in [
            "alloc::boxed::Box<X>",
            "&alloc::sync::Arc<X>",
            "alloc::rc::Rc<&mut X>",
        ] {
            let full = pointer.replace('X', "shop::PayError<T>");
            assert_eq!(split(&full), ("PayError".into(), module("shop")), "{full}");
        }
        assert!(super::is_erased("alloc::sync::Arc<dyn core::error::Error>"));
        assert_eq!(split("(a::B, c::D)").1, module("(a::B, c"));
    }

    #[test]
    fn exc_13_an_erased_type_is_named_by_its_debug_text() {
        for (debug, name) in [
            (
                "ParseIntError { kind: InvalidDigit }",
                Some("ParseIntError"),
            ),
            ("Io(\"x\")", Some("Io")),
            ("Timeout", Some("Timeout")),
            ("\"just text\"", None),
            ("lower case", None),
            ("Could not connect", Some("Could")),
            ("Weird-name", None),
            ("", None),
        ] {
            assert_eq!(leading_identifier(debug).as_deref(), name, "{debug}");
        }
    }
}
