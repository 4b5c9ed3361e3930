//! A client over HTTP, and the failures that arrived of it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use posthog::{Client, NewContext, Options, new_context};
use posthog_tests::LocalPostHog;
use serde_json::Value;
use std::time::Duration;

pub(crate) struct Reports {
    posthog: LocalPostHog,
    pub(crate) client: Client,
}

impl Reports {
    pub(crate) fn new() -> Self {
        Self::with(|options| options)
    }

    pub(crate) fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let posthog = LocalPostHog::start();
        let options = change(Options::new("phc_test").host(posthog.url()));
        let client = Client::new(options).expect("options that are in order");
        Self { posthog, client }
    }

    /// A context whose failures go to the client.
    pub(crate) fn context(&self) -> NewContext {
        new_context().client(&self.client)
    }

    /// All that arrived.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.client
            .flush(Duration::from_secs(30))
            .expect("delivered in time");
        assert_eq!(self.posthog.violations(), Vec::<String>::new());
        self.posthog.events()
    }

    /// The message of each failure that arrived.
    pub(crate) fn messages(&self) -> Vec<String> {
        let all = self.all();
        all.iter()
            .map(|event| text(&event["properties"]["$exception_message"]))
            .collect()
    }

    /// The only event that arrived.
    pub(crate) fn only(&self) -> Value {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// The properties of the only event that arrived.
    pub(crate) fn properties(&self) -> Value {
        self.only()["properties"].clone()
    }

    /// The entries of the only failure that arrived.
    pub(crate) fn entries(&self) -> Vec<Value> {
        let list = self.properties()["$exception_list"].clone();
        list.as_array().cloned().expect("a list")
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The frames of an entry, entry point first.
pub(crate) fn frames(entry: &Value) -> Vec<Value> {
    entry["stacktrace"]["frames"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}
