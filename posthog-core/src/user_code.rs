//! Running code that is not the SDK's own, which may panic.

use crate::failure::{Mark, panic};
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What `code` gave, or `None` if it panicked.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    let start = Mark::now();
    catch_unwind(AssertUnwindSafe(code))
        .map_err(|payload| {
            panic::forget_since(start);
            // What was panicked with may panic again when it is dropped; then it is kept for ever.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(mem::forget);
        })
        .ok()
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
