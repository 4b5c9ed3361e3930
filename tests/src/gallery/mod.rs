//! Forty ways to fail, for a test that says exactly what is reported of each, and for an example that shows it as a
//! person reads it in error tracking.

mod contexts;
mod errors;
mod futures;
mod panics;
mod shown;

use posthog::testing::record;
pub use shown::shown;

/// One way to fail.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// What it shows.
    pub title: &'static str,
    run: fn(),
}

impl Failure {
    /// Fails, and gives what was captured of it.
    #[must_use]
    pub fn captured(&self) -> Vec<posthog::CapturedEvent> {
        record(self.run)
    }
}

/// All of them.
pub fn failures() -> impl Iterator<Item = Failure> {
    [errors::ALL, contexts::ALL, futures::ALL, panics::ALL]
        .into_iter()
        .flatten()
        .map(|(title, run)| Failure { title, run: *run })
}
