//! From a request of the harness to the client that it means, and back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::messages::{Capture, Init};
use super::session::{self, Session};
use super::settings::Settings;

pub(super) fn router(settings: Settings) -> Router {
    let adapter = Arc::new(Adapter {
        settings,
        sessions: Mutex::default(),
    });
    Router::new()
        .route("/health", get(health))
        .route("/init", post(init))
        .route("/capture", post(capture))
        .route("/capture_ai", post(capture_ai))
        .route("/flush", post(flush))
        .route("/state", get(state))
        .route("/reset", post(reset))
        .route("/get_feature_flag", post(get_feature_flag))
        .with_state(adapter)
}

/// The clients, by test.
struct Adapter {
    settings: Settings,
    sessions: Mutex<HashMap<Option<String>, Arc<Session>>>,
}

impl Adapter {
    fn session(&self, test: &Test) -> Option<Arc<Session>> {
        self.sessions().get(&test.test_id).cloned()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<Option<String>, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Test {
    test_id: Option<String>,
}

async fn health(State(adapter): State<Arc<Adapter>>) -> Json<Value> {
    Json(json!({
        "sdk_name": "posthog-rust",
        // The packages of the workspace share their version.
        "sdk_version": env!("CARGO_PKG_VERSION"),
        "adapter_version": "1.0.0",
        "supports_parallel": true,
        "capabilities": adapter.settings.capabilities(),
    }))
}

async fn init(
    State(adapter): State<Arc<Adapter>>,
    Query(test): Query<Test>,
    Json(init): Json<Init>,
) -> Response {
    let options = init.options(adapter.settings);
    match Session::new(options, test.test_id.clone()) {
        Ok(session) => {
            let earlier = adapter.sessions().insert(test.test_id, Arc::new(session));
            discard(earlier).await;
            Json(json!({ "success": true })).into_response()
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn capture(
    State(adapter): State<Arc<Adapter>>,
    Query(test): Query<Test>,
    Json(capture): Json<Capture>,
) -> Response {
    match adapter.session(&test) {
        Some(session) => Json(session.capture(capture)).into_response(),
        None => refuse(StatusCode::BAD_REQUEST, "there is no client: call /init"),
    }
}

async fn capture_ai(
    State(adapter): State<Arc<Adapter>>,
    Query(test): Query<Test>,
    Json(capture): Json<Capture>,
) -> Response {
    match adapter.session(&test) {
        Some(session) => Json(session.capture_ai(capture)).into_response(),
        None => refuse(StatusCode::BAD_REQUEST, "there is no client: call /init"),
    }
}

async fn flush(State(adapter): State<Arc<Adapter>>, Query(test): Query<Test>) -> Response {
    let Some(session) = adapter.session(&test) else {
        return Json(json!({ "success": true, "events_flushed": 0 })).into_response();
    };
    match spawn_blocking(move || session.flush()).await {
        Ok(flushed) => Json(flushed).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn state(State(adapter): State<Arc<Adapter>>, Query(test): Query<Test>) -> Json<Value> {
    let session = adapter.session(&test);
    Json(session.map_or_else(session::blank_state, |session| session.state()))
}

async fn reset(State(adapter): State<Arc<Adapter>>, Query(test): Query<Test>) -> Json<Value> {
    let session = adapter.sessions().remove(&test.test_id);
    discard(session).await;
    Json(json!({ "success": true }))
}

async fn get_feature_flag() -> Response {
    refuse(
        StatusCode::NOT_IMPLEMENTED,
        "there are no feature flags yet",
    )
}

/// Ends a session where it may wait.
async fn discard(session: Option<Arc<Session>>) {
    if let Some(session) = session {
        // It fails only if the runtime is ending, and the session with it.
        let _ = spawn_blocking(move || session.discard()).await;
    }
}

fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "success": false, "error": reason }))).into_response()
}
