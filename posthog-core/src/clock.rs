//! Time, so that tests can move it.

use crate::fresh_uuid::fresh_uuid;
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

    /// A number from 0 to 1, which spreads the retries of many processes.
    fn random(&self) -> f64;

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

    fn random(&self) -> f64 {
        // The last bytes of a UUID are random.
        let [.., a, b, c] = fresh_uuid().into_bytes();
        f64::from(u32::from_be_bytes([0, a, b, c])) / f64::from(0x00FF_FFFF_u32)
    }

    fn on_move(&self, _: Arc<dyn Fn() + Send + Sync>) {}
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish()
    }
}
