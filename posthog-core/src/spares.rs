//! What is done with, and kept for what is to come.

use std::cell::RefCell;

/// What a thread keeps, so that in its steady state it allocates nothing.
pub(crate) struct Spares<T>(RefCell<Vec<T>>);

impl<T> Spares<T> {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// One of them, if there is any.
    #[inline]
    pub(crate) fn take(&self) -> Option<T> {
        self.0.try_borrow_mut().ok()?.pop()
    }

    /// Keeps one more, unless there are as many already; then nothing is made of it.
    #[inline]
    pub(crate) fn keep(&self, most: usize, spare: impl FnOnce() -> T) {
        if let Ok(mut spares) = self.0.try_borrow_mut()
            && spares.len() < most
        {
            spares.push(spare());
        }
    }
}
