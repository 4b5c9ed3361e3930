//! The SDK's own transport, with what the harness wants beside it: a header, and a list of what was sent.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use posthog::{HttpTransport, Request, Response, Transport, TransportError};
use serde::Serialize;
use serde_json::Value;

use crate::body;
use crate::endpoint::Endpoint;

/// One request, as `/state` lists it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Sent {
    timestamp_ms: u64,
    /// 0 if no answer came.
    status_code: u16,
    /// 0 for a first attempt.
    retry_attempt: usize,
    event_count: usize,
    uuid_list: Vec<String>,
}

/// Sends over HTTP until it is cut off.
#[derive(Debug)]
pub(super) struct Traced {
    http: HttpTransport,
    test_id: Option<String>,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Sent>,
    under_way: usize,
    cut_off: bool,
}

impl Traced {
    /// With a test's id, every request has it as its header `X-Test-Id`.
    pub(super) fn new(test_id: Option<String>) -> Self {
        Self {
            http: HttpTransport::default(),
            test_id,
            state: Mutex::default(),
            idle: Condvar::new(),
        }
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// Sends nothing more from now on, and gives what is under way a moment to end.
    pub(super) fn cut_off(&self) {
        let mut state = self.state();
        state.cut_off = true;
        drop(
            self.idle
                .wait_timeout_while(state, MOMENT, |state| state.under_way > 0),
        );
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Traced {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let mut state = self.state();
        if state.cut_off {
            let reason = "the test is over".to_owned();
            return Err(TransportError::Connection { reason });
        }
        state.under_way += 1;
        drop(state);

        let mut request = request.clone();
        if let Some(id) = &self.test_id {
            request.headers.push(("X-Test-Id", id.clone()));
        }
        let at = SystemTime::now();
        let answer = self.http.send(&request);

        let uuid_list = uuids(&request);
        let mut state = self.state();
        let sent = Sent {
            timestamp_ms: milliseconds(at),
            status_code: answer.as_ref().map_or(0, |response| response.status),
            retry_attempt: earlier_attempts(&request, &uuid_list, &state.sent),
            event_count: uuid_list.len(),
            uuid_list,
        };
        state.sent.push(sent);
        state.under_way -= 1;
        self.idle.notify_all();
        answer
    }
}

/// V1 says it in a header. In V0 a batch that failed is sent again with the same events.
fn earlier_attempts(request: &Request, uuids: &[String], sent: &[Sent]) -> usize {
    let attempt = header(request, "PostHog-Attempt").and_then(|text| text.parse::<usize>().ok());
    if let Some(attempt) = attempt {
        return attempt.saturating_sub(1);
    }
    let failed = |sent: &&Sent| !(200..300).contains(&sent.status_code);
    let same = sent.iter().filter(|sent| sent.uuid_list == uuids);
    same.filter(failed).count()
}

fn uuids(request: &Request) -> Vec<String> {
    let encoding = header(request, "Content-Encoding");
    // V1 knows every encoding that there is.
    let body = body::decompress(Some(Endpoint::V1), encoding, &request.body)
        .and_then(|text| body::parse(&text))
        .unwrap_or_default();
    let uuid = |event: &Value| event.get("uuid").and_then(Value::as_str).map(str::to_owned);
    body::events(&body).iter().filter_map(uuid).collect()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    headers
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value.as_str())
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

const MOMENT: Duration = Duration::from_secs(2);
