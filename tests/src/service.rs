//! The way of a request: read, listed, held at a gate, met by a fault or answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::accepted::Accepted;
use crate::answer::Answer;
use crate::body;
use crate::check::Refusal;
use crate::endpoint::Endpoint;
use crate::fault::{Fault, Faults};
use crate::gate::{Gate, Latch};
use crate::received::Received;
use crate::store::Store;
use crate::wire::{Door, Wire};

/// What all connections share. It outlives the time that its port is closed.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    gate: Mutex<Option<Arc<Latch>>>,
}

/// Serves until it is dropped.
pub(crate) async fn serve(door: Door, service: Arc<Service>) {
    // One handler for all paths: faults are for every request, and `Endpoint` knows the routes.
    let router = Router::new().fallback(handle).with_state(service);
    let _ = axum::serve(door, router.into_make_service_with_connect_info::<Wire>()).await;
}

async fn handle(
    State(service): State<Arc<Service>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response {
    let _busy = wire.busy();
    let Some(incoming) = Incoming::read(request, wire.peer()).await else {
        return StatusCode::BAD_REQUEST.into_response(); // nobody is there to read it
    };
    let (number, (fault, recovery)) = match service.closed_gate() {
        None => {
            // Before it is listed: a test that sees the request must not change its fate by planning the next one's.
            let fault = service.faults.take();
            (service.list(&incoming), fault)
        }
        Some(gate) => {
            let number = service.list(&incoming);
            gate.pass().await;
            (number, service.faults.take())
        }
    };
    if let Some(Fault::Delay(duration)) = &fault {
        tokio::time::sleep(*duration).await;
    }
    let (answer, accepted) = incoming.answer(fault);
    service.store.settle(number, answer.status(), accepted);
    answer.act(&wire, recovery).await
}

impl Service {
    pub(crate) fn hold(&self) -> Gate {
        let latch = Arc::new(Latch::default());
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&latch));
        Gate::new(latch)
    }

    /// Lists a request of which nothing was read.
    pub(crate) fn record_unread(&self, peer: SocketAddr) {
        self.store.record(nothing(peer), Vec::new());
    }

    fn list(&self, incoming: &Incoming) -> u64 {
        let Incoming {
            request,
            endpoint,
            text,
            authorization: _,
            body: _,
        } = incoming;
        let broken = endpoint
            .map(|endpoint| endpoint.broken_promises(request, text.as_deref()))
            .unwrap_or_default();
        self.store.record(request.clone(), broken)
    }

    fn closed_gate(&self) -> Option<Arc<Latch>> {
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.clone().filter(|gate| !gate.is_open())
    }
}

/// A request that was read, before it is known what becomes of it.
struct Incoming {
    request: Received,
    endpoint: Option<Endpoint>,
    /// Kept for the check only: what is listed does not show it.
    authorization: Option<String>,
    /// The body, decompressed.
    text: Option<Vec<u8>>,
    body: Result<Arc<Value>, Refusal>,
}

impl Incoming {
    /// `None` if the body did not come to its end.
    async fn read(request: Request, peer: SocketAddr) -> Option<Self> {
        let (head, body) = request.into_parts();
        let endpoint = Endpoint::of(head.uri.path());
        let sent = to_bytes(body, READ_LIMIT).await.ok()?;
        let mut headers = by_name(&head.headers);
        let authorization = headers.get_mut("authorization").map(redact);
        let encoding = headers.get("content-encoding").map(String::as_str);
        let text = body::decompress(endpoint, encoding, &sent);
        let body = text
            .as_deref()
            .map_err(Clone::clone)
            .and_then(body::parse)
            .map(Arc::new);
        let events = body.as_deref().map(body::events).unwrap_or_default();
        let uuid = |event: &Value| event.get("uuid").and_then(Value::as_str).map(str::to_owned);
        let request = Received {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers,
            body: body.as_ref().ok().map(Arc::clone),
            body_bytes: sent.len(),
            events: events.len(),
            uuids: events.iter().filter_map(uuid).collect(),
            ..nothing(peer)
        };
        Some(Self {
            endpoint,
            request,
            authorization,
            text: text.ok(),
            body,
        })
    }

    /// What is answered, and what is accepted with it.
    fn answer(&self, fault: Option<Fault>) -> (Answer, Option<Accepted>) {
        let accepts_in_silence = fault == Some(Fault::AcceptThenReset);
        let mut verdict = self.check();
        if let (Ok(accepted), Some(Fault::Results(results))) = (&mut verdict, &fault) {
            accepted.overrule(results);
        }
        let success = verdict.as_ref().map(Accepted::answer);
        let answer = Answer::to(fault, &success.unwrap_or_default());
        if !accepts_in_silence && !answer.is_success() {
            return (answer, None);
        }
        match verdict {
            Ok(accepted) => (answer, Some(accepted)),
            Err(refusal) => (Answer::refused(refusal, self.endpoint), None),
        }
    }

    fn check(&self) -> Result<Accepted, Refusal> {
        let Some(endpoint) = self.endpoint else {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "not_found",
                format!("no route {}", self.request.path),
            ));
        };
        if self.request.method != "POST" {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "only POST",
            ));
        }
        endpoint.check_head(&self.request, self.authorization.as_deref())?;
        endpoint.check(self.body.as_ref().map_err(Clone::clone)?)
    }
}

/// Takes the key out of a header, and leaves what is no secret.
fn redact(authorization: &mut String) -> String {
    let redacted = match authorization.split_once(' ') {
        Some((scheme, _)) => format!("{scheme} [redacted]"),
        None => "[redacted]".to_owned(),
    };
    std::mem::replace(authorization, redacted)
}

fn by_name(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut by_name = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        by_name
            .entry(name.as_str().to_owned())
            .and_modify(|earlier| *earlier = format!("{earlier}, {value}"))
            .or_insert_with(|| value.into_owned());
    }
    by_name
}

fn nothing(peer: SocketAddr) -> Received {
    Received {
        number: 0,
        at: Instant::now(),
        peer,
        method: String::new(),
        path: String::new(),
        query: None,
        headers: BTreeMap::new(),
        body: None,
        body_bytes: 0,
        events: 0,
        uuids: Vec::new(),
        status: None,
    }
}

/// Far more than the service reads, so that a test which exceeds its limit sees the answer 413, not a broken pipe.
const READ_LIMIT: usize = 256 * 1024 * 1024;
