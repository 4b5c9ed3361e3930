//! The compliance adapter in a process of its own, and what the harness does with it.

#![allow(dead_code, reason = "each test file uses a part of it")]

#[path = "raw_http.rs"]
mod raw_http;

use posthog_tests::{LocalPostHog, Received};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The adapter, while it runs.
pub(crate) struct Adapter {
    process: Child,
    address: String,
}

impl Adapter {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_compliance-adapter"))
            .args(arguments)
            .arg("0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the adapter");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("a pipe");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("a line of the adapter");
        let port = line.trim_end().rsplit(' ').next().unwrap_or_default();
        Self {
            process,
            address: format!("127.0.0.1:{port}"),
        }
    }

    /// What a call answers, which has to be a success.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = [("Content-Type", "application/json")];
        let body = body.to_string();
        let answer = raw_http::request(&self.address, method, path, &headers, body.as_bytes());
        (answer.status, answer.json)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, body)
    }

    /// Makes a client for that server, with the options that are given beside.
    pub(crate) fn init(&self, server: &LocalPostHog, options: Value) {
        let mut body = json!({ "api_key": "phc_test_key", "host": server.url() });
        let Value::Object(options) = options else {
            panic!("options are an object")
        };
        body.as_object_mut().expect("an object").extend(options);
        assert_eq!(self.post("/init", &body), json!({ "success": true }));
    }

    /// Captures an event; its UUID.
    pub(crate) fn capture(&self, event: &str) -> String {
        let body = json!({ "distinct_id": "test_user", "event": event });
        let answer = self.post("/capture", &body);
        assert_eq!(answer["success"], true, "{answer}");
        answer["uuid"].as_str().expect("a UUID").to_owned()
    }

    /// Makes a client, captures these events and flushes; what has arrived by then.
    ///
    /// Nothing can come after it: a flush waits until all is final.
    pub(crate) fn flushed(
        &self,
        server: &LocalPostHog,
        options: Value,
        events: &[Value],
    ) -> Flushed {
        self.init(server, options);
        let capture = |event: &Value| {
            let answer = self.post("/capture", event);
            assert_eq!(answer["success"], true, "{answer}");
            answer["uuid"].as_str().expect("a UUID").to_owned()
        };
        let uuids = events.iter().map(capture).collect();
        assert_eq!(self.flush()["success"], true);
        let state = self.state();
        assert_eq!(state["pending_events"], 0, "{state}");
        Flushed {
            requests: server.requests(),
            uuids,
            state,
        }
    }

    pub(crate) fn flush(&self) -> Value {
        self.post("/flush", &json!(null))
    }

    pub(crate) fn state(&self) -> Value {
        self.call("GET", "/state", &json!(null))
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What became of some events.
pub(crate) struct Flushed {
    pub(crate) requests: Vec<Received>,
    /// As the adapter gave them, in order.
    pub(crate) uuids: Vec<String>,
    /// What it says of itself.
    pub(crate) state: Value,
}

impl Flushed {
    /// How many requests were made.
    pub(crate) fn count(&self) -> usize {
        self.requests.len()
    }

    /// The statuses they were answered with.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.requests
            .iter()
            .map(|request| request.status.unwrap_or_default())
            .collect()
    }

    /// The times between them.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.requests
            .windows(2)
            .map(|two| two[1].at - two[0].at)
            .collect()
    }

    /// A header of each.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let header = |request: &'_ Received| request.headers.contains_key(name);
        assert!(self.requests.iter().all(header), "no `{name}`");
        self.requests
            .iter()
            .map(|request| &*request.headers[name])
            .collect()
    }

    /// The events of the first request.
    pub(crate) fn events(&self) -> Vec<Value> {
        batch(&self.requests[0])
    }
}

/// The events of a request.
pub(crate) fn batch(request: &Received) -> Vec<Value> {
    let body = request.body.as_ref().expect("a body of JSON");
    body["batch"].as_array().cloned().expect("a batch")
}

pub(crate) fn paths(requests: &[Received]) -> Vec<&str> {
    requests.iter().map(|request| &*request.path).collect()
}

/// An event without anything that it need not have.
pub(crate) fn event(name: &str) -> Value {
    json!({ "distinct_id": "test_user", "event": name })
}

/// So many events, each with a name of its own.
pub(crate) fn events(n: usize) -> Vec<Value> {
    (0..n).map(|n| event(&format!("test_event_{n}"))).collect()
}
