//! `before_send` hooks, which see every event before it is queued.

use super::Client;
use crate::{
    assemble::{self, Assembled, IdLimit},
    captured::CapturedEvent,
    client::DropReason,
    event::Event,
    fresh_uuid::fresh_uuid,
    identifier, notice,
    notice::say,
    user_code::caught,
};
use std::cell::Cell;

impl Client {
    /// Lets the hooks have their say, then checks the event again (DLV-40 to DLV-45).
    #[cold]
    pub(super) fn hooked(&self, call: &Event, assembled: &mut Assembled) -> Result<(), DropReason> {
        let name = &call.name;
        let Some(mut event) = CapturedEvent::read(&assembled.json) else {
            notice::warn_each(format_args!(
                "the event `{name}` is dropped: it has a number that the hooks cannot be shown"
            ));
            return Err(DropReason::Invalid);
        };
        for hook in &self.0.config.before_send {
            event = match caught(|| as_hook(|| hook(event))) {
                Some(Some(event)) => event,
                Some(None) => {
                    say!(
                        Debug,
                        "the event `{name}` is dropped by a `before_send` hook"
                    );
                    return Err(DropReason::Hook);
                }
                None => {
                    notice::warn_each(format_args!(
                        "the event `{name}` is dropped: a `before_send` hook panicked"
                    ));
                    return Err(DropReason::Hook);
                }
            };
        }
        let Some(id) = identifier::clean(&event.distinct_id) else {
            notice::warn_each(format_args!(
                "the event `{name}` is dropped: a `before_send` hook left it without a distinct ID"
            ));
            return Err(DropReason::Invalid);
        };
        event.distinct_id =
            assemble::checked_id(id, name, IdLimit::of(call, &self.0.config))?.into_owned();
        let sent = assemble::checked_name(&event.event, &call.kind)?.to_owned();
        event.event = sent;
        assemble::check_switches(&mut event)?;
        if event.uuid.is_nil() {
            notice::error_each(format_args!(
                "a `before_send` hook left the event `{name}` without a UUID; it gets a new one"
            ));
            event.uuid = fresh_uuid();
        }
        assembled.json = event.write();
        assembled.uuid = event.uuid;
        Ok(())
    }
}

thread_local! {
    /// Set while a `before_send` hook runs: a capture in it would call it again.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// Runs a hook, in which captures are dropped.
pub(crate) fn as_hook<R>(hook: impl FnOnce() -> R) -> R {
    struct Outside(bool);
    impl Drop for Outside {
        fn drop(&mut self) {
            let _ = IN_HOOK.try_with(|cell| cell.set(self.0));
        }
    }
    let _outside = Outside(IN_HOOK.try_with(|cell| cell.replace(true)).unwrap_or(false));
    hook()
}

/// Whether a `before_send` hook runs on this thread.
pub(crate) fn in_hook() -> bool {
    IN_HOOK.try_with(Cell::get).unwrap_or(false)
}
