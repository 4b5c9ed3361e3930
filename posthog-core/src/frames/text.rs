//! A stack that an error brought along as a [`Backtrace`], which the standard library shows as text only (EXC-61).

use super::{frame::Frame, in_app::crate_of};
use std::backtrace::{Backtrace, BacktraceStatus};

/// The frames, innermost first, without those that made the error. `None` if none were captured.
pub(super) fn frames(backtrace: &Backtrace) -> Option<Vec<Frame>> {
    if backtrace.status() != BacktraceStatus::Captured {
        return None;
    }
    let mut frames = read(&backtrace.to_string());
    let making = frames
        .iter()
        .take_while(|frame| {
            frame.function.as_deref().is_none_or(|function| {
                ["std", "core", "alloc", "backtrace", "anyhow"].contains(&crate_of(function))
            })
        })
        .count();
    frames.drain(..making);
    (!frames.is_empty()).then_some(frames)
}

/// Reads lines such as `  12: shop::charge` and `at ./src/main.rs:3:9`. A name without a number was inlined into the
/// frame that follows.
fn read(text: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(place) = line.strip_prefix("at ") {
            if let Some(frame) = frames.last_mut() {
                let (file, line, column) = place_of(place);
                *frame = Frame {
                    file: Some(file.strip_prefix("./").unwrap_or(file).to_owned()),
                    line,
                    column,
                    ..std::mem::take(frame)
                };
            }
            continue;
        }
        let numbered = line.split_once(": ").filter(|(number, _)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        let name = numbered.map_or(line, |(_, name)| name);
        if numbered.is_none()
            && let Some(inlined) = frames.last_mut()
        {
            // What stands before it at the same address was inlined into it.
            inlined.inline = true;
        }
        let known = !name.is_empty() && name != "<unknown>";
        frames.push(Frame {
            function: known.then(|| name.to_owned()),
            ..Frame::default()
        });
    }
    frames.retain(|frame| frame.function.is_some() || frame.file.is_some());
    frames
}

/// `./src/main.rs:3:9`; a path may have colons of its own.
fn place_of(place: &str) -> (&str, Option<u32>, Option<u32>) {
    let number = |text: &str| text.parse().ok();
    let Some((rest, last)) = place.rsplit_once(':') else {
        return (place, None, None);
    };
    let Some(last) = number(last) else {
        return (place, None, None);
    };
    match rest.rsplit_once(':') {
        Some((file, line)) if number(line).is_some() => (file, number(line), Some(last)),
        _ => (rest, Some(last), None),
    }
}

#[cfg(test)]
mod tests {
    use super::{place_of, read};

    #[test]
    fn exc_61_the_text_of_a_backtrace_is_read_back() {
        let frames = read(
            "   0: anyhow::error::<impl anyhow::Error>::msg\n\
             \x20            at /root/.cargo/registry/src/x/anyhow-1.0.9/src/backtrace.rs:27:14\n\
             \x20  1: shop::charge::inner\n\
             \x20            at ./src/main.rs:3:9\n\
             \x20     shop::charge\n\
             \x20            at ./src/main.rs:8:5\n\
             \x20  2: <unknown>\n\
             \x20 12: main\n",
        );
        let shown: Vec<_> = frames
            .iter()
            .map(|frame| {
                (
                    frame.function.as_deref().unwrap_or(""),
                    frame.line,
                    frame.inline,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("anyhow::error::<impl anyhow::Error>::msg", Some(27), false),
                ("shop::charge::inner", Some(3), true),
                ("shop::charge", Some(8), false),
                ("main", None, false),
            ]
        );
        assert_eq!(frames[1].file.as_deref(), Some("src/main.rs"));
    }

    #[test]
    fn exc_61_a_place_has_line_and_column_at_its_end() {
        assert_eq!(
            place_of("C:\\a\\b.rs:3:9"),
            ("C:\\a\\b.rs", Some(3), Some(9))
        );
        assert_eq!(place_of("./a.rs:3"), ("./a.rs", Some(3), None));
        assert_eq!(place_of("./a.rs"), ("./a.rs", None, None));
    }
}
