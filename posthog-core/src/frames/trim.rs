//! What of a walked stack is worth sending.

use super::{frame::Frame, in_app::crate_of, path};

/// Removes what lies between the failure and the user's code at the crash-site end; frames of that kind further out stay
/// (EXC-60).
///
/// `frames` has the innermost first. Up to the first frame of somebody else's, everything down to the outermost one of the
/// SDK or of the panic machinery goes: helpers of the standard library may stand in between.
pub(super) fn crash_site(frames: &mut Vec<Frame>, panicked: bool) {
    let machinery = |frame: &Frame| is_ours(frame) || (panicked && is_panic_machinery(frame));
    let helper = |frame: &Frame| frame.function.is_none() || is_of_std(frame);
    let run = frames
        .iter()
        .take_while(|frame| machinery(frame) || helper(frame))
        .count();
    if let Some(last) = frames[..run].iter().rposition(machinery) {
        frames.drain(..=last);
    }
}

fn is_ours(frame: &Frame) -> bool {
    let function = frame.function.as_deref().unwrap_or_default();
    matches!(crate_of(function), "posthog" | "posthog_core" | "backtrace")
        || function.starts_with("std::backtrace")
        || frame.file.as_deref().is_some_and(is_our_file)
}

/// A function that was inlined may have lost its path, but never its file.
fn is_our_file(file: &str) -> bool {
    let (this, file) = (path::slashed(file!()), path::slashed(file));
    let sources = this.strip_suffix("frames/trim.rs").unwrap_or(&this);
    // `…/backtrace-0.3.77/src/…`
    let walker = file.split("/backtrace-").nth(1);
    file.contains(sources)
        || walker.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_of_std(frame: &Frame) -> bool {
    let function = frame.function.as_deref().unwrap_or_default();
    ["std", "core", "alloc"].contains(&crate_of(function))
        || function.starts_with("__rust_")
        || frame.file.as_deref().is_some_and(path::is_of_std)
}

/// Functions that lead from `panic!`, `unwrap()`, an index out of bounds and the like to the hook.
fn is_panic_machinery(frame: &Frame) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "std::panicking::",
        "core::panicking::",
        "std::panic::",
        "core::panic::",
        "std::sys::backtrace::",
        "std::sys_common::backtrace::",
        "rust_begin_unwind",
        "__rustc::rust_begin_unwind",
        "__rust_end_short_backtrace",
    ];
    const FAILING: [&str; 14] = [
        "unwrap",
        "unwrap_err",
        "expect",
        "expect_err",
        "unwrap_failed",
        "expect_failed",
        "slice_error_fail",
        "slice_error_fail_rt",
        "panic_already_borrowed",
        "panic_already_mutably_borrowed",
        "handle_error",
        "capacity_overflow",
        "index",
        "index_mut",
    ];
    let function = frame.function.as_deref().unwrap_or_default();
    if BEGINNINGS.iter().any(|start| function.starts_with(start)) {
        return true;
    }
    let name = last_segment(function);
    is_of_std(frame) && (FAILING.contains(&name) || name.ends_with("_fail"))
}

/// The name of the function itself: `unwrap` of `core::result::Result<T,E>::unwrap`, and of `unwrap<T, E>`.
fn last_segment(function: &str) -> &str {
    let name = function
        .rsplit("::")
        .find(|segment| !segment.starts_with('<'));
    let name = name.unwrap_or(function);
    name.split('<').next().unwrap_or(name)
}

/// Keeps the innermost `most` frames, cutting before a group of inlined functions rather than inside (EXC-59).
pub(super) fn innermost(frames: &mut Vec<Frame>, most: usize) {
    if frames.len() <= most {
        return;
    }
    // A group ends with the function that the others were inlined into.
    let whole = frames[..most]
        .iter()
        .rposition(|frame| !frame.inline)
        .map_or(most, |last| last + 1);
    frames.truncate(whole);
}

#[cfg(test)]
mod tests {
    use super::{Frame, crash_site, innermost};

    fn stack(functions: &[&str]) -> Vec<Frame> {
        functions
            .iter()
            .map(|function| Frame {
                function: Some((*function).to_owned()),
                ..Frame::default()
            })
            .collect()
    }

    fn left(functions: &[&str], panicked: bool) -> Vec<String> {
        let mut frames = stack(functions);
        crash_site(&mut frames, panicked);
        frames
            .into_iter()
            .filter_map(|frame| frame.function)
            .collect()
    }

    #[test]
    fn exc_60_frames_of_the_sdk_go_at_the_crash_site_and_stay_further_out() {
        let functions = [
            "backtrace::backtrace::trace",
            "posthog_core::frames::walk::walk",
            "std::panic::catch_unwind",
            "core::option::Option<T>::map",
            "__rust_try",
            "posthog_core::failure::observe_error",
            "<posthog_core::site::Failing<D> as posthog_core::site::Look<R>>::look",
            "shop::charge",
            "core::ops::function::FnOnce::call_once",
            "posthog_core::context::builder::NewContext::run",
            "shop::main",
        ];
        assert_eq!(left(&functions, false), functions[7..]);
    }

    #[test]
    fn exc_60_the_panic_machinery_goes_for_panics_only() {
        let functions = [
            "posthog_core::failure::panic::take_note",
            "std::panicking::rust_panic_with_hook",
            "std::panicking::begin_panic_handler::{{closure}}",
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "core::result::unwrap_failed",
            "core::result::Result<T,E>::unwrap",
            "shop::charge",
            "std::panicking::try",
            "shop::main",
        ];
        assert_eq!(left(&functions, true), functions[7..]);
        let indexed = [
            "core::panicking::panic_bounds_check",
            "<usize as core::slice::index::SliceIndex<[T]>>::index",
            "core::slice::index::<impl core::ops::index::Index<I> for [T]>::index",
            "<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index",
            "shop::charge",
        ];
        assert_eq!(left(&indexed, true), ["shop::charge"]);
        let handled = [
            "posthog_core::site::report",
            "core::result::Result<T,E>::map",
            "shop::main",
        ];
        assert_eq!(left(&handled, false), handled[1..]);
    }

    #[test]
    fn exc_60_an_inlined_frame_of_the_sdk_is_known_by_its_file() {
        let mut frames = stack(&[
            "trace",
            "observe_error",
            "{closure#0}<()>",
            "report<E, D>",
            "charge",
        ]);
        let here = Some(format!("/build/{}", file!()));
        let walker = "/u/.cargo/registry/src/x/backtrace-0.3.77/src/backtrace/libunwind.rs";
        frames[0].file = Some(walker.to_owned());
        frames[1].file.clone_from(&here);
        frames[2].file = Some("/rustc/59807616e1fa/library/core/src/option.rs".to_owned());
        frames[3].file = here;
        frames[4].file = Some("/build/shop/src/pay.rs".to_owned());
        crash_site(&mut frames, false);
        assert_eq!(frames.len(), 1);
    }

    #[test]
    fn exc_59_the_entry_point_side_is_cut_before_a_group_of_inlined_functions() {
        let mut frames = stack(&["a", "b", "c inlined", "c", "d"]);
        frames[2].inline = true;
        let cut = |most| {
            let mut frames = frames.clone();
            innermost(&mut frames, most);
            frames.len()
        };
        assert_eq!((cut(5), cut(4), cut(3), cut(2), cut(1)), (5, 4, 2, 2, 1));
    }
}
