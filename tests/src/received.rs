//! A request, as it arrived.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

/// One request and the status it was answered with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Received {
    /// Counts the requests of one server from 1; [`LocalPostHog::clear`](crate::LocalPostHog::clear) does not start it
    /// again.
    pub number: u64,
    /// When it was complete.
    pub at: Instant,
    /// The client's end of the connection: equal for two requests if they came over one connection.
    pub peer: SocketAddr,
    /// Such as `POST`; empty if nothing was read.
    pub method: String,
    /// Such as `/batch/`, without the query; empty if nothing was read.
    pub path: String,
    /// What stood behind the `?` of the path.
    pub query: Option<String>,
    /// By name in lower case. Several of one name are joined by `, `. Of `authorization` only the scheme is kept.
    pub headers: BTreeMap<String, String>,
    /// The body, decompressed and parsed, if it was JSON.
    pub body: Option<Arc<Value>>,
    /// The length of the body as sent, that is, compressed.
    pub body_bytes: usize,
    /// The length of `batch` in the body, or 0.
    pub events: usize,
    /// The `uuid` of each event that has one, as text and in order.
    pub uuids: Vec<String>,
    /// The status of the answer; `None` if there is none yet, or never was.
    pub status: Option<u16>,
}
