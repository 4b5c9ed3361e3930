//! How many failures of one kind are captured: an error loop must cost nobody a bill (EXC-94, EXC-95).

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How many failures of one type, from one place, are captured by themselves. Calls of `capture_exception` are never
/// limited.
///
/// Each type and place has a bucket of tokens, and each capture takes one. Defaults to 50 tokens, and 10 more every 10 s.
/// What is not captured is counted ([`Stats::dropped_rate_limited`](crate::Stats::dropped_rate_limited)), and the next
/// one that is says how many came before it (`$exception_suppressed_count`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExceptionRateLimit {
    burst: u32,
    refill: u32,
    every: Duration,
}

impl ExceptionRateLimit {
    /// A bucket that holds `burst` tokens, and gets `refill` more each time that `every` has passed. Both counts are moved
    /// into 1 to 100, and the time to a millisecond at least.
    #[must_use]
    pub fn new(burst: u32, refill: u32, every: Duration) -> Self {
        Self {
            burst: burst.clamp(1, 100),
            refill: refill.clamp(1, 100),
            every: every.max(Duration::from_millis(1)),
        }
    }
}

impl Default for ExceptionRateLimit {
    fn default() -> Self {
        Self::new(50, 10, Duration::from_secs(10))
    }
}

/// The buckets of one client.
pub(crate) struct Pace {
    limit: ExceptionRateLimit,
    /// In the order of their keys.
    buckets: Vec<Bucket>,
    hasher: RandomState,
}

struct Bucket {
    /// Of the kind of failure.
    key: u64,
    tokens: u32,
    /// Since when the time for the next tokens runs.
    since: Duration,
    used: Duration,
    suppressed: u64,
}

/// How many buckets are kept; the least recently used one goes.
const BUCKETS: usize = 1000;

impl Pace {
    pub(crate) fn new(limit: ExceptionRateLimit) -> Self {
        Self {
            limit,
            buckets: Vec::new(),
            hasher: RandomState::new(),
        }
    }

    /// Takes a token. `Ok` has the number of those that got none since the last that did; `Err` means that this one gets
    /// none.
    pub(crate) fn take(&mut self, kind: &impl std::hash::Hash, now: Duration) -> Result<u64, ()> {
        let key = self.hasher.hash_one(kind);
        let ExceptionRateLimit {
            burst,
            refill,
            every,
        } = self.limit;
        let mut found = self.find(key);
        if found.is_err() && self.buckets.len() >= BUCKETS {
            let buckets = self.buckets.iter().enumerate();
            if let Some((oldest, _)) = buckets.min_by_key(|(_, bucket)| bucket.used) {
                self.buckets.remove(oldest);
                found = self.find(key);
            }
        }
        let at = found.unwrap_or_else(|at| {
            let new = Bucket {
                key,
                tokens: burst,
                since: now,
                used: now,
                suppressed: 0,
            };
            self.buckets.insert(at, new);
            at
        });
        let bucket = &mut self.buckets[at];
        bucket.used = now;
        let rounds = now.saturating_sub(bucket.since).as_nanos() / every.as_nanos();
        if rounds > 0 {
            let more = rounds.saturating_mul(u128::from(refill));
            bucket.tokens = u32::try_from(more.saturating_add(u128::from(bucket.tokens)))
                .unwrap_or(u32::MAX)
                .min(burst);
            let passed = u32::try_from(rounds).unwrap_or(u32::MAX);
            bucket.since = every
                .checked_mul(passed)
                .and_then(|passed| bucket.since.checked_add(passed))
                .unwrap_or(now)
                .min(now);
        }
        if bucket.tokens == 0 {
            bucket.suppressed += 1;
            return Err(());
        }
        bucket.tokens -= 1;
        Ok(std::mem::take(&mut bucket.suppressed))
    }

    /// Where the bucket of that key is, or where it belongs.
    fn find(&self, key: u64) -> Result<usize, usize> {
        self.buckets.binary_search_by_key(&key, |bucket| bucket.key)
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, ExceptionRateLimit, Pace};
    use std::time::Duration;

    fn burst(pace: &mut Pace, kind: &str, now: u64) -> usize {
        (0..200)
            .filter(|_| pace.take(&kind, Duration::from_secs(now)).is_ok())
            .count()
    }

    #[test]
    fn exc_94_exactly_50_pass_in_a_burst_and_10_more_every_10_seconds() {
        let mut pace = Pace::new(ExceptionRateLimit::default());
        assert_eq!(burst(&mut pace, "a", 0), 50);
        assert_eq!(
            burst(&mut pace, "b", 0),
            50,
            "each kind has a bucket of its own"
        );
        assert_eq!(burst(&mut pace, "a", 9), 0);
        assert_eq!(burst(&mut pace, "a", 10), 10);
        assert_eq!(burst(&mut pace, "a", 35), 20);
        assert_eq!(
            burst(&mut pace, "a", 39),
            0,
            "the rest of an interval is not forgotten"
        );
        assert_eq!(burst(&mut pace, "a", 40), 10);
        assert_eq!(burst(&mut pace, "a", 100_000), 50);
    }

    #[test]
    fn exc_94_sizes_are_moved_into_1_to_100() {
        let limit = ExceptionRateLimit::new(0, 1000, Duration::ZERO);
        assert_eq!(
            limit,
            ExceptionRateLimit::new(1, 100, Duration::from_millis(1))
        );
        assert_eq!(burst(&mut Pace::new(limit), "a", 0), 1);
    }

    #[test]
    fn exc_94_the_suppressed_ones_are_told_with_the_next_that_passes() {
        let mut pace = Pace::new(ExceptionRateLimit::new(1, 1, Duration::from_secs(1)));
        let mut take = |now| pace.take(&"a", Duration::from_secs(now));
        assert_eq!((take(0), take(0), take(0)), (Ok(0), Err(()), Err(())));
        assert_eq!((take(1), take(2)), (Ok(2), Ok(0)));
    }

    #[test]
    fn exc_95_buckets_are_bounded_and_the_least_recently_used_goes() {
        let mut pace = Pace::new(ExceptionRateLimit::new(
            1,
            1,
            Duration::from_secs(1_000_000),
        ));
        for (now, kind) in (0_u64..).zip(0..BUCKETS) {
            assert_eq!(pace.take(&kind, Duration::from_secs(now)), Ok(0));
        }
        let late = Duration::from_secs(5000);
        assert_eq!(pace.take(&0_usize, late), Err(()), "used again");
        assert_eq!(pace.take(&BUCKETS, late), Ok(0));
        assert_eq!(pace.buckets.len(), BUCKETS);
        assert_eq!(pace.take(&0_usize, late), Err(()));
        assert_eq!(pace.take(&1_usize, late), Ok(0), "the one that went");
    }
}
