//! A web service: each request runs in a context made of the headers that PostHog's frontend SDKs send.
//!
//! The headers say who a browser claims to be. Use them for analytics, never to decide what somebody may do.

use axum::{
    Router,
    extract::{Path, Request},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use posthog::{capture, context, scoped};
use posthog_examples::{Demo, Failed};
use std::error::Error;
use tokio::{net::TcpListener, runtime::Runtime};

fn main() -> Result<(), Failed> {
    let demo = Demo::start();
    let posthog = posthog::init(demo.options())?;

    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}/orders", listener.local_addr()?);
    let service = Router::new()
        .route("/orders/{id}", get(show_order))
        .layer(middleware::from_fn(in_context));
    runtime.spawn(async { axum::serve(listener, service).await });

    for (order, headers) in [
        (
            1,
            &[
                ("X-POSTHOG-DISTINCT-ID", "user-7"),
                (
                    "X-POSTHOG-SESSION-ID",
                    "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11",
                ),
            ][..],
        ),
        (2, &[]),
        (13, &[("X-POSTHOG-DISTINCT-ID", "user-8")]),
    ] {
        println!("GET /orders/{order}: {}", request(&url, order, headers)?);
    }

    drop(runtime); // no request is under way any more
    demo.show(posthog) // ends the client, which delivers what is queued, and prints what arrived
}

/// The context of a request. It is fresh: nothing that the thread did before belongs to this request.
async fn in_context(request: Request, next: Next) -> Response {
    // A header that is missing sets nothing, and a session ID that is no UUIDv7 is left out with a warning.
    context! {
        <
            fresh,
            distinct_id = header(&request, "x-posthog-distinct-id"),
            session_id = header(&request, "x-posthog-session-id"),
            tags($request_method = request.method().as_str(), $request_path = request.uri().path()),
        >
        async move { next.run(request).await }
    }
    .await
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

#[scoped(tags(order_id = id))]
async fn show_order(Path(id): Path<u32>) -> Result<String, NoAnswer> {
    let order = look_up(id)?; // an error is reported with the request's context, and answered all the same
    capture!("order_viewed");
    Ok(order)
}

fn look_up(id: u32) -> Result<String, NoAnswer> {
    if id == 13 {
        return Err(NoAnswer);
    }
    Ok(format!("order {id}"))
}

#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the warehouse does not answer")
    }
}

impl Error for NoAnswer {}

impl IntoResponse for NoAnswer {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, self.to_string()).into_response()
    }
}

/// What a browser would do.
fn request(url: &str, order: u32, headers: &[(&str, &str)]) -> Result<String, ureq::Error> {
    let mut request = ureq::get(format!("{url}/{order}"))
        .config()
        .http_status_as_error(false)
        .build();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.call()?.body_mut().read_to_string()
}
