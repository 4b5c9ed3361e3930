//! What a lane does next. Pure: time is an argument, and nothing here waits or sends.

use super::{
    answer::Answer,
    batch::{Batch, Delivered},
    failure::DeliveryFailureKind,
    queue::{Full, Incoming, Queue},
    retry::{RetryPolicy, backoff},
    v1::Undelivered,
};
use std::{mem, ops::Range, time::Duration};

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

/// The state of a lane. Every event has a number, for not all are final in the order in which they were admitted.
#[derive(Debug)]
pub(super) struct Schedule {
    limits: Limits,
    queue: Queue,
    /// Cut from the queue and not final; the halves of a split batch stand one after another.
    batches: Vec<Batch>,
    /// The numbers of the events that are with the transport now.
    sending: Option<Vec<Range<u64>>>,
    /// After a batch was given up for the server's sake, the next waits until then (DLV-98).
    not_before: Option<Duration>,
    failures_in_a_row: u32,
    /// The size that batches are cut to since one was too large for the server (DLV-95).
    cut_to: Option<usize>,
    /// Everything admitted up to this count is to be sent now.
    flush_through: u64,
    admitted: u64,
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
    /// Thrown away by the service.
    pub(super) dropped: usize,
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

    /// How many events are lost that were open until now.
    pub(super) fn lost(&self) -> usize {
        if self.loses_open() {
            self.batch.events.len()
        } else {
            0
        }
    }
}

impl Outcome {
    fn given_up(
        batch: Batch,
        kind: DeliveryFailureKind,
        status: Option<u16>,
        asked: Duration,
    ) -> Self {
        let failed = Failed {
            kind,
            batch,
            status,
            asked,
        };
        Self {
            failed: Some(failed),
            ..Self::default()
        }
    }
}

impl Schedule {
    pub(super) fn new(limits: Limits, queue: Queue) -> Self {
        Self {
            limits,
            queue,
            batches: Vec::new(),
            sending: None,
            not_before: None,
            failures_in_a_row: 0,
            cut_to: None,
            flush_through: 0,
            admitted: 0,
            closing: false,
        }
    }

    /// Takes an event; whether the worker has something to do because of it.
    pub(super) fn admit(
        &mut self,
        event: Incoming<'_>,
        now: impl FnOnce() -> Duration,
    ) -> Result<bool, Full> {
        let before = (self.queue.len(), self.queue.bytes());
        self.queue.push(event, now)?;
        self.admitted += 1;
        // The first one sets the timer; the one that fills a batch sends it at once (DLV-30, DLV-34).
        Ok(before.0 == 0 || (self.is_full() && !self.would_be_full(before)))
    }

    fn is_full(&self) -> bool {
        self.would_be_full((self.queue.len(), self.queue.bytes()))
    }

    /// Whether so many events of so many bytes fill a batch.
    fn would_be_full(&self, (events, bytes): (usize, usize)) -> bool {
        events >= self.limits.flush_at || bytes >= self.limits.max_batch_bytes
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
        let sending = self.sending.iter().flatten().cloned();
        let waiting = self.batches.iter().flat_map(|batch| batch.events.numbers());
        let before = |numbers: Range<u64>| numbers.end.min(admitted).saturating_sub(numbers.start);
        let cut: u64 = sending.chain(waiting).map(before).sum();
        cut + self.queue.before(admitted) as u64
    }

    /// How many events are not final yet.
    pub(super) fn open(&self) -> u64 {
        self.pending(self.admitted)
    }

    /// Gives up everything that is queued; how many open events that were. A batch under way is not among it.
    pub(super) fn abandon(&mut self) -> usize {
        let batches = mem::take(&mut self.batches);
        let waiting: usize = batches.iter().map(|batch| batch.events.len()).sum();
        waiting + self.queue.clear()
    }

    /// Hands out what is open, as the batch that it is or would be.
    pub(super) fn surrender(&mut self) -> Batch {
        let waiting = (!self.batches.is_empty()).then(|| self.batches.remove(0));
        waiting.unwrap_or_else(|| {
            Batch::new(
                self.queue.cut(usize::MAX, usize::MAX, false),
                Duration::ZERO,
            )
        })
    }

    /// What to do now.
    pub(super) fn step(&mut self, now: Duration) -> Step {
        if self.sending.is_some() {
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
            let cut_off = self.queue.before(self.flush_through) > 0;
            let due = match self.queue.waits_since() {
                Some(since) if !cut_off && !self.is_full() => since + self.limits.flush_interval,
                _ => now,
            };
            let due = due.max(self.not_before.unwrap_or_default());
            if due > now {
                return Step::Wait { until: Some(due) };
            }
            let size = self.cut_to.unwrap_or(self.limits.max_batch_size);
            let events = self
                .queue
                .cut(size, self.limits.max_batch_bytes, self.limits.distinct);
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
        let batch = self.batches.remove(0);
        self.sending = Some(batch.events.numbers());
        Step::Send(batch)
    }

    /// Takes note of a batch that the service has taken whole. Otherwise as [`Self::sent`].
    pub(super) fn sent_whole(&mut self, delivered: Delivered) -> Outcome {
        self.sending = None;
        self.succeeded();
        for room in delivered.buffers {
            self.queue.keep_spare(room);
        }
        Outcome {
            delivered: delivered.events,
            ..Outcome::default()
        }
    }

    /// Takes note of how an attempt went. `random` lies in 0 to 1.
    pub(super) fn sent(
        &mut self,
        mut batch: Batch,
        answer: Answer,
        now: Duration,
        random: f64,
    ) -> Outcome {
        self.sending = None;
        batch.attempts += 1;
        match answer {
            Answer::Taken {
                status,
                mut others,
                asked,
            } => {
                self.succeeded();
                let (open, rest): (Vec<_>, Vec<_>) = mem::take(batch.events.each())
                    .into_iter()
                    .partition(|event| others.get(&event.uuid) == Some(&Undelivered::Retry));
                let (mut delivered, before) = (0, batch.dropped.len());
                for event in rest {
                    if let Some(Undelivered::Dropped { details }) = others.remove(&event.uuid) {
                        batch.dropped.push((event, details));
                    } else {
                        delivered += 1;
                        self.queue.reclaim(event.json);
                    }
                }
                let dropped = batch.dropped.len() - before;
                batch.events = open.into();
                // The next attempt has another body.
                batch.body = None;
                let outcome = if batch.events.is_empty() {
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
                    dropped,
                    ..outcome
                }
            }
            Answer::Later { status, asked } => self.later(batch, status, asked, now, random),
            Answer::TooLarge => {
                let [first, second] = batch.split(now);
                self.cut_to = Some(first.events.len());
                self.batches.insert(0, second);
                self.batches.insert(0, first);
                Outcome::default()
            }
            Answer::Refused { status, asked } => {
                Outcome::given_up(batch, DeliveryFailureKind::Refused, Some(status), asked)
            }
            Answer::Unreadable { status } => Outcome::given_up(
                batch,
                DeliveryFailureKind::Unreadable,
                Some(status),
                Duration::ZERO,
            ),
        }
    }

    /// Keeps a batch that was given up, for an attempt by somebody else; the next one is its first.
    pub(super) fn put_back(&mut self, batch: Batch, now: Duration) {
        let batch = Batch {
            attempts: 0,
            due: now,
            ..batch
        };
        self.batches.insert(0, batch);
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
        Outcome::given_up(batch, DeliveryFailureKind::Exhausted, status, asked)
    }

    /// The service is there: nothing waits for it any more.
    fn succeeded(&mut self) {
        self.failures_in_a_row = 0;
        self.not_before = None;
        self.cut_to = None;
    }
}
