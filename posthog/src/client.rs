//! A client of one's own, beside or instead of the global one.

use crate::HttpTransport;
use posthog_core::{Client as Core, Clock, InitError, Options, Transport};
use std::{ops::Deref, sync::Arc};

/// A handle to a client that sends over HTTP. It can do all that [`posthog_core::Client`] can.
///
/// Clones share one queue and one worker. Dropping the last one delivers what is queued, within
/// [`Options::shutdown_timeout`]. Most programs use the global one that [`init`](crate::init) makes.
///
/// ```
/// use posthog::{Client, Event, Options, capture};
/// # fn main() -> Result<(), posthog::InitError> {
/// # let key = "phc_project_key";
/// let client = Client::new(Options::new(key).disabled(true))?;
/// client.capture(Event::new("order_processed").distinct_id("user-7"));
/// capture!("order_processed", client = &client);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client(Core);

impl Client {
    /// A client that sends over HTTP. It makes no request and starts no thread until its first event.
    ///
    /// # Errors
    /// [`InitError`] names the option that is malformed; [`InitError::NoTls`] where the host is `https` and there is no
    /// TLS.
    pub fn new(options: impl Into<Options>) -> Result<Self, InitError> {
        let options = options.into();
        let transport = HttpTransport::default();
        if !transport.has_tls() && options.needs_tls()? {
            return Err(InitError::NoTls);
        }
        Self::with_transport(options, Arc::new(transport))
    }

    /// A client over a transport of one's own, or over an [`HttpTransport`] that differs from the default.
    ///
    /// # Errors
    /// [`InitError`] names the option that is malformed.
    pub fn with_transport(
        options: impl Into<Options>,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, InitError> {
        Core::with_transport(options, transport).map(Self)
    }

    /// A client over a transport and a clock of one's own: for tests.
    ///
    /// # Errors
    /// [`InitError`] names the option that is malformed.
    pub fn with_clock(
        options: impl Into<Options>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InitError> {
        Core::with_clock(options, transport, clock).map(Self)
    }
}

impl Deref for Client {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}

impl AsRef<Core> for Client {
    fn as_ref(&self) -> &Core {
        &self.0
    }
}
