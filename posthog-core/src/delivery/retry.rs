//! How long to wait before a batch is sent again, and how often.

use std::time::Duration;

/// How often to try (DLV-90).
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    pub(super) max_retries: u32,
}

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(30);

impl RetryPolicy {
    /// The wait after attempt number `attempt`, counted from 1; `None` when that was the last (DLV-90 to DLV-92).
    ///
    /// `asked` is what the server asked for. `random` lies in 0 to 1 and spreads the retries of many processes; it only
    /// ever lengthens the wait.
    pub(super) fn wait(self, attempt: u32, asked: Duration, random: f64) -> Option<Duration> {
        let wait = backoff(attempt).max(asked.min(LONGEST_DELAY));
        // A clock of the user's own may give anything.
        let random = if (0.0..=1.0).contains(&random) {
            random
        } else {
            0.0
        };
        (attempt <= self.max_retries).then(|| wait.mul_f64(1.0 + random / 4.0))
    }
}

/// The wait after that many failed attempts, without jitter (DLV-91).
pub(super) fn backoff(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    (FIRST_DELAY * (1 << doublings)).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::{RetryPolicy, backoff};
    use std::time::Duration;

    const POLICY: RetryPolicy = RetryPolicy { max_retries: 3 };

    fn wait(attempt: u32, asked: u64) -> Option<Duration> {
        POLICY.wait(attempt, Duration::from_secs(asked), 0.0)
    }

    #[test]
    fn dlv_90_attempts_are_one_more_than_retries() {
        for attempt in 1..=3 {
            assert!(wait(attempt, 0).is_some());
        }
        assert_eq!((wait(4, 0), wait(4, 5)), (None, None));
        assert_eq!(
            RetryPolicy { max_retries: 0 }.wait(1, Duration::ZERO, 0.0),
            None
        );
    }

    #[test]
    fn dlv_91_the_delay_doubles_up_to_30_seconds_and_jitter_adds_up_to_a_quarter() {
        let delays: Vec<_> = (1..=10)
            .map(|attempt| backoff(attempt).as_millis())
            .collect();
        assert_eq!(
            delays,
            [
                200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000
            ]
        );
        assert_eq!(backoff(u32::MAX), Duration::from_secs(30));
        let jittered = |random| POLICY.wait(1, Duration::ZERO, random);
        assert_eq!(
            (jittered(0.0), jittered(1.0)),
            (
                Some(Duration::from_millis(200)),
                Some(Duration::from_millis(250))
            )
        );
    }

    #[test]
    fn dlv_92_what_the_server_asks_lengthens_the_wait_up_to_30_seconds() {
        assert_eq!(wait(1, 7), Some(Duration::from_secs(7)));
        assert_eq!(wait(1, u64::MAX), Some(Duration::from_secs(30)));
        assert_eq!(wait(3, 0), Some(Duration::from_millis(800)));
    }
}
