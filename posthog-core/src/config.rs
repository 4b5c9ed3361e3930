//! The options once they are checked.

use crate::{
    captured::CapturedEvent,
    client::InitError,
    delivery::{Compression, OnError},
    failure::{ExceptionRateLimit, ScrubException},
    frames::{FrameRules, InApp},
    names,
    notice::say,
    options::CaptureMode,
    properties::Properties,
};
use std::{fmt, sync::Arc, time::Duration};

/// A hook that sees every event before it is queued, and may change it or drop it.
pub(crate) type BeforeSend = Arc<dyn Fn(CapturedEvent) -> Option<CapturedEvent> + Send + Sync>;

/// Where events go unless said otherwise.
pub(crate) const DEFAULT_HOST: &str = "https://us.i.posthog.com";

/// The checked options that the running client reads.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own that users switch"
)]
pub(crate) struct Config {
    /// The host as it was given (DLV-13).
    pub(crate) host: String,
    pub(crate) capture_mode: CaptureMode,
    pub(crate) compression: Compression,
    /// The compression comes from the environment, where a misfit is no error (DLV-3).
    pub(crate) compression_from_env: bool,
    pub(crate) sync_mode: bool,
    pub(crate) flush_at: usize,
    pub(crate) flush_interval: Duration,
    pub(crate) max_batch_size: usize,
    pub(crate) max_batch_bytes: usize,
    /// What frames are judged by, and the most bytes of an event.
    pub(crate) frame_rules: Arc<FrameRules>,
    pub(crate) max_queue_size: usize,
    pub(crate) max_queue_bytes: usize,
    pub(crate) max_retries: u32,
    pub(crate) request_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) disabled: bool,
    pub(crate) opted_out: bool,
    pub(crate) send: bool,
    pub(crate) debug: bool,
    pub(crate) historical_migration: bool,
    pub(crate) is_server: bool,
    pub(crate) disable_geoip: bool,
    pub(crate) capture_exceptions: bool,
    pub(crate) capture_panics: bool,
    pub(crate) capture_stacktrace: bool,
    pub(crate) exception_rate_limit: Option<ExceptionRateLimit>,
    pub(crate) scrub_exception: Option<ScrubException>,
    pub(crate) super_properties: Properties,
    pub(crate) before_send: Vec<BeforeSend>,
    pub(crate) on_error: Option<OnError>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: DEFAULT_HOST.to_owned(),
            capture_mode: CaptureMode::V0,
            compression: Compression::Automatic,
            compression_from_env: false,
            sync_mode: false,
            flush_at: 100,
            flush_interval: Duration::from_secs(5),
            max_batch_size: 100,
            max_batch_bytes: 5 << 20,
            frame_rules: Arc::new(FrameRules {
                in_app: InApp::default(),
                max_event_bytes: 900 << 10,
            }),
            max_queue_size: 1_000_000,
            max_queue_bytes: 64 << 20,
            max_retries: 3,
            request_timeout: Duration::from_secs(15),
            shutdown_timeout: Duration::from_secs(30),
            disabled: false,
            opted_out: false,
            send: true,
            debug: false,
            historical_migration: false,
            is_server: true,
            disable_geoip: true,
            capture_exceptions: true,
            capture_panics: false,
            capture_stacktrace: true,
            exception_rate_limit: Some(ExceptionRateLimit::default()),
            scrub_exception: None,
            super_properties: Properties::new(),
            before_send: Vec::new(),
            on_error: None,
        }
    }
}

impl Config {
    /// The V0 endpoint knows gzip only (DLV-3).
    pub(crate) fn with_known_compression(mut self) -> Result<Self, InitError> {
        if self.capture_mode == CaptureMode::V0 && !self.compression.is_for_v0() {
            if !self.compression_from_env {
                return Err(InitError::Compression);
            }
            say!(
                Warn,
                "POSTHOG_CAPTURE_COMPRESSION is ignored: with V0 it is `gzip` or `none`"
            );
            self.compression = Compression::None;
        }
        Ok(self)
    }

    pub(crate) fn in_range(mut self) -> Self {
        clamp("flush_at", &mut self.flush_at, 1, 10_000);
        clamp(
            "flush_interval",
            &mut self.flush_interval,
            Duration::from_millis(100),
            Duration::from_secs(3600),
        );
        clamp("max_batch_size", &mut self.max_batch_size, 1, 10_000);
        clamp(
            "max_batch_bytes",
            &mut self.max_batch_bytes,
            64 << 10,
            10 << 20,
        );
        clamp(
            "max_event_bytes",
            &mut Arc::make_mut(&mut self.frame_rules).max_event_bytes,
            1 << 10,
            900 << 10,
        );
        clamp("max_queue_size", &mut self.max_queue_size, 1, usize::MAX);
        clamp("max_queue_bytes", &mut self.max_queue_bytes, 1, usize::MAX);
        clamp("max_retries", &mut self.max_retries, 0, 9);
        clamp(
            "request_timeout",
            &mut self.request_timeout,
            Duration::from_millis(100),
            Duration::from_secs(300),
        );
        if self.max_queue_size < self.flush_at {
            say!(
                Warn,
                "the option `max_queue_size` is smaller than `flush_at`: batches go by time only"
            );
        }
        if self.super_properties.is_broken() {
            say!(
                Warn,
                "a super property is left out: its value panicked while it was serialized"
            );
        }
        self
    }
}

fn clamp<T: Ord + Copy + fmt::Debug>(option: &str, value: &mut T, least: T, most: T) {
    let moved = (*value).clamp(least, most);
    if moved != *value {
        say_moved(option, [value, &least, &most, &moved]);
        *value = moved;
    }
}

/// Not part of [`clamp`], which is there once for each option.
#[cold]
fn say_moved(option: &str, [given, least, most, taken]: [&dyn fmt::Debug; 4]) {
    say!(
        Warn,
        "the option `{option}` is {given:?}; it has to lie from {least:?} to {most:?} and is taken as {taken:?}"
    );
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("flush_at", &self.flush_at)
            .field("flush_interval", &self.flush_interval)
            .field("disabled", &self.disabled)
            .field("send", &self.send)
            .field("capture_exceptions", &self.capture_exceptions)
            .finish_non_exhaustive()
    }
}

/// `$lib` and its companions, which nothing but a hook may change (CAP-61).
pub(crate) fn fixed_properties(config: &Config) -> Properties {
    let mut fixed = Properties::new();
    fixed.insert(names::LIB, names::LIBRARY);
    fixed.insert(names::LIB_VERSION, env!("CARGO_PKG_VERSION"));
    if config.is_server {
        fixed.insert(names::IS_SERVER, true);
    }
    fixed
}
