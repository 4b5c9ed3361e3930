//! What was captured already.

use super::cause::{Cause, Print};
use std::sync::atomic::{AtomicU64, Ordering};

/// A point in the order of all captured failures and panics of the process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Mark(u64);

static LAST: AtomicU64 = AtomicU64::new(0);

impl Mark {
    /// After everything that was captured until now.
    #[inline]
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
pub(crate) struct FailureMemory(Vec<Seen>);

#[derive(Clone, Copy)]
struct Seen {
    mark: Mark,
    print: Print,
    by: By,
}

/// Who captured a failure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A scope, by itself.
    Scope,
    /// The application, by a call.
    Call,
}

const REMEMBERED: usize = 50;

impl FailureMemory {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether one of these, an error or what caused it, was captured after `since` (EXC-80).
    pub(crate) fn knows(&self, causes: &[Cause], since: Mark) -> bool {
        let seen = self.0.iter().filter(|seen| seen.mark > since);
        seen.into_iter().any(|seen| seen.is_of(causes))
    }

    /// Whether the last that was captured, after `since`, was this one, by a scope: then a call has nothing to add
    /// (EXC-79).
    pub(crate) fn a_scope_just_had(&self, causes: &[Cause], since: Mark) -> bool {
        self.0
            .last()
            .is_some_and(|seen| seen.by == By::Scope && seen.mark > since && seen.is_of(causes))
    }

    pub(crate) fn remember(&mut self, cause: &Cause, by: By) {
        self.push(Seen {
            mark: Mark::next(),
            print: cause.print,
            by,
        });
    }

    /// Takes over what `other` captured after `since`.
    pub(crate) fn learn(&mut self, other: &Self, since: Mark) {
        for seen in other.0.iter().filter(|seen| seen.mark > since) {
            self.push(*seen);
        }
    }

    /// With no scope open, only the last one is remembered (EXC-80).
    pub(crate) fn keep_last(&mut self) {
        if self.has_several() {
            self.0.drain(..self.0.len() - 1);
        }
    }

    #[inline]
    pub(crate) fn has_several(&self) -> bool {
        self.0.len() > 1
    }

    /// Forgets the last one: with no scope open, a match uses it up (EXC-80).
    pub(crate) fn forget_last(&mut self) {
        self.0.pop();
    }

    fn push(&mut self, seen: Seen) {
        if self.0.len() >= REMEMBERED {
            self.0.remove(0);
        }
        self.0.push(seen);
    }
}

impl Seen {
    fn is_of(&self, causes: &[Cause]) -> bool {
        causes.iter().any(|cause| cause.print.is_same(&self.print))
    }
}
