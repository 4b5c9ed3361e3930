//! What follows an attempt to send a batch.

use super::retry_after;
use crate::transport::{Response, TransportError};
use std::time::{Duration, SystemTime};

/// How long to wait, and how often to try (DLV-90, DLV-91).
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    pub(super) max_retries: u32,
}

const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// What to do with the batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// The service has it.
    Delivered,
    /// Send it again after this time.
    Retry { after: Duration },
    /// Send it again in two halves (DLV-95).
    Split,
    /// Give it up.
    GiveUp { reason: GiveUp },
}

/// Why a batch is given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum GiveUp {
    /// The server refused it; sending again would not help.
    Refused { status: u16 },
    /// It failed in every attempt; the last answer, if one came.
    Exhausted { attempts: u32, status: Option<u16> },
}

impl RetryPolicy {
    /// Decides after attempt number `attempt`, counted from 1, of a batch of `events`.
    ///
    /// `random` lies in 0 to 1 and spreads the retries of many processes.
    pub(super) fn after(
        self,
        attempt: u32,
        events: usize,
        outcome: &Result<Response, TransportError>,
        wall: SystemTime,
        random: f64,
    ) -> Next {
        let (status, asked) = match outcome {
            Ok(response) => (Some(response.status), response.retry_after.as_deref()),
            Err(_) => (None, None),
        };
        match status {
            Some(200..=299) => return Next::Delivered,
            Some(413) if events > 1 => return Next::Split,
            Some(status) if !is_retryable(status) => {
                return Next::GiveUp {
                    reason: GiveUp::Refused { status },
                };
            }
            _ => {}
        }
        if attempt > self.max_retries {
            return Next::GiveUp {
                reason: GiveUp::Exhausted {
                    attempts: attempt,
                    status,
                },
            };
        }
        let asked = asked
            .and_then(|value| retry_after::parse(value, wall))
            .unwrap_or_default();
        Next::Retry {
            after: backoff(attempt)
                .max(asked.min(LONGEST_DELAY))
                .mul_f64(1.0 + random / 4.0),
        }
    }
}

/// The wait after that many failed attempts, before the jitter, which only ever lengthens it (DLV-91, DLV-92).
pub(super) fn backoff(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    (FIRST_DELAY * (1 << doublings)).min(LONGEST_DELAY)
}

/// Whether the service may take the same request later (DLV-96, V0).
fn is_retryable(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::{GiveUp, Next, RetryPolicy, backoff};
    use crate::transport::{Response, TransportError};
    use std::time::{Duration, SystemTime};

    const POLICY: RetryPolicy = RetryPolicy { max_retries: 3 };

    fn after(attempt: u32, events: usize, response: Response) -> Next {
        POLICY.after(attempt, events, &Ok(response), SystemTime::UNIX_EPOCH, 0.0)
    }

    #[test]
    fn dlv_90_attempts_are_one_more_than_retries() {
        for attempt in 1..=3 {
            assert!(matches!(
                after(attempt, 1, Response::new(503)),
                Next::Retry { .. }
            ));
        }
        let reason = GiveUp::Exhausted {
            attempts: 4,
            status: Some(503),
        };
        assert_eq!(after(4, 1, Response::new(503)), Next::GiveUp { reason });
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
        let jittered = |random| {
            POLICY.after(
                1,
                1,
                &Ok(Response::new(500)),
                SystemTime::UNIX_EPOCH,
                random,
            )
        };
        assert_eq!(
            jittered(0.0),
            Next::Retry {
                after: Duration::from_millis(200)
            }
        );
        assert_eq!(
            jittered(1.0),
            Next::Retry {
                after: Duration::from_millis(250)
            }
        );
    }

    #[test]
    fn dlv_92_retry_after_lengthens_the_wait_up_to_30_seconds() {
        for (header, millis) in [
            ("7", 7000),
            ("0", 200),
            ("-3", 200),
            ("soon", 200),
            ("86400", 30_000),
            ("", 200),
        ] {
            let next = after(1, 1, Response::new(503).with_retry_after(header));
            assert_eq!(
                next,
                Next::Retry {
                    after: Duration::from_millis(millis)
                },
                "{header}"
            );
        }
        let longer = after(3, 1, Response::new(429).with_retry_after("0"));
        assert_eq!(
            longer,
            Next::Retry {
                after: Duration::from_millis(800)
            }
        );
    }

    #[test]
    fn dlv_95_413_splits_a_batch_and_ends_a_single_event() {
        assert_eq!(after(1, 2, Response::new(413)), Next::Split);
        assert_eq!(
            after(1, 1, Response::new(413)),
            Next::GiveUp {
                reason: GiveUp::Refused { status: 413 }
            }
        );
    }

    #[test]
    fn dlv_96_each_status_is_delivered_retried_or_final() {
        for status in [200, 201, 204, 299] {
            assert_eq!(
                after(1, 1, Response::new(status)),
                Next::Delivered,
                "{status}"
            );
        }
        for status in [408, 429, 500, 501, 502, 503, 504, 505, 599] {
            assert!(
                matches!(after(1, 1, Response::new(status)), Next::Retry { .. }),
                "{status}"
            );
        }
        for status in [
            100, 300, 301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 415, 418, 600,
        ] {
            assert_eq!(
                after(1, 2, Response::new(status)),
                Next::GiveUp {
                    reason: GiveUp::Refused { status }
                }
            );
        }
        let lost = Err(TransportError::Connection {
            reason: "reset".into(),
        });
        assert!(matches!(
            POLICY.after(1, 1, &lost, SystemTime::UNIX_EPOCH, 0.0),
            Next::Retry { .. }
        ));
    }
}
