//! A clock that stands still until it is moved.

use crate::clock::Clock;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// A clock for tests: it moves only when it is told to, and whoever waits for a time is woken by the move that reaches it.
pub struct TestClock(Mutex<State>);

struct State {
    now: Duration,
    start: SystemTime,
    wakers: Vec<Arc<dyn Fn() + Send + Sync>>,
}

impl TestClock {
    /// A clock that starts at that time of day.
    #[must_use]
    pub fn starting_at(start: SystemTime) -> Self {
        Self(Mutex::new(State {
            now: Duration::ZERO,
            start,
            wakers: Vec::new(),
        }))
    }

    /// Moves the clock on.
    pub fn advance(&self, time: Duration) {
        let mut state = self.lock();
        state.now += time;
        let wakers = state.wakers.clone();
        drop(state);
        for wake in wakers {
            wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.lock().now
    }

    fn wall(&self) -> SystemTime {
        let state = self.lock();
        state.start + state.now
    }

    fn sleep(&self, _: Duration) -> Option<Duration> {
        None
    }

    /// No jitter: waits are as the rules say.
    fn random(&self) -> f64 {
        0.0
    }

    fn on_move(&self, wake: Arc<dyn Fn() + Send + Sync>) {
        self.lock().wakers.push(wake);
    }
}

impl fmt::Debug for TestClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClock")
            .field("now", &self.lock().now)
            .finish_non_exhaustive()
    }
}
