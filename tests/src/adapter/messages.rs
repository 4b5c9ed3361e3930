//! The JSON that the harness sends.

use std::time::Duration;

use posthog::{Compression, Event, Options};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::settings::Settings;

/// The body of `/init`. What is absent has the SDK's own default; only compression has to be asked for.
#[derive(Deserialize)]
pub(super) struct Init {
    api_key: String,
    host: String,
    flush_at: Option<usize>,
    flush_interval_ms: Option<u64>,
    max_retries: Option<u32>,
    enable_compression: Option<bool>,
    disable_geoip: Option<bool>,
    historical_migration: Option<bool>,
}

impl Init {
    pub(super) fn options(self, settings: Settings) -> Options {
        let Self {
            api_key,
            host,
            flush_at,
            flush_interval_ms,
            max_retries,
            enable_compression,
            disable_geoip,
            historical_migration,
        } = self;
        let compression = if enable_compression == Some(true) {
            settings.encoding
        } else {
            Compression::None
        };
        let mut options = Options::new(api_key)
            .host(host)
            .capture_mode(settings.mode)
            .compression(compression)
            .historical_migration(historical_migration == Some(true));
        if let Some(events) = flush_at {
            options = options.flush_at(events);
        }
        if let Some(interval) = flush_interval_ms {
            options = options.flush_interval(Duration::from_millis(interval));
        }
        if let Some(retries) = max_retries {
            options = options.max_retries(retries);
        }
        if let Some(disable) = disable_geoip {
            options = options.disable_geoip(disable);
        }
        options
    }
}

/// The body of `/capture` and `/capture_ai`.
#[derive(Deserialize)]
pub(super) struct Capture {
    distinct_id: Option<String>,
    event: String,
    properties: Option<Map<String, Value>>,
    timestamp: Option<String>,
    uuid: Option<String>,
    options: Option<EventOptions>,
}

#[derive(Default, Deserialize)]
struct EventOptions {
    cookieless_mode: Option<bool>,
    disable_skew_correction: Option<bool>,
    process_person_profile: Option<bool>,
    product_tour_id: Option<String>,
}

impl Capture {
    pub(super) fn event(self) -> Event {
        let Self {
            distinct_id,
            event,
            properties,
            timestamp,
            uuid,
            options,
        } = self;
        let EventOptions {
            cookieless_mode,
            disable_skew_correction,
            process_person_profile,
            product_tour_id,
        } = options.unwrap_or_default();
        let mut event = Event::new(event).distinct_id(distinct_id);
        for (key, value) in properties.unwrap_or_default() {
            event = event.property(key, value);
        }
        if let Some(timestamp) = timestamp {
            event = event.timestamp(timestamp);
        }
        if let Some(uuid) = uuid {
            event = event.uuid(uuid);
        }
        if let Some(cookieless) = cookieless_mode {
            event = event.cookieless_mode(cookieless);
        }
        if let Some(disable) = disable_skew_correction {
            event = event.disable_skew_correction(disable);
        }
        if let Some(process) = process_person_profile {
            event = event.process_person_profile(process);
        }
        if let Some(id) = product_tour_id {
            event = event.product_tour_id(id);
        }
        event
    }
}
