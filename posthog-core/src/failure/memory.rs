//! What was captured already.

use super::cause::{Cause, Print};
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
};

/// A point in the order of all captured failures and panics of the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Mark(u64);

static LAST: AtomicU64 = AtomicU64::new(0);

impl Mark {
    /// After everything that was captured until now.
    pub(crate) fn now() -> Self {
        Self(LAST.load(Ordering::Relaxed))
    }

    /// A new point, later than all before.
    pub(crate) fn next() -> Self {
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The errors that were captured in the scopes of a thread or future, as fingerprints: it keeps no error alive, and is
/// bounded (EXC-83).
#[derive(Clone, Default)]
pub(crate) struct FailureMemory(VecDeque<(Mark, Print)>);

const REMEMBERED: usize = 50;

impl FailureMemory {
    /// Whether one of these, an error or what caused it, was captured after `since` (EXC-80).
    pub(crate) fn knows(&self, causes: &[Cause], since: Mark) -> bool {
        let seen = self.0.iter().filter(|(mark, _)| *mark > since);
        seen.into_iter()
            .any(|(_, print)| causes.iter().any(|cause| cause.print.is_same(print)))
    }

    pub(crate) fn remember(&mut self, cause: &Cause) {
        self.push((Mark::next(), cause.print));
    }

    /// Takes over what `other` captured after `since`.
    pub(crate) fn learn(&mut self, other: &Self, since: Mark) {
        for seen in other.0.iter().filter(|(mark, _)| *mark > since) {
            self.push(*seen);
        }
    }

    /// With no scope open, only the last one is remembered (EXC-80).
    pub(crate) fn keep_last(&mut self) {
        self.0.drain(..self.0.len().saturating_sub(1));
    }

    fn push(&mut self, seen: (Mark, Print)) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(seen);
    }
}
