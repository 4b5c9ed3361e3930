//! Which clients live. Two for one project double the workers and mix up the order of events, mostly by oversight.

use crate::{host::Host, key::ApiKey, notice::say};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{LazyLock, Mutex, PoisonError},
};

/// How many clients live for each key and host, which are kept as a hash only.
static LIVE: LazyLock<(RandomState, Mutex<HashMap<u64, usize>>)> = LazyLock::new(Default::default);

/// Counts a client while it lives.
pub(super) struct Live(u64);

impl Live {
    /// Counts a client; a second one for the same project is worth a warning (CAP-7).
    pub(super) fn register(key: &ApiKey, host: &Host) -> Self {
        let (hasher, counts) = &*LIVE;
        let project = hasher.hash_one((key.expose(), host.base()));
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(project).or_default();
        *count += 1;
        let second = *count == 2;
        drop(counts);
        if second {
            say!(
                Warn,
                "a second client was made for the same project: share one, it is cheap to clone"
            );
        }
        Self(project)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let mut counts = LIVE.1.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.0);
            }
        }
    }
}
