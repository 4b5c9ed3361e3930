//! Has a request take fewer calls to the system.
//!
//! The HTTP library sends the head of a request and its body separately, so that the server wakes up twice; it looks
//! whether a connection lives both when it is done with it and when it takes it up again; and it has the system count down
//! the time that is left, to the nanosecond, with each call. Here the head waits for what follows it, the first of those
//! looks is left out, and times that the system would not tell apart are the same.

use std::{mem, time};
use ureq::unversioned::transport::{NextTimeout, time::Duration};

/// Whose turn it is on a connection: one side asks, the other answers.
#[derive(Debug)]
pub(super) struct Turns {
    /// So many bytes at the beginning of the output are still to be sent.
    held: usize,
    /// Nothing was sent since the other side had its turn.
    begins: bool,
    /// Something was sent since somebody wanted to know whether the connection lives.
    is_used: bool,
    /// The connection may be one of two around each other, of which the inner one is not asked as often.
    may_be_nested: bool,
}

/// A longer beginning goes out by itself, so that there is always room for what follows.
const LONGEST_HELD: usize = 16 << 10;

impl Turns {
    pub(super) fn new(may_be_nested: bool) -> Self {
        Self {
            held: 0,
            begins: true,
            is_used: false,
            may_be_nested,
        }
    }

    /// Where in the output there is room.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// So many more bytes are to be sent; how many of the output go out now, if any.
    pub(super) fn send(&mut self, amount: usize) -> Option<usize> {
        self.is_used = true;
        if mem::take(&mut self.begins) && amount <= LONGEST_HELD {
            self.held = amount;
            return None;
        }
        Some(mem::take(&mut self.held) + amount)
    }

    /// The other side has its turn; how many bytes go out before that, if any.
    pub(super) fn end(&mut self) -> Option<usize> {
        self.begins = true;
        let held = mem::take(&mut self.held);
        (held > 0).then_some(held)
    }

    /// Whether to look if the connection lives, when asked.
    ///
    /// That is asked when an answer has been read to its end, and again before the next request. Only the second answer
    /// matters: what should not have come by the first time is still there. But of two connections around each other the
    /// inner one is asked by the outer one only, and would take its second question for the first.
    pub(super) fn is_worth_a_look(&mut self) -> bool {
        !mem::take(&mut self.is_used) || self.may_be_nested
    }
}

/// The timeout in whole milliseconds, rounded up, as systems round it themselves to what they count in, which is no less.
/// So most requests have the timeout that is set already.
pub(super) fn rounded(timeout: NextTimeout) -> NextTimeout {
    let after = match timeout.after {
        Duration::Exact(left) => {
            let milliseconds = left.as_nanos().div_ceil(1_000_000);
            let whole = u64::try_from(milliseconds).map(time::Duration::from_millis);
            Duration::Exact(whole.unwrap_or(left))
        }
        Duration::NotHappening => Duration::NotHappening,
    };
    NextTimeout { after, ..timeout }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_HELD, Turns, rounded};
    use std::time;
    use ureq::unversioned::transport::{NextTimeout, time::Duration};

    #[test]
    fn dlv_74_a_timeout_is_longer_by_less_than_a_millisecond_and_never_shorter() {
        let after = |after| {
            rounded(NextTimeout {
                after,
                ..NextTimeout::default()
            })
            .after
        };
        for (left, whole) in [
            (0, 0),
            (1, 1),
            (1_000_000, 1),
            (1_000_001, 2),
            (14_999_950_000, 15_000),
        ] {
            let left = Duration::Exact(time::Duration::from_nanos(left));
            assert_eq!(
                after(left),
                Duration::Exact(time::Duration::from_millis(whole))
            );
        }
        let longest = Duration::Exact(time::Duration::MAX);
        assert_eq!(
            (after(longest), after(Duration::NotHappening)),
            (longest, Duration::NotHappening)
        );
    }

    #[test]
    fn dlv_70_a_head_goes_out_with_what_follows_it_and_else_when_the_answer_is_awaited() {
        let mut turns = Turns::new(false);
        for _ in 0..2 {
            assert_eq!((turns.send(150), turns.held()), (None, 150));
            assert_eq!((turns.send(4000), turns.held()), (Some(4150), 0));
            assert_eq!((turns.send(70), turns.held()), (Some(70), 0));
            assert_eq!((turns.end(), turns.end()), (None, None));
        }
        assert_eq!((turns.send(150), turns.end()), (None, Some(150)));
        assert_eq!(turns.held(), 0);
        let long = LONGEST_HELD + 1;
        assert_eq!((turns.send(long), turns.held()), (Some(long), 0));
    }

    #[test]
    fn dlv_74_a_connection_is_looked_at_before_every_request_but_the_first() {
        let mut turns = Turns::new(false);
        for _ in 0..2 {
            turns.send(150);
            turns.send(4000);
            turns.end();
            let after_the_answer = turns.is_worth_a_look();
            let before_the_next = turns.is_worth_a_look();
            assert_eq!((after_the_answer, before_the_next), (false, true));
        }
        let mut nested = Turns::new(true);
        nested.send(150);
        assert!(nested.is_worth_a_look());
    }
}
