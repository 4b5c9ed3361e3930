//! Which clients live. Two for one project double the workers and mix up the order of events, mostly by oversight.

use crate::{host::Host, key::ApiKey, notice::say};
use std::{
    hash::{BuildHasher, RandomState},
    sync::{LazyLock, Mutex, PoisonError},
};

/// The key and host of each client that lives, as a hash only. They are few.
static LIVE: LazyLock<(RandomState, Mutex<Vec<u64>>)> = LazyLock::new(Default::default);

/// Counts a client while it lives.
pub(super) struct Live(u64);

impl Live {
    /// Counts a client; a second one for the same project is worth a warning (CAP-7).
    pub(super) fn register(key: &ApiKey, host: &Host) -> Self {
        let (hasher, projects) = &*LIVE;
        let project = hasher.hash_one((key.expose(), host.base()));
        let mut projects = projects.lock().unwrap_or_else(PoisonError::into_inner);
        let others = projects.iter().filter(|other| **other == project).count();
        projects.push(project);
        drop(projects);
        if others == 1 {
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
        let mut projects = LIVE.1.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = projects.iter().position(|project| *project == self.0) {
            projects.swap_remove(at);
        }
    }
}
