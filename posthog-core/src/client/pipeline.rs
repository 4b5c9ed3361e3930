//! From a call to an event that can be queued (capture.md, section 3).

use super::{Client, Sink, in_hook};
use crate::{
    assemble::{self, Assembled},
    client::DropReason,
    config::Config,
    context::Context,
    delivery::v1,
    event::Event,
    frames::{Unfinished, shortened},
    limits, names, notice,
    notice::say,
    options::CaptureMode,
};
use std::{
    mem,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How long a capture waits for the names of a stack that has to be complete. Once they were looked up they are at hand.
const LONGEST_LOOK_UP: Duration = Duration::from_secs(2);

/// Where its name begins in an event's JSON.
const NAME_AT: usize = b"{\"event\":\"".len();

impl Client {
    /// Puts an event together, up to the queue. What is refused is counted.
    pub(super) fn accept(
        &self,
        event: &Event,
        context: &Context,
        assembled: &mut Assembled,
    ) -> bool {
        // Asked again: by now an argument of the call may have switched it off.
        if !self.is_listening() {
            return false;
        }
        let prepared = self.prepare(event, context, assembled);
        if let Err(reason) = prepared {
            self.0.counters.dropped(reason);
        }
        prepared.is_ok()
    }

    #[inline]
    fn prepare(
        &self,
        event: &Event,
        context: &Context,
        assembled: &mut Assembled,
    ) -> Result<(), DropReason> {
        let inner = &*self.0;
        if inner.closed.load(Ordering::Acquire) {
            Self::say_closed(event);
            return Err(DropReason::Closed);
        }
        if in_hook() {
            notice::warn_each(format_args!(
                "the event `{}` is dropped: it was captured inside a `before_send` hook",
                event.name
            ));
            return Err(DropReason::Hook);
        }
        let name = &event.name;
        let config = &inner.config;
        let now = inner.clock.wall();
        inner
            .assembler
            .assemble(event, context, config, now, assembled)?;
        if event.exception.is_some() {
            self.add_stack(event, assembled);
        }
        if !config.before_send.is_empty() {
            self.hooked(event, assembled)?;
        }
        let Assembled {
            json, uuid, is_v1, ..
        } = assembled;
        if assemble::is_too_large(json, event, config)
            && !(event.exception.is_some() && shorten(json, event, config))
        {
            let name = limits::cut(name, limits::EVENT_NAME_BYTES);
            notice::say_cause(
                log::Level::Warn,
                &format!("too large: {name}"),
                format_args!("the event `{name}` is dropped: it has {} bytes", json.len()),
            );
            return Err(DropReason::TooLarge);
        }
        if inner.debug.load(Ordering::Relaxed) {
            notice::debug(format_args!(
                "the event `{name}` is captured as {uuid}, {} bytes",
                json.len()
            ));
            // What people ask and machines answer is in no log (DLV-144).
            // A hook may have made it one, or no longer one.
            let sent_as = json.get(NAME_AT..).unwrap_or_default();
            let is_ai = event.is_ai()
                || name.starts_with(names::AI_PREFIX)
                || sent_as.starts_with(names::AI_PREFIX.as_bytes());
            if !is_ai {
                say!(Trace, "{}", String::from_utf8_lossy(json));
            }
        }
        let wants_v1 = config.capture_mode == CaptureMode::V1 && !event.is_ai();
        if wants_v1 && !*is_v1 && matches!(inner.sink, Sink::Lanes(_)) {
            *json = v1::event(json).ok_or_else(|| {
                notice::warn_each(format_args!(
                    "the event `{name}` is dropped: it has no form in V1"
                ));
                DropReason::Invalid
            })?;
            *is_v1 = true;
        }
        Ok(())
    }

    /// Adds the stack of an exception, which is not in the event yet: complete, or for the worker to complete.
    #[cold]
    fn add_stack(&self, event: &Event, assembled: &mut Assembled) {
        let stack = event
            .exception
            .as_ref()
            .and_then(|exception| exception.stack.clone());
        let Some(stack) = stack else { return };
        let unfinished = Unfinished {
            stack,
            rules: Arc::clone(&self.0.config.frame_rules),
        };
        if self.has_to_finish(event) {
            let json = mem::take(&mut assembled.json);
            assembled.json = unfinished.finish_within(json, LONGEST_LOOK_UP);
        } else {
            assembled.stack = Some(Box::new(unfinished));
        }
    }

    /// Whether an exception has to be complete here: somebody looks at it before the worker does, or no worker will
    /// (EXC-64).
    fn has_to_finish(&self, event: &Event) -> bool {
        let inner = &*self.0;
        !inner.config.before_send.is_empty()
            || inner.config.sync_mode
            || !matches!(inner.sink, Sink::Lanes(_))
            || event
                .exception
                .as_ref()
                .is_some_and(|exception| exception.at_once)
    }
}

/// Leaves out of an exception what makes it too large; whether it fits now.
#[cold]
fn shorten(json: &mut Vec<u8>, event: &Event, config: &Config) -> bool {
    let fits = |json: &[u8]| !assemble::is_too_large(json, event, config);
    match shortened(json, fits) {
        Some(short) => {
            *json = short;
            fits(json)
        }
        None => false,
    }
}
