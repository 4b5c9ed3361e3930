//! What a client can be told.

use crate::{
    captured::CapturedEvent,
    client::InitError,
    config::{Config, DEFAULT_HOST},
    delivery::{Compression, DeliveryFailure},
    failure::{ExceptionRateLimit, ExceptionText},
    host::Host,
    key::ApiKey,
    notice::say,
    property_value::PropertyValue,
};
use std::{env, fmt, sync::Arc, time::Duration};

/// The options of a client, each with its default. Numbers out of range are moved into it, with a warning (DLV-1).
///
/// ```
/// use posthog_core::Options;
/// use std::time::Duration;
/// let options = Options::new("phc_project_key").host("https://eu.i.posthog.com").flush_interval(Duration::from_secs(1));
/// ```
#[derive(Clone)]
#[must_use = "options have an effect once a client is made of them"]
pub struct Options {
    api_key: String,
    host: String,
    config: Config,
}

/// How events are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum CaptureMode {
    /// By `POST /batch/`, which every PostHog knows: it takes or refuses a batch as a whole.
    #[default]
    V0,
    /// By `POST /i/v1/analytics/events`, which answers for each event, so that only what is missing is sent again.
    V1,
}

impl Options {
    /// The options of a client for the project of that key.
    ///
    /// The key is trimmed and checked when the client is made; it is never printed.
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: api_key.into(),
            host: DEFAULT_HOST.to_owned(),
            config: Config::default(),
        }
    }

    /// The options that the environment gives: `POSTHOG_API_KEY`, `POSTHOG_HOST`, `POSTHOG_CAPTURE_MODE`,
    /// `POSTHOG_CAPTURE_COMPRESSION`, `POSTHOG_DISABLED`.
    ///
    /// Without a key the client is disabled, with one line in the log, so that a service runs without an account
    /// (CAP-10). What cannot be read is a warning, and the default stays (DLV-2).
    pub fn from_env() -> Self {
        Self::from_lookup(|name| env::var(name).ok())
    }

    /// [`Self::from_env`] over any source of variables.
    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| {
            lookup(name)
                .map(|value: String| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let mut options = Self::new(set("POSTHOG_API_KEY").unwrap_or_default());
        if options.api_key.is_empty() {
            say!(Info, "POSTHOG_API_KEY is not set: nothing is captured");
            options.config.disabled = true;
        }
        if let Some(host) = set("POSTHOG_HOST") {
            options.host = host;
        }
        match set("POSTHOG_CAPTURE_MODE")
            .map(|value| value.to_lowercase())
            .as_deref()
        {
            None => {}
            Some("v0" | "legacy") => options.config.capture_mode = CaptureMode::V0,
            Some("v1" | "analytics_v1") => options.config.capture_mode = CaptureMode::V1,
            Some(_) => say!(
                Warn,
                "POSTHOG_CAPTURE_MODE is none of `v0`, `v1`: the default stays"
            ),
        }
        if let Some(name) = set("POSTHOG_CAPTURE_COMPRESSION") {
            match Compression::named(&name.to_lowercase()) {
                Some(compression) => {
                    options.config.compression = compression;
                    options.config.compression_from_env = true;
                }
                None => say!(
                    Warn,
                    "POSTHOG_CAPTURE_COMPRESSION names none that is compiled in: the default stays"
                ),
            }
        }
        match set("POSTHOG_DISABLED")
            .map(|value| value.to_lowercase())
            .as_deref()
        {
            None | Some("false" | "0" | "no" | "off") => {}
            Some("true" | "1" | "yes" | "on") => options.config.disabled = true,
            Some(_) => say!(
                Warn,
                "POSTHOG_DISABLED is none of `true`, `false`: the default stays"
            ),
        }
        options
    }

    /// Where events go. Defaults to `https://us.i.posthog.com`.
    ///
    /// Trailing slashes are removed, a path is kept, and the addresses of the web interface are mapped to those that
    /// take events (DLV-10, DLV-11). Without a scheme it is taken for `https`, with a warning (DLV-12).
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// How events are sent. Defaults to [`CaptureMode::V0`].
    pub fn capture_mode(mut self, mode: CaptureMode) -> Self {
        self.config.capture_mode = mode;
        self
    }

    /// How request bodies are compressed. Without this option gzip, for bodies of 1 KiB and more; what is set here
    /// applies to every body (DLV-1).
    pub fn compression(mut self, compression: Compression) -> Self {
        self.config.compression = compression;
        self.config.compression_from_env = false;
        self
    }

    /// How many queued events make the worker send at once. Defaults to 100; 1 to 10,000 (DLV-30).
    pub fn flush_at(mut self, events: usize) -> Self {
        self.config.flush_at = events;
        self
    }

    /// How long an event may wait in the queue before its batch is sent. Defaults to 5 s; 100 ms to 1 h (DLV-30).
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.config.flush_interval = interval;
        self
    }

    /// The most events in one request. Defaults to 100; 1 to 10,000 (DLV-31).
    pub fn max_batch_size(mut self, events: usize) -> Self {
        self.config.max_batch_size = events;
        self
    }

    /// The most bytes of events in one request, uncompressed. Defaults to 5 MiB; 64 KiB to 10 MiB (DLV-31).
    pub fn max_batch_bytes(mut self, bytes: usize) -> Self {
        self.config.max_batch_bytes = bytes;
        self
    }

    /// The most bytes of one event's JSON; a larger one is dropped. Defaults to 900 KiB; 1 KiB to 900 KiB (DLV-26).
    pub fn max_event_bytes(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.config.frame_rules).max_event_bytes = bytes;
        self
    }

    /// The most events that wait; when it is reached the newest is dropped and counted. Defaults to 1,000,000 (DLV-22).
    pub fn max_queue_size(mut self, events: usize) -> Self {
        self.config.max_queue_size = events;
        self
    }

    /// The most bytes of events that wait; when it is reached the newest is dropped and counted. Defaults to 64 MiB.
    pub fn max_queue_bytes(mut self, bytes: usize) -> Self {
        self.config.max_queue_bytes = bytes;
        self
    }

    /// How often a batch is sent again after its first attempt failed. Defaults to 3; 0 to 9 (DLV-90).
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.config.max_retries = retries;
        self
    }

    /// How long one request may take as a whole. Defaults to 15 s; 100 ms to 5 min.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.config.request_timeout = timeout;
        self
    }

    /// How long the guard of `init`, or dropping the last handle of a client, waits for what is queued. Defaults to 30 s.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.config.shutdown_timeout = timeout;
        self
    }

    /// Whether each event is sent on the thread that captures it, which waits for the answer. Defaults to `false`.
    ///
    /// For scripts and functions that may be frozen at any time. Hooks, format, retries and timeouts are those of every
    /// event; the UUID is returned even if the delivery failed, which is a warning (DLV-146).
    pub fn sync_mode(mut self, sync: bool) -> Self {
        self.config.sync_mode = sync;
        self
    }

    /// Whether the client does nothing at all. Defaults to `false` (CAP-10).
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.config.disabled = disabled;
        self
    }

    /// Whether the client starts opted out: it captures nothing until it opts in. Defaults to `false` (CAP-11).
    pub fn opted_out(mut self, opted_out: bool) -> Self {
        self.config.opted_out = opted_out;
        self
    }

    /// Whether events are sent. Defaults to `true`; with `false` they are assembled and then thrown away (CAP-14).
    pub fn send(mut self, send: bool) -> Self {
        self.config.send = send;
        self
    }

    /// Whether the client logs what it does with each event. Defaults to `false` (CAP-13).
    pub fn debug(mut self, debug: bool) -> Self {
        self.config.debug = debug;
        self
    }

    /// Whether the events are an import of old data, which the service takes by a slower path. Defaults to `false`.
    pub fn historical_migration(mut self, historical: bool) -> Self {
        self.config.historical_migration = historical;
        self
    }

    /// Whether events say that they come from a server (`$is_server`). Defaults to `true` (CAP-72).
    pub fn is_server(mut self, is_server: bool) -> Self {
        self.config.is_server = is_server;
        self
    }

    /// Whether the service leaves out where the sender's address is. Defaults to `true`: a server's address says nothing
    /// about its users (CAP-74).
    pub fn disable_geoip(mut self, disable: bool) -> Self {
        self.config.disable_geoip = disable;
        self
    }

    /// Whether contexts that do not say so themselves capture the failures that leave them. Defaults to `true` (CTX-60).
    pub fn capture_exceptions(mut self, capture: bool) -> Self {
        self.config.capture_exceptions = capture;
        self
    }

    /// Whether panics outside of any context that captures are captured, by the panic hook and with the global client.
    /// Defaults to `false`; panics that unwind through a context need no option (EXC-88).
    ///
    /// On the main thread, where a panic ends the program as a rule, the hook also waits for its delivery, for 2 s at most
    /// (EXC-89).
    pub fn capture_panics(mut self, capture: bool) -> Self {
        self.config.capture_panics = capture;
        self
    }

    /// Whether errors and panics have the stack of where they were seen. Defaults to `true` (EXC-63).
    ///
    /// The capturing thread only walks its stack; names are looked up on the worker, unless a `before_send` hook has to
    /// see them. Without the feature `backtrace` the stack is the one place that the compiler knows.
    pub fn capture_stacktrace(mut self, capture: bool) -> Self {
        self.config.capture_stacktrace = capture;
        self
    }

    /// Frames whose file, function or crate contains one of these are the application's own, whatever the rules say that
    /// tell its code from dependencies. Defaults to none (EXC-66).
    pub fn in_app_include(mut self, parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let rules = Arc::make_mut(&mut self.config.frame_rules);
        rules
            .in_app
            .include
            .extend(parts.into_iter().map(Into::into));
        self
    }

    /// Frames whose file, function or crate contains one of these are not the application's own. Defaults to none; it wins
    /// over [`in_app_include`](Self::in_app_include) (EXC-66).
    pub fn in_app_exclude(mut self, parts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let rules = Arc::make_mut(&mut self.config.frame_rules);
        rules
            .in_app
            .exclude
            .extend(parts.into_iter().map(Into::into));
        self
    }

    /// Sets the hook that may change what errors and panics say before it is sent, entry by entry, on the thread that
    /// captures. Defaults to none: their text goes out as it is.
    ///
    /// Where it panics, the text of that entry is left out, and the type where only the error's `Debug` text tells it. What was said counts unchanged for telling one failure from
    /// another.
    ///
    /// ```
    /// # use posthog_core::Options;
    /// let options = Options::new("phc_project_key").scrub_exception(|text| {
    ///     if text.exception_type == "LoginError" {
    ///         text.value = "login failed".to_owned();
    ///     }
    /// });
    /// ```
    pub fn scrub_exception(
        mut self,
        hook: impl Fn(&mut ExceptionText) + Send + Sync + 'static,
    ) -> Self {
        self.config.scrub_exception = Some(Arc::new(hook));
        self
    }

    /// How many failures of one type, from one place, are captured by themselves; `None` for no limit. Defaults to
    /// [`ExceptionRateLimit::default`]: bursts of 50, and 10 more every 10 s (EXC-94).
    pub fn exception_rate_limit(mut self, limit: impl Into<Option<ExceptionRateLimit>>) -> Self {
        self.config.exception_rate_limit = limit.into();
        self
    }

    /// Adds a property to every event, weaker than tags and than the event's own (CAP-60).
    pub fn super_property(mut self, key: impl AsRef<str>, value: impl PropertyValue) -> Self {
        self.config.super_properties.insert(key, value);
        self
    }

    /// Adds a hook that every event passes before it is queued, on the thread that captures it (DLV-40, DLV-41).
    ///
    /// It may change the event, or drop it by returning `None`. Hooks run in the order in which they were added, each on
    /// what the one before gave. One that panics drops the event: it may have been there for privacy (DLV-43). A
    /// capture inside a hook is dropped, with a warning (DLV-45).
    ///
    /// ```
    /// # use posthog_core::Options;
    /// let options = Options::new("phc_project_key").before_send(|mut event| {
    ///     event.properties.remove("email");
    ///     Some(event)
    /// });
    /// ```
    pub fn before_send(
        mut self,
        hook: impl Fn(CapturedEvent) -> Option<CapturedEvent> + Send + Sync + 'static,
    ) -> Self {
        self.config.before_send.push(Arc::new(hook));
        self
    }

    /// Sets the callback that is told of every batch that lost events, on the worker's thread (DLV-140).
    ///
    /// Without one the log has a warning. It is not called for events that were never admitted, nor for those that were
    /// not final when a shutdown's time was up, nor for what a thread sends itself (DLV-141). It may capture; a panic in it is logged (DLV-142).
    ///
    /// ```
    /// # use posthog_core::Options;
    /// let options = Options::new("phc_project_key").on_error(|failure| {
    ///     eprintln!("{failure}");
    /// });
    /// ```
    pub fn on_error(mut self, callback: impl Fn(&DeliveryFailure) + Send + Sync + 'static) -> Self {
        self.config.on_error = Some(Arc::new(callback));
        self
    }

    /// Whether the host is reached by TLS.
    ///
    /// # Errors
    /// [`InitError::Host`] where the host is malformed.
    #[doc(hidden)]
    pub fn needs_tls(&self) -> Result<bool, InitError> {
        Ok(!self.config.disabled && Host::parse(&self.host)?.is_https())
    }

    /// Checks everything; the first option at fault is the error.
    pub(crate) fn build(self) -> Result<(ApiKey, Host, Config), InitError> {
        let Self {
            api_key,
            host,
            mut config,
        } = self;
        let host = Host::parse(&host)?;
        host.given().clone_into(&mut config.host);
        let key = if config.disabled && api_key.trim().is_empty() {
            ApiKey::none()
        } else {
            ApiKey::parse(&api_key)?
        };
        Ok((key, host, config.in_range().with_known_compression()?))
    }
}

impl From<&str> for Options {
    fn from(api_key: &str) -> Self {
        Self::new(api_key)
    }
}

impl From<String> for Options {
    fn from(api_key: String) -> Self {
        Self::new(api_key)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            api_key: _,
            host: _,
            config,
        } = self;
        // A host may carry a password; both are shown once they were checked, or never.
        f.debug_struct("Options")
            .field("api_key", &"[redacted]")
            .field("config", config)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Options;
    use crate::{client::InitError, delivery::Compression};
    use std::time::Duration;

    fn from(variables: &[(&str, &str)]) -> Options {
        Options::from_lookup(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn cap_10_a_blank_key_in_code_is_an_error_and_none_in_the_environment_disables() {
        assert!(matches!(
            Options::new(" \n").build(),
            Err(InitError::ApiKey { .. })
        ));
        assert!(
            from(&[])
                .build()
                .is_ok_and(|(_, _, config)| config.disabled)
        );
        assert!(
            from(&[("POSTHOG_API_KEY", "  ")])
                .build()
                .is_ok_and(|(_, _, config)| config.disabled)
        );
        assert!(
            from(&[("POSTHOG_API_KEY", " phc_x ")])
                .build()
                .is_ok_and(|(_, _, config)| !config.disabled)
        );
    }

    #[test]
    fn dlv_1_numbers_out_of_range_are_moved_into_it() {
        let options = Options::new("phc_x")
            .flush_at(0)
            .max_batch_size(99_999)
            .max_retries(50)
            .flush_interval(Duration::ZERO);
        let config = options
            .build()
            .map(|(_, _, config)| config)
            .unwrap_or_default();
        assert_eq!(
            (config.flush_at, config.max_batch_size, config.max_retries),
            (1, 10_000, 9)
        );
        assert_eq!(config.flush_interval, Duration::from_millis(100));
    }

    #[test]
    fn dlv_2_the_environment_is_read_trimmed_and_without_regard_to_case() {
        let options = from(&[
            ("POSTHOG_API_KEY", "phc_x"),
            ("POSTHOG_CAPTURE_COMPRESSION", " GZIP "),
            ("POSTHOG_HOST", "http://localhost:1/"),
        ]);
        assert_eq!(options.config.compression, Compression::Gzip);
        assert!(
            options
                .build()
                .is_ok_and(|(_, host, _)| host.base() == "http://localhost:1")
        );
        let odd = from(&[
            ("POSTHOG_API_KEY", "phc_x"),
            ("POSTHOG_CAPTURE_COMPRESSION", "zip"),
            ("POSTHOG_DISABLED", "perhaps"),
        ]);
        assert_eq!(
            (odd.config.compression, odd.config.disabled),
            (Compression::Automatic, false)
        );
    }

    #[test]
    fn no_debug_output_shows_the_key() {
        assert!(
            !format!("{:?}", Options::new("phc_secret").host("https://u:pw@h")).contains("secret")
        );
    }
}
