//! The SDK behind the HTTP interface of `PostHog`'s language-neutral test harness.
//!
//! The harness starts the binary `compliance-adapter`, has it make clients and capture events, and looks at what arrives
//! at its own server. There is one client for each test, named by the query parameter `test_id`, so that tests can run
//! beside each other. Everything here goes through what `posthog` offers its users; no feature flags yet.

mod messages;
mod routes;
mod session;
mod settings;
mod traced;

pub use settings::Settings;

use std::io;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Serves until the process ends, and prints the port when it can be reached.
///
/// # Errors
///
/// If the system gives no threads, or not this port.
pub fn serve(settings: Settings) -> io::Result<()> {
    Runtime::new()?.block_on(async {
        // Every address: the harness may run in another container.
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, settings.port)).await?;
        println!("listening on port {}", listener.local_addr()?.port());
        axum::serve(listener, routes::router(settings)).await
    })
}
