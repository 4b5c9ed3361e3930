//! What a lane does next. Pure: time is an argument, and nothing here waits or sends.

use super::{
    queue::{Full, Queue, Queued},
    retry::{GiveUp, Next, RetryPolicy, backoff},
};
use crate::transport::{Response, TransportError};
use std::time::{Duration, SystemTime};

/// When a lane sends, and how much at once (DLV-30, DLV-31).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) flush_at: usize,
    pub(super) flush_interval: Duration,
    pub(super) max_batch_size: usize,
    pub(super) max_batch_bytes: usize,
    pub(super) retry: RetryPolicy,
}

/// The state of a lane. Events are final in the order in which they were admitted, so two counts say it all.
#[derive(Debug)]
pub(super) struct Schedule {
    limits: Limits,
    queue: Queue,
    /// Cut from the queue and not final; the halves of a split batch stand one after another.
    batches: Vec<Batch>,
    /// The batch that is with the transport now, as it was taken from `batches`.
    sending: bool,
    /// After a batch was given up for the server's sake, the next waits until then (DLV-98).
    not_before: Option<Duration>,
    failures_in_a_row: u32,
    /// The size that batches are cut to since one was too large for the server (DLV-95).
    cut_to: Option<usize>,
    /// Everything admitted up to this count is to be sent now.
    flush_through: u64,
    admitted: u64,
    finished: u64,
    closing: bool,
}

#[derive(Debug)]
pub(super) struct Batch {
    pub(super) events: Vec<Queued>,
    /// Attempts made.
    attempts: u32,
    /// When the next is due.
    due: Duration,
}

/// What the worker is to do.
#[derive(Debug)]
pub(super) enum Step {
    /// Send this batch, and tell [`Schedule::sent`] how it went.
    Send(Batch),
    /// Wait until then, or until something changes.
    Wait { until: Option<Duration> },
    /// Everything is final, and nothing more will come.
    Stop,
}

/// What became of events with the last attempt.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) delivered: usize,
    pub(super) failed: usize,
    pub(super) retried: bool,
    pub(super) reason: Option<GiveUp>,
}

impl Schedule {
    pub(super) fn new(limits: Limits, queue: Queue) -> Self {
        Self {
            limits,
            queue,
            batches: Vec::new(),
            sending: false,
            not_before: None,
            failures_in_a_row: 0,
            cut_to: None,
            flush_through: 0,
            admitted: 0,
            finished: 0,
            closing: false,
        }
    }

    /// Takes an event; whether the worker has something to do because of it.
    pub(super) fn admit(&mut self, json: Vec<u8>, now: Duration) -> Result<bool, Full> {
        let was_full = self.is_full();
        self.queue.push(json, now)?;
        self.admitted += 1;
        // The first one sets the timer; the one that fills a batch sends it at once (DLV-30, DLV-34).
        Ok(self.queue.len() == 1 || (self.is_full() && !was_full))
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= self.limits.flush_at
            || self.queue.bytes() >= self.limits.max_batch_bytes
    }

    /// Asks for everything admitted so far to be sent; the count that has to be final (DLV-54).
    pub(super) fn flush(&mut self) -> u64 {
        self.flush_through = self.admitted;
        self.admitted
    }

    /// Asks the worker to stop when everything is final.
    pub(super) fn close(&mut self) {
        self.flush();
        self.closing = true;
    }

    /// How many of the first `admitted` events are not final yet.
    pub(super) fn pending(&self, admitted: u64) -> u64 {
        admitted.saturating_sub(self.finished)
    }

    /// Whether everything admitted is final.
    pub(super) fn is_final(&self) -> bool {
        self.pending(self.admitted) == 0
    }

    pub(super) fn admitted(&self) -> u64 {
        self.admitted
    }

    /// Gives up everything that is queued; how many events that were. A batch under way is not counted.
    pub(super) fn abandon(&mut self) -> usize {
        let batches = std::mem::take(&mut self.batches);
        let lost = self.queue.clear()
            + batches
                .iter()
                .map(|batch| batch.events.len())
                .sum::<usize>();
        self.finish(lost);
        lost
    }

    /// What to do now.
    pub(super) fn step(&mut self, now: Duration) -> Step {
        if self.sending {
            return Step::Wait { until: None };
        }
        if self.batches.is_empty() {
            if self.queue.len() == 0 {
                return if self.closing {
                    Step::Stop
                } else {
                    Step::Wait { until: None }
                };
            }
            let cut_off = self.flush_through > self.finished;
            let due = match self.queue.oldest() {
                Some(oldest) if !cut_off && !self.is_full() => oldest + self.limits.flush_interval,
                _ => now,
            };
            let due = due.max(self.not_before.unwrap_or_default());
            if due > now {
                return Step::Wait { until: Some(due) };
            }
            let size = self.cut_to.unwrap_or(self.limits.max_batch_size);
            let events = self.queue.take(size, self.limits.max_batch_bytes);
            self.batches.push(Batch {
                events,
                attempts: 0,
                due: now,
            });
        }
        // While a batch waits for its retry the lane waits too: no overtaking (DLV-33).
        let Batch { attempts, due, .. } = self.batches[0];
        // The second half of a split batch is a batch of its own, which backs off after the first one's end (DLV-98).
        let due = match self.not_before {
            Some(not_before) if attempts == 0 => due.max(not_before),
            _ => due,
        };
        if due > now {
            return Step::Wait { until: Some(due) };
        }
        self.sending = true;
        Step::Send(self.batches.remove(0))
    }

    /// Takes note of how an attempt went.
    pub(super) fn sent(
        &mut self,
        mut batch: Batch,
        outcome: &Result<Response, TransportError>,
        now: Duration,
        wall: SystemTime,
        random: f64,
    ) -> Outcome {
        self.sending = false;
        batch.attempts += 1;
        let events = batch.events.len();
        match self
            .limits
            .retry
            .after(batch.attempts, events, outcome, wall, random)
        {
            Next::Delivered => {
                self.failures_in_a_row = 0;
                self.not_before = None;
                self.cut_to = None;
                self.finish(events);
                Outcome {
                    delivered: events,
                    ..Outcome::default()
                }
            }
            Next::Retry { after } => {
                batch.due = now + after;
                self.batches.insert(0, batch);
                Outcome {
                    retried: true,
                    ..Outcome::default()
                }
            }
            Next::Split => {
                let second = batch.events.split_off(events / 2);
                self.cut_to = Some(batch.events.len());
                self.batches.insert(
                    0,
                    Batch {
                        events: second,
                        attempts: 0,
                        due: now,
                    },
                );
                self.batches.insert(
                    0,
                    Batch {
                        events: batch.events,
                        attempts: 0,
                        due: now,
                    },
                );
                Outcome::default()
            }
            Next::GiveUp { reason } => {
                if let GiveUp::Exhausted { .. } = reason {
                    // The server is down rather than displeased: the next batch would fare no better now (DLV-98).
                    self.failures_in_a_row += 1;
                    self.not_before =
                        Some(now + backoff(self.limits.retry.max_retries + self.failures_in_a_row));
                }
                self.finish(events);
                Outcome {
                    failed: events,
                    reason: Some(reason),
                    ..Outcome::default()
                }
            }
        }
    }

    fn finish(&mut self, events: usize) {
        self.finished += events as u64;
    }
}
