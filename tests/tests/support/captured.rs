//! What was captured, without what every event has.

use posthog::{CapturedEvent, testing::record};
use serde_json::Value;

/// The one event that `code` captures.
#[track_caller]
pub(crate) fn one<R>(code: impl FnOnce() -> R) -> CapturedEvent {
    let mut events = record(code);
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

/// The properties without those that every event has.
pub(crate) fn own(event: &CapturedEvent) -> Value {
    const EVERY: [&str; 6] = [
        "$lib",
        "$lib_version",
        "$is_server",
        "$os",
        "$os_version",
        "$geoip_disable",
    ];
    event
        .properties
        .iter()
        .filter(|(key, _)| !EVERY.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
