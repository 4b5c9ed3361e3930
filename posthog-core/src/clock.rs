//! Time, so that tests can move it.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// Gives the time, and says how to wait for it.
pub trait Clock: Send + Sync {
    /// The time since some fixed point; it never goes back.
    fn now(&self) -> Duration;

    /// The time of day.
    fn wall(&self) -> SystemTime;

    /// How long a thread that wants to wait for `time` may sleep before it looks at the clock again; `None` if it is
    /// woken when the clock moves.
    fn sleep(&self, time: Duration) -> Option<Duration>;

    /// Calls `wake` whenever the clock was moved by hand. A clock that runs by itself need not.
    fn on_move(&self, wake: Arc<dyn Fn() + Send + Sync>);
}

/// The machine's clock.
#[derive(Debug)]
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> Option<Duration> {
        Some(time)
    }

    fn on_move(&self, _: Arc<dyn Fn() + Send + Sync>) {}
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish()
    }
}
