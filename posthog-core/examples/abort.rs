//! A panic in a program that is built with `panic = "abort"`: nothing unwinds, and the failure is reported all the same.
//!
//! Run it with `cargo run -p posthog-core --example abort --profile abort`.

use posthog_core::{
    Client, Request, Response, Transport, TransportError, global, identify_context, new_context,
};
use std::sync::Arc;

/// Prints what would be sent.
struct Print;

impl Transport for Print {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        println!("{}", String::from_utf8_lossy(&request.body));
        Ok(Response::new(200))
    }
}

fn main() -> Result<(), posthog_core::InitError> {
    let options = posthog_core::Options::new("phc_x").compression(posthog_core::Compression::None);
    global::install(Client::with_transport(options, Arc::new(Print))?)?;
    let _outer = new_context().tag("depth", 1).enter();
    identify_context("u-1");
    let _inner = new_context().tag("depth", 2).enter();
    let _quiet = new_context()
        .capture_exceptions(false)
        .tag("depth", 3)
        .enter();
    panic!("nothing unwinds");
}
