//! The global client.

use crate::Client;
use posthog_core::{FlushError, InitError, Options, expansion::Installed};
use std::fmt;

/// Makes the global client, which the macros and the functions of this crate use.
///
/// Keep the guard in `main`: dropping it delivers what is queued, within [`Options::shutdown_timeout`], and stops.
/// `std::process::exit` and signals skip it; call [`shutdown`](crate::shutdown) before.
///
/// An error that `main` returns is reported where `main` is `#[scoped]`: the client then stays until that scope has closed.
/// The same holds for any scope that is open on the thread that calls this.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let phc_project_key = posthog::Options::new("phc_project_key").disabled(true);
/// let _posthog = posthog::init(phc_project_key)?;
/// posthog::capture!("service_started");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`InitError`] names the option that is malformed, never showing the key; or says that there is a global client
/// already, which then stays (CAP-7).
pub fn init(options: impl Into<Options>) -> Result<Guard, InitError> {
    init_with(Client::new(options)?)
}

/// Makes a client the global one: for a client over a transport of one's own, such as an
/// [`HttpTransport`](crate::HttpTransport) that trusts other root certificates.
///
/// # Errors
/// [`InitError::AlreadyInitialised`] while there is a global client; that one stays (CAP-7).
pub fn init_with(client: Client) -> Result<Guard, InitError> {
    let installed = Installed::new((*client).clone())?;
    Ok(Guard { client, installed })
}

/// Keeps the global client; made by [`init`].
#[must_use = "the client stops where this guard is dropped: bind it in `main`, `let _posthog = …`"]
pub struct Guard {
    client: Client,
    installed: Installed,
}

impl Guard {
    /// The client that it keeps.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Delivers what is queued and stops, as dropping the guard does, and says how it went.
    ///
    /// # Errors
    /// [`FlushError`] if events were neither delivered nor given up within [`Options::shutdown_timeout`]; they are lost.
    pub fn shutdown(self) -> Result<(), FlushError> {
        let Self { client, installed } = self;
        let result = client.shutdown(client.shutdown_timeout());
        drop(installed);
        result
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
