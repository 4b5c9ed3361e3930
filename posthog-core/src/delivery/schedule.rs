//! What a lane does next. Pure: time is an argument, and nothing here waits or sends.

use super::{
    answer::Answer,
    batch::{Batch, Queued},
    failure::DeliveryFailureKind,
    queue::{Full, Queue},
    retry::{RetryPolicy, backoff},
};
use std::time::Duration;

/// When a lane sends, and how much at once (DLV-30, DLV-31).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) flush_at: usize,
    pub(super) flush_interval: Duration,
    pub(super) max_batch_size: usize,
    pub(super) max_batch_bytes: usize,
    /// Whether a batch may hold a UUID once only (DLV-35).
    pub(super) distinct: bool,
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
    /// Delivered events of the first batch, which has others that are not final yet.
    partly: u64,
    closing: bool,
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
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) delivered: usize,
    pub(super) retried: bool,
    /// The batch is final, and lost events; whether all that were open are among them.
    pub(super) failed: Option<Failed>,
}

/// A batch that lost events.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) kind: DeliveryFailureKind,
    pub(super) batch: Batch,
    pub(super) status: Option<u16>,
    pub(super) asked: Duration,
}

impl Failed {
    /// Whether the events that were open are lost, beside those that the service threw away.
    pub(super) fn loses_open(&self) -> bool {
        self.kind != DeliveryFailureKind::Dropped
    }

    /// How many events are lost, and how many of these the service threw away.
    pub(super) fn lost(&self) -> (usize, usize) {
        let open = if self.loses_open() {
            self.batch.events.len()
        } else {
            0
        };
        (open + self.batch.dropped.len(), self.batch.dropped.len())
    }
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
            partly: 0,
            closing: false,
        }
    }

    /// Takes an event; whether the worker has something to do because of it.
    pub(super) fn admit(&mut self, event: Queued) -> Result<bool, Full> {
        let was_full = self.is_full();
        self.queue.push(event)?;
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

    /// How many events are not delivered or given up, whenever they were admitted.
    pub(super) fn open(&self) -> u64 {
        self.pending(self.admitted) - self.partly
    }

    /// Gives up everything that is queued; how many events that were. A batch under way is not counted.
    pub(super) fn abandon(&mut self) -> usize {
        let batches = std::mem::take(&mut self.batches);
        let finished: usize = batches.iter().map(|batch| batch.size).sum();
        // What the service threw away of a batch is lost as well, and was not counted yet.
        let open = |batch: &Batch| batch.events.len() + batch.dropped.len();
        let lost: usize = batches.iter().map(open).sum();
        let queued = self.queue.clear();
        let partly = if self.sending { self.partly } else { 0 };
        self.finish(finished + queued);
        self.partly = partly;
        lost + queued
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
            let events = self
                .queue
                .take(size, self.limits.max_batch_bytes, self.limits.distinct);
            self.batches.push(Batch::new(events, now));
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

    /// Takes note of how an attempt went. `random` lies in 0 to 1.
    pub(super) fn sent(
        &mut self,
        mut batch: Batch,
        answer: Answer,
        now: Duration,
        random: f64,
    ) -> Outcome {
        self.sending = false;
        batch.attempts += 1;
        match answer {
            Answer::Taken {
                status,
                mut dropped,
                again,
                asked,
            } => {
                self.succeeded();
                let (open, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.events)
                    .into_iter()
                    .partition(|event| again.contains(&event.uuid));
                let mut delivered = 0;
                for event in rest {
                    match dropped.remove(&event.uuid) {
                        Some(details) => batch.dropped.push((event, details)),
                        None => delivered += 1,
                    }
                }
                self.partly += delivered as u64;
                batch.events = open;
                // The next attempt has another body.
                batch.body = None;
                let outcome = if batch.events.is_empty() {
                    self.finish(batch.size);
                    let lost_some = !batch.dropped.is_empty();
                    let failed = Failed {
                        kind: DeliveryFailureKind::Dropped,
                        batch,
                        status: Some(status),
                        asked,
                    };
                    Outcome {
                        failed: lost_some.then_some(failed),
                        ..Outcome::default()
                    }
                } else {
                    self.later(batch, Some(status), asked, now, random)
                };
                Outcome {
                    delivered,
                    ..outcome
                }
            }
            Answer::Later { status, asked } => self.later(batch, status, asked, now, random),
            Answer::TooLarge => {
                let halves = batch.split(now);
                self.cut_to = Some(halves[0].events.len());
                self.batches.splice(0..0, halves);
                Outcome::default()
            }
            Answer::Refused { status, asked } => {
                self.give_up(batch, DeliveryFailureKind::Refused, Some(status), asked)
            }
            Answer::Unreadable { status } => self.give_up(
                batch,
                DeliveryFailureKind::Unreadable,
                Some(status),
                Duration::ZERO,
            ),
        }
    }

    /// Has the batch sent again, if it may be.
    fn later(
        &mut self,
        mut batch: Batch,
        status: Option<u16>,
        asked: Duration,
        now: Duration,
        random: f64,
    ) -> Outcome {
        if let Some(wait) = self.limits.retry.wait(batch.attempts, asked, random) {
            batch.due = now + wait;
            self.batches.insert(0, batch);
            return Outcome {
                retried: true,
                ..Outcome::default()
            };
        }
        // The server is down rather than displeased: the next batch would fare no better now (DLV-98).
        if status.is_none_or(|status| status >= 500) {
            self.failures_in_a_row += 1;
            self.not_before =
                Some(now + backoff(self.limits.retry.max_retries + self.failures_in_a_row));
        }
        self.give_up(batch, DeliveryFailureKind::Exhausted, status, asked)
    }

    fn give_up(
        &mut self,
        batch: Batch,
        kind: DeliveryFailureKind,
        status: Option<u16>,
        asked: Duration,
    ) -> Outcome {
        self.finish(batch.size);
        let failed = Failed {
            kind,
            batch,
            status,
            asked,
        };
        Outcome {
            failed: Some(failed),
            ..Outcome::default()
        }
    }

    /// The service is there: nothing waits for it any more.
    fn succeeded(&mut self) {
        self.failures_in_a_row = 0;
        self.not_before = None;
        self.cut_to = None;
    }

    fn finish(&mut self, events: usize) {
        self.finished += events as u64;
        self.partly = 0;
    }
}
