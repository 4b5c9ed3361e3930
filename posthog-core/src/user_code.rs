//! Running code that is not the SDK's own, which may panic.

use crate::failure::{Mark, panic};
use std::{
    any::Any,
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

thread_local! {
    /// How many calls of [`caught_inline`] are under way, those of [`caught`] among them.
    static CATCHING: Cell<u32> = const { Cell::new(0) };
}

/// Whether a panic of this thread will be caught by the SDK, which then says itself what that meant: it is nobody else's
/// failure.
pub(crate) fn is_catching() -> bool {
    CATCHING.try_with(Cell::get).unwrap_or(0) > 0
}

/// What `code` gave, or `None` if it panicked.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    let (mut code, mut given) = (Some(code), None);
    run(&mut || given = code.take().map(|code| code()));
    given
}

/// As [`caught_inline`], compiled once.
#[inline(never)]
fn run(code: &mut dyn FnMut()) {
    caught_inline(code);
}

/// As [`caught`], for the caller's path.
#[inline]
pub(crate) fn caught_inline<T>(code: impl FnOnce() -> T) -> Option<T> {
    let start = Mark::now();
    count(1);
    let outcome = catch_unwind(AssertUnwindSafe(code));
    count(-1);
    outcome.map_err(|payload| forget(start, payload)).ok()
}

#[inline]
fn count(by: i32) {
    let _ = CATCHING.try_with(|catching| catching.set(catching.get().wrapping_add_signed(by)));
}

#[cold]
fn forget(start: Mark, payload: Box<dyn Any + Send>) {
    panic::forget_since(start);
    // What was panicked with may panic again when it is dropped; then it is kept for ever.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(mem::forget);
}

#[cfg(test)]
mod tests {
    use super::caught;
    use std::panic::panic_any;

    struct PanicsWhenDropped;

    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic_any(Self);
        }
    }

    #[test]
    fn cap_22_no_panic_gets_out_not_even_that_of_a_payload() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| panic!("no")), None::<()>);
        assert_eq!(caught(|| panic_any(PanicsWhenDropped)), None::<()>);
    }
}
