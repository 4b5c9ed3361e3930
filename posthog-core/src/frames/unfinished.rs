//! A stack on its way into its event.

use super::{
    InApp, Location,
    frame::Frame,
    images::Images,
    path,
    splice::{exceeds, with_stack},
    symbols, trim,
};
use crate::{limits, threads, user_code::caught};
use std::{sync::Arc, time::Duration};

/// What is known of where a failure happened, before names are looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    /// Innermost first.
    addresses: Box<[usize]>,
    /// The place that the compiler knows.
    location: Option<Location>,
    panicked: bool,
    /// The stack that an error brought along, innermost first: it stands instead of the walked one (EXC-61).
    #[cfg(feature = "anyhow")]
    own: Vec<Frame>,
}

impl Stack {
    /// Walks the stack of this thread, up to a failure at `location`.
    pub(crate) fn walked(location: Option<Location>, panicked: bool) -> Self {
        Self {
            addresses: symbols::walk(),
            location,
            panicked,
            #[cfg(feature = "anyhow")]
            own: Vec::new(),
        }
    }

    /// The stack that an error brought along; `None` if it has none.
    #[cfg(feature = "anyhow")]
    pub(crate) fn brought(backtrace: &std::backtrace::Backtrace) -> Option<Self> {
        let own = super::text::frames(backtrace)?;
        Some(Self {
            own,
            ..Self::default()
        })
    }

    /// Whether there is anything to send.
    pub(crate) fn is_empty(&self) -> bool {
        #[cfg(feature = "anyhow")]
        if !self.own.is_empty() {
            return false;
        }
        self.addresses.is_empty() && self.location.is_none()
    }

    /// Whether it is that of the place where the failure was seen, and not its own (EXC-31).
    pub(crate) fn is_lent(&self) -> bool {
        #[cfg(feature = "anyhow")]
        if !self.own.is_empty() {
            return false;
        }
        !self.panicked
    }

    /// How many bytes it takes up while it waits.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = size_of::<Self>() + size_of_val(&*self.addresses);
        #[cfg(feature = "anyhow")]
        let bytes = bytes + self.own.iter().map(Frame::bytes).sum::<usize>();
        bytes
    }

    /// The frames, innermost first, all that is not the user's removed at the crash site.
    fn frames(&self) -> Vec<Frame> {
        #[cfg(feature = "anyhow")]
        if !self.own.is_empty() {
            return self.own.clone();
        }
        let mut frames = Vec::new();
        for address in &self.addresses {
            frames.extend(symbols::frames_at(*address).iter().cloned());
        }
        trim::crash_site(&mut frames, self.panicked);
        if let Some(location) = &self.location {
            if !self.panicked && is_called_by_others(&frames, location) {
                frames.insert(0, known(location));
            } else {
                locate(&mut frames, location);
            }
        }
        frames
    }

    /// The frames without a look-up: the place that the compiler knows.
    fn without_names(&self) -> Self {
        Self {
            addresses: Box::default(),
            ..self.clone()
        }
    }

    /// Whether a look-up will find everything at hand.
    fn has_names(&self) -> bool {
        self.addresses
            .iter()
            .all(|address| symbols::knows(*address))
    }
}

/// Whether nobody but the likes of an executor is on the stack of a failure in the user's code: a future of the SDK's that
/// they poll has the user's inside, and that one has ended.
fn is_called_by_others(frames: &[Frame], location: &Location) -> bool {
    let file = frames.first().and_then(|frame| frame.file.as_deref());
    file.is_some_and(path::is_foreign) && !path::is_foreign(&location.file)
}

/// A frame of the place that the compiler knows.
fn known(location: &Location) -> Frame {
    let Location {
        file,
        line,
        column,
        function,
    } = location;
    Frame {
        function: function.map(|function| plain(function).to_owned()),
        file: Some(file.clone().into_owned()),
        line: Some(*line),
        column: Some(*column),
        ..Frame::default()
    }
}

/// Adds what the compiler knows of the crash site: all of it where nothing was walked, and file and line where the program
/// has no debug information.
fn locate(frames: &mut Vec<Frame>, location: &Location) {
    let Location { file, function, .. } = location;
    let known = known(location);
    match frames.first_mut() {
        None => frames.push(known),
        // The compiler knows the very `?`, the debug information perhaps no more than the function.
        Some(frame @ Frame { file: Some(_), .. }) => {
            if frame
                .file
                .as_deref()
                .is_some_and(|walked| is_same_file(walked, file))
            {
                (frame.line, frame.column) = (known.line, known.column);
                // Debug information of lines only has closures without the path that they belong to.
                if frame
                    .function
                    .as_deref()
                    .is_some_and(|walked| walked.starts_with('{'))
                {
                    frame.function = known.function.or(frame.function.take());
                }
            }
        }
        // The function was inlined, and nothing says so but the place.
        Some(Frame {
            function: Some(walked),
            address,
            ..
        }) if function.is_some_and(|function| !is_in(walked, plain(function))) => {
            let inlined = Frame {
                inline: true,
                address: *address,
                ..known
            };
            frames.insert(0, inlined);
        }
        Some(frame) => {
            *frame = Frame {
                function: frame.function.take().or(known.function),
                inline: frame.inline,
                address: frame.address,
                ..known
            };
        }
    }
}

/// The function without the closures in it.
fn plain(function: &str) -> &str {
    function.split("::{{closure}}").next().unwrap_or(function)
}

/// Whether a walked function is that function, or a closure in it.
fn is_in(walked: &str, function: &str) -> bool {
    walked
        .strip_prefix(function)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with('<'))
}

/// Whether the debug information, which has whole paths, and the compiler, which has them from where it was started, mean
/// one file.
fn is_same_file(walked: &str, known: &str) -> bool {
    let (walked, known) = (path::slashed(walked), path::slashed(known));
    walked == known || walked.ends_with(&format!("/{known}"))
}

/// What a client says about frames.
#[derive(Clone, Debug)]
pub(crate) struct FrameRules {
    pub(crate) in_app: InApp,
    pub(crate) max_event_bytes: usize,
}

/// A stack whose event is complete but for it.
#[derive(Debug)]
pub(crate) struct Unfinished {
    pub(crate) stack: Stack,
    pub(crate) rules: Arc<FrameRules>,
}

impl Unfinished {
    /// As [`Self::finish`], for a thread that cannot wait for long: what is not looked up in time is left out, and the
    /// stack is the place that the compiler knows (EXC-65).
    pub(crate) fn finish_within(&self, json: Vec<u8>, time: Duration) -> Vec<u8> {
        if self.stack.has_names() {
            return self.finish(json);
        }
        let whole = Self {
            stack: self.stack.clone(),
            rules: Arc::clone(&self.rules),
        };
        let unfinished = json.clone();
        // Where nobody waits any more, the names are remembered for the next time.
        let looking_up = threads::within("posthog-symbols", time, move || whole.finish(unfinished));
        match looking_up {
            Ok(Some(finished)) => finished,
            _ => Self {
                stack: self.stack.without_names(),
                rules: Arc::clone(&self.rules),
            }
            .finish(json),
        }
    }

    /// The event with its stack: of 64 frames, or of 16 where that is too large, or without one (EXC-59, EXC-96).
    ///
    /// It looks names up, which can take long, and so is not for the thread that captures, unless a hook has to see them.
    pub(crate) fn finish(&self, json: Vec<u8>) -> Vec<u8> {
        // What reads debug information may stumble over it; that costs the stack and not the event (DLV-36).
        caught(|| self.finished(&json)).flatten().unwrap_or(json)
    }

    fn finished(&self, json: &[u8]) -> Option<Vec<u8>> {
        let mut frames = self.stack.frames();
        let images = Images::loaded();
        frames.retain(|frame| frame.says_something(&images));
        for most in [limits::FRAMES, limits::FRAMES_IF_LARGE] {
            trim::innermost(&mut frames, most);
            let Some(finished) = self.with(json, &frames, &images) else {
                continue;
            };
            let added = finished.len().saturating_sub(json.len());
            if added <= limits::STACK_BYTES && !exceeds(&finished, self.rules.max_event_bytes) {
                return Some(finished);
            }
        }
        None
    }

    fn with(&self, json: &[u8], frames: &[Frame], images: &Images) -> Option<Vec<u8>> {
        let mut list = Vec::new();
        // The service wants the entry point first (EXC-51).
        for frame in frames.iter().rev() {
            list.push(if list.is_empty() { b'[' } else { b',' });
            frame.write(&mut list, &self.rules.in_app, images);
        }
        if list.is_empty() {
            return None;
        }
        list.push(b']');
        let addresses: Vec<usize> = frames.iter().filter_map(|frame| frame.address).collect();
        let mut loaded = Vec::new();
        images.write(&mut loaded, &addresses);
        with_stack(json, &list, &loaded)
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, FrameRules, InApp, Location, Stack, Unfinished, locate};
    use std::sync::Arc;

    fn at(function: Option<&'static str>) -> Location {
        Location {
            file: "src/pay.rs".into(),
            line: 7,
            column: 3,
            function,
        }
    }

    fn walked(function: &str, file: Option<&str>) -> Frame {
        Frame {
            function: Some(function.to_owned()),
            file: file.map(str::to_owned),
            address: Some(16),
            ..Frame::default()
        }
    }

    #[test]
    fn exc_65_without_debug_information_the_place_still_gives_file_line_and_function() {
        let mut frames = Vec::new();
        locate(&mut frames, &at(Some("shop::pay::{{closure}}")));
        assert_eq!(
            (
                frames[0].function.as_deref(),
                frames[0].file.as_deref(),
                frames[0].line
            ),
            (Some("shop::pay"), Some("src/pay.rs"), Some(7))
        );
        // A release build: names of functions, but no lines.
        let mut frames = vec![walked("shop::pay::{{closure}}", None)];
        locate(&mut frames, &at(Some("shop::pay")));
        assert_eq!(frames.len(), 1);
        assert_eq!(
            (frames[0].function.as_deref(), frames[0].line),
            (Some("shop::pay::{{closure}}"), Some(7))
        );
        // The same, and the function was inlined into its caller.
        let mut frames = vec![walked("shop::main", None)];
        locate(&mut frames, &at(Some("shop::pay")));
        assert_eq!(frames.len(), 2);
        assert_eq!(
            (frames[0].function.as_deref(), frames[0].inline),
            (Some("shop::pay"), true)
        );
        assert_eq!(frames[1], walked("shop::main", None));
        // With debug information there is the place in the function to add.
        let known = vec![walked("shop::main", Some("/build/shop/src/main.rs"))];
        let mut frames = known.clone();
        locate(&mut frames, &at(Some("shop::pay")));
        assert_eq!(frames, known, "another file");
        let mut frames = vec![walked("shop::pay", Some("/build/shop/src/pay.rs"))];
        locate(&mut frames, &at(Some("shop::pay")));
        assert_eq!((frames[0].line, frames[0].column), (Some(7), Some(3)));
    }

    #[cfg(feature = "backtrace")]
    #[test]
    fn exc_65_names_that_take_too_long_are_left_out() {
        let stack = || Stack::walked(Some(at(Some("shop::pay"))), false);
        // A look-up of another test has a walk given up.
        let walked = std::iter::repeat_with(stack).find(|stack| !stack.addresses.is_empty());
        let unfinished = Unfinished {
            stack: walked.unwrap_or_default(),
            rules: Arc::new(FrameRules {
                in_app: InApp::default(),
                max_event_bytes: 100_000,
            }),
        };
        let json = br#"{"properties":{"$exception_list":[{"type":"A"}]}}"#.to_vec();
        let held = super::symbols::hold_up();
        let finished = unfinished.finish_within(json, std::time::Duration::from_millis(1));
        drop(held);
        let finished = String::from_utf8_lossy(&finished);
        assert_eq!(
            finished.matches(r#""platform":"native""#).count(),
            1,
            "{finished}"
        );
        assert!(finished.contains(r#""function":"shop::pay""#), "{finished}");
    }

    #[cfg(feature = "anyhow")]
    #[test]
    fn dlv_1_the_frames_that_an_error_brought_along_count_in_the_queue() {
        let frame = walked(&"f".repeat(1000), Some(&"s".repeat(500)));
        let stack = Stack {
            own: vec![frame; 20],
            ..Stack::default()
        };
        assert!(stack.bytes() > 30_000);
    }

    #[test]
    fn exc_96_a_stack_that_makes_the_event_too_large_is_shortened_and_then_left_out() {
        let json = br#"{"properties":{"$exception_list":[{"type":"A"}]}}"#.to_vec();
        let finished = |max_event_bytes| {
            let unfinished = Unfinished {
                stack: Stack {
                    location: Some(at(Some("shop::pay"))),
                    ..Stack::default()
                },
                rules: Arc::new(FrameRules {
                    in_app: InApp::default(),
                    max_event_bytes,
                }),
            };
            unfinished.finish(json.clone())
        };
        assert!(finished(10_000).len() > json.len());
        assert_eq!(finished(json.len()), json);
    }
}
