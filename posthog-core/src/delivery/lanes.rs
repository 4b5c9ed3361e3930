//! The lanes of a client. Each has a queue and a worker of its own: a failing one does not hold up the other (DLV-130).

use super::{
    failure::DeliveryFailure,
    form::Form,
    lane::{Lane, LaneOptions, Through},
};
use crate::{
    assemble::Assembled,
    client::{Counters, DropReason, FlushError},
    clock::Clock,
    config::Config,
    host::Host,
    key::ApiKey,
    options::CaptureMode,
    transport::Transport,
};
use std::{sync::Arc, time::Duration};

/// A flush that has begun: what has to be final, and by when.
#[derive(Clone, Copy)]
pub(crate) struct Flush {
    deadline: Duration,
    analytics: Through,
    ai: Through,
}

impl Flush {
    /// Waits until that is final, or the time is up, or nobody wants to know any more.
    pub(crate) fn wait(self, lanes: &Lanes, given_up: &dyn Fn() -> bool) -> Result<(), FlushError> {
        let pending = lanes
            .analytics
            .end_flush(self.analytics, self.deadline, given_up)
            + lanes.ai.end_flush(self.ai, self.deadline, given_up);
        FlushError::unless_none(pending)
    }
}

pub(crate) struct Lanes {
    analytics: Lane,
    ai: Lane,
    clock: Arc<dyn Clock>,
}

impl Lanes {
    pub(crate) fn new(
        config: &Config,
        key: &ApiKey,
        host: &Host,
        transport: Arc<dyn Transport>,
        clock: &Arc<dyn Clock>,
        counters: &Arc<Counters>,
    ) -> Self {
        let lane = |form, transport| {
            let options = LaneOptions::new(form, config, key, host);
            Lane::new(options, transport, Arc::clone(clock), Arc::clone(counters))
        };
        let analytics = match config.capture_mode {
            CaptureMode::V0 => Form::V0,
            CaptureMode::V1 => Form::V1,
        };
        Self {
            analytics: lane(analytics, Arc::clone(&transport)),
            ai: lane(Form::Ai, transport),
            clock: Arc::clone(clock),
        }
    }

    fn of(&self, ai: bool) -> &Lane {
        if ai { &self.ai } else { &self.analytics }
    }

    pub(crate) fn admit(&self, event: &mut Assembled, ai: bool) -> Result<(), DropReason> {
        self.of(ai).admit(event)
    }

    /// Sends an event on this thread and waits until it is final. `None` if it was delivered.
    pub(crate) fn deliver_now(
        &self,
        event: Assembled,
        ai: bool,
    ) -> Result<Option<DeliveryFailure>, DropReason> {
        self.of(ai).deliver_now(event)
    }

    /// Has all lanes send, and waits until what was admitted before is final; they share the time (DLV-50).
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.begin_flush(timeout).wait(self, &|| false)
    }

    /// Has all lanes send.
    pub(crate) fn begin_flush(&self, timeout: Duration) -> Flush {
        Flush {
            deadline: self.clock.now().saturating_add(timeout),
            analytics: self.analytics.begin_flush(),
            ai: self.ai.begin_flush(),
        }
    }

    /// Has whoever waits for a lane look again.
    pub(crate) fn wake(&self) {
        self.analytics.wake();
        self.ai.wake();
    }

    /// Stops all lanes; they share the time (DLV-60).
    pub(crate) fn shutdown(&self, timeout: Duration) -> Result<(), FlushError> {
        let deadline = self.clock.now().saturating_add(timeout);
        let lanes = [&self.analytics, &self.ai];
        for lane in lanes {
            lane.begin_shutdown(deadline);
        }
        let pending = lanes.iter().map(|lane| match lane.end_shutdown() {
            Ok(()) => 0,
            Err(FlushError { pending }) => pending,
        });
        FlushError::unless_none(pending.sum())
    }
}
