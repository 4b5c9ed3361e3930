//! One frame, and how it stands in the event.

use super::{InApp, images::Images, path};
use crate::{json::write_text, limits};

/// A function on the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Demangled, generics and `{{closure}}` kept, without hashes (EXC-56).
    pub(super) function: Option<String>,
    /// As the debug information has it.
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    /// Inlined into the frame that stands behind it, where the innermost is first.
    pub(super) inline: bool,
    /// The address to return to, as the walk gave it.
    pub(super) address: Option<usize>,
}

impl Frame {
    /// Whether there is anything to show: a name, a file, or an address that somebody can look up (EXC-58).
    pub(super) fn says_something(&self, images: &Images) -> bool {
        self.function.is_some()
            || self.file.is_some()
            || self
                .address
                .is_some_and(|address| images.of(address).is_some())
    }

    /// How many bytes it takes up.
    #[cfg(feature = "anyhow")]
    pub(super) fn bytes(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>() + length(&self.function) + length(&self.file)
    }

    /// Writes the frame (EXC-52 to EXC-57).
    pub(super) fn write(&self, out: &mut Vec<u8>, in_app: &InApp, images: &Images) {
        let Self {
            function,
            file,
            line,
            column,
            inline,
            address,
        } = self;
        let (function, file) = (function.as_deref(), file.as_deref());
        out.extend_from_slice(br#"{"platform":"native","lang":"rust""#);
        if let Some(function) = function {
            text(out, "function", function);
            if let Some(module) = module_of(function) {
                text(out, "module", module);
            }
        }
        if let Some(file) = file {
            text(out, "filename", &path::relative(file));
        }
        for (name, number) in [("lineno", line), ("colno", column)] {
            if let Some(number) = number.filter(|number| *number > 0) {
                key(out, name);
                out.extend_from_slice(number.to_string().as_bytes());
            }
        }
        for (name, on) in [
            ("in_app", in_app.judge(file, function)),
            ("client_resolved", function.is_some() || file.is_some()),
            ("synthetic", false),
        ] {
            key(out, name);
            out.extend_from_slice(if on { b"true" } else { b"false" });
        }
        if *inline {
            out.extend_from_slice(br#","inline":true"#);
        }
        if let Some((address, image)) =
            address.and_then(|address| Some((address, images.of(address)?)))
        {
            for (name, address) in [("instruction_addr", address), ("image_addr", image.start)] {
                text(out, name, &format!("{address:#x}"));
            }
        }
        out.push(b'}');
    }
}

fn key(out: &mut Vec<u8>, name: &str) {
    out.push(b',');
    write_text(out, name);
    out.push(b':');
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    key(out, name);
    write_text(out, limits::cut(value, limits::FRAME_TEXT_BYTES));
}

/// The path of the module that a function belongs to: that of `<shop::Order as Display>::fmt` is `shop`.
fn module_of(function: &str) -> Option<&str> {
    let bare = function.trim_start_matches(['<', '&']);
    // The path ends where generics or a second type begin.
    let end = bare
        .find(['<', ' ', '>', '{', '(', '['])
        .unwrap_or(bare.len());
    let path = bare[..end].trim_end_matches("::");
    path.rsplit_once("::").map(|(module, _)| module)
}

#[cfg(test)]
mod tests {
    use super::{Frame, InApp, module_of};
    use crate::frames::images::Images;

    fn written(frame: &Frame) -> String {
        let mut out = Vec::new();
        frame.write(&mut out, &InApp::default(), &Images::default());
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn exc_52_platform_and_language_are_on_every_frame() {
        let frame = written(&Frame::default());
        assert!(
            frame.starts_with(r#"{"platform":"native","lang":"rust","#),
            "{frame}"
        );
    }

    #[test]
    fn exc_53_what_is_unknown_is_left_out() {
        let unknown = r#"{"platform":"native","lang":"rust","in_app":true,"client_resolved":false,"synthetic":false}"#;
        assert_eq!(written(&Frame::default()), unknown);
        let zero = Frame {
            line: Some(0),
            column: Some(0),
            ..Frame::default()
        };
        assert_eq!(written(&zero), unknown);
        let known = Frame {
            function: Some("shop::billing::charge::{{closure}}".into()),
            file: Some("/build/shop/src/billing.rs".into()),
            line: Some(88),
            column: Some(9),
            inline: true,
            address: None,
        };
        assert_eq!(
            written(&known),
            r#"{"platform":"native","lang":"rust","function":"shop::billing::charge::{{closure}}","module":"shop::billing","filename":"src/billing.rs","lineno":88,"colno":9,"in_app":true,"client_resolved":true,"synthetic":false,"inline":true}"#
        );
    }

    #[test]
    fn exc_54_in_app_and_exc_55_client_resolved_are_always_there() {
        let std = Frame {
            function: Some("std::rt::lang_start".into()),
            ..Frame::default()
        };
        let std = written(&std);
        assert!(
            std.contains(r#""in_app":false,"client_resolved":true"#),
            "{std}"
        );
    }

    #[test]
    fn exc_58_a_frame_with_nothing_to_show_is_left_out() {
        let says = |frame: Frame| frame.says_something(&Images::default());
        assert!(!says(Frame::default()));
        assert!(!says(Frame {
            address: Some(0x1000),
            ..Frame::default()
        }));
        assert!(says(Frame {
            file: Some("a.rs".into()),
            ..Frame::default()
        }));
    }

    #[test]
    fn exc_71_an_address_without_an_image_is_not_sent() {
        let frame = Frame {
            address: Some(0x1000),
            ..Frame::default()
        };
        assert!(!written(&frame).contains("addr"));
    }

    #[test]
    fn exc_53_the_module_is_the_path_before_the_function() {
        for (function, module) in [
            ("shop::billing::charge", Some("shop::billing")),
            ("shop::billing::charge::{{closure}}", Some("shop::billing")),
            ("<shop::Order as core::fmt::Display>::fmt", Some("shop")),
            ("shop::run<alloc::string::String>", Some("shop")),
            (
                "<&shop::pay::Order as core::fmt::Debug>::fmt",
                Some("shop::pay"),
            ),
            ("main", None),
        ] {
            assert_eq!(module_of(function), module, "{function}");
        }
    }
}
