//! Requests that wait for a test: the moment "in flight", held as long as needed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Holds requests between their arrival and their answer. Made by [`LocalPostHog::hold`](crate::LocalPostHog::hold);
/// opens when dropped.
#[derive(Debug)]
pub struct Gate {
    latch: Arc<Latch>,
}

impl Gate {
    pub(crate) fn new(latch: Arc<Latch>) -> Self {
        Self { latch }
    }

    /// Waits until `n` requests stand at the gate, and tells whether they do; `false` after `timeout`.
    ///
    /// A request whose client gives up leaves the gate again.
    #[must_use]
    pub fn wait_until_held(&self, n: usize, timeout: Duration) -> bool {
        let held = self.latch.held();
        let waited = self
            .latch
            .changed
            .wait_timeout_while(held, timeout, |held| *held < n);
        let (held, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *held >= n
    }

    /// Lets the held requests and all that come later pass.
    pub fn open(&self) {
        self.latch.open.send_replace(true);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

#[derive(Debug, Default)]
pub(crate) struct Latch {
    held: Mutex<usize>,
    changed: Condvar,
    open: watch::Sender<bool>,
}

impl Latch {
    pub(crate) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    pub(crate) async fn pass(&self) {
        let mut open = self.open.subscribe();
        let _here = Here::enter(self);
        let _ = open.wait_for(|open| *open).await; // looks at the present value first
    }

    fn held(&self) -> MutexGuard<'_, usize> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request at the gate; leaves also when the request is abandoned.
struct Here<'a>(&'a Latch);

impl<'a> Here<'a> {
    fn enter(latch: &'a Latch) -> Self {
        *latch.held() += 1;
        latch.changed.notify_all();
        Self(latch)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        *self.0.held() -= 1;
        self.0.changed.notify_all();
    }
}
