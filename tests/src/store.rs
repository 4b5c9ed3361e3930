//! What arrived and what was accepted, for tests to look at and wait for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::accepted::Accepted;
use crate::received::Received;

#[derive(Debug, Default)]
pub(crate) struct Store {
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Kept {
    accepted: Vec<Accepted>,
    accepted_events: usize,
    requests: Vec<Received>,
    violations: Vec<String>,
    last_number: u64,
}

impl Store {
    /// Lists the request under a new number, which is returned.
    pub(crate) fn record(&self, mut request: Received, violations: Vec<String>) -> u64 {
        let mut kept = self.kept();
        kept.last_number += 1;
        let number = kept.last_number;
        request.number = number;
        kept.requests.push(request);
        kept.violations.extend(
            violations
                .into_iter()
                .map(|violation| format!("request {number}: {violation}")),
        );
        self.changed.notify_all();
        number
    }

    /// Notes the status and keeps the events, at once, so that whoever sees the one sees the other.
    ///
    /// To be called before the answer is sent: a client that has it may ask for both immediately.
    pub(crate) fn settle(&self, number: u64, status: Option<u16>, accepted: Option<Accepted>) {
        let mut kept = self.kept();
        let mut listed = kept.requests.iter_mut().rev();
        if let Some(request) = listed.find(|request| request.number == number) {
            request.status = status;
        }
        if let Some(accepted) = accepted {
            kept.accepted_events += accepted.events().count();
            kept.accepted.push(accepted);
        }
        self.changed.notify_all();
    }

    pub(crate) fn events(&self) -> Vec<Value> {
        self.kept().events()
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.kept().requests.clone()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.kept().violations.clone()
    }

    pub(crate) fn wait_for_events(&self, n: usize, timeout: Duration) -> Vec<Value> {
        self.wait_while(timeout, |kept| kept.accepted_events < n)
            .events()
    }

    pub(crate) fn wait_for_requests(&self, n: usize, timeout: Duration) -> Vec<Received> {
        self.wait_while(timeout, |kept| kept.requests.len() < n)
            .requests
            .clone()
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        let last_number = kept.last_number;
        *kept = Kept {
            last_number,
            ..Kept::default()
        };
    }

    fn wait_while(&self, timeout: Duration, unmet: impl Fn(&Kept) -> bool) -> MutexGuard<'_, Kept> {
        let waited = self
            .changed
            .wait_timeout_while(self.kept(), timeout, |kept| unmet(kept));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn events(&self) -> Vec<Value> {
        self.accepted
            .iter()
            .flat_map(Accepted::events)
            .cloned()
            .collect()
    }
}
