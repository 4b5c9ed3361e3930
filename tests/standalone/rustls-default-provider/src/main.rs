//! A program that uses rustls for itself, with the one provider of its features, beside the SDK: neither may panic.
//!
//! rustls chooses a provider by itself as long as there is one to choose. If the SDK switched on another,
//! `ClientConfig::builder()` would panic here.

use posthog::{Client, Options};
use rustls::{ClientConfig, RootCertStore};
use std::{error::Error, io::Write, net::TcpListener, thread, time::Duration};

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), Box<dyn Error>> {
    if cfg!(feature = "app-provider") {
        let error = Client::new("phc_project_key").expect_err("no provider is installed yet");
        println!("before a provider is installed: {error}");
        install_provider();
    } else {
        sends_by_tls()?; // before the program uses rustls
    }

    let roots = RootCertStore::empty();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    println!(
        "the program's own cipher suites: {}",
        config.crypto_provider().cipher_suites.len()
    );

    sends_by_tls() // and after
}

/// Sends an event to a server that turns out to speak no TLS: the whole stack is built, and says so.
fn sends_by_tls() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let options = Options::new("phc_project_key")
        .host(format!("https://{}", listener.local_addr()?))
        .max_retries(0)
        .on_error(|failure| println!("as it should be: {:?}", failure.kind));
    let server = thread::spawn(move || listener.accept()?.0.write_all(b"220 mail.example\r\n"));
    let client = Client::new(options)?;
    client.capture("program_started");
    client.flush(PATIENCE)?;
    assert_eq!(client.stats().failed, 1);
    server.join().expect("no panic")?;
    Ok(())
}

#[cfg(feature = "app-provider")]
fn install_provider() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("the first");
}

#[cfg(not(feature = "app-provider"))]
fn install_provider() {}
