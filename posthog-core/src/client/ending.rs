//! The end of the global client.

use super::{Client, InitError, global};
use crate::context::stack;

/// Keeps a client the global one. Dropping it takes the client away, delivers what is queued, and stops it.
///
/// Where the client was made inside of a scope of the thread, as in a `main` that is `#[scoped]`, it stops with that
/// scope instead: the error that leaves the scope is the last that it has to report.
#[doc(hidden)]
pub struct Installed {
    client: Client,
    /// The outermost scope around the place where it was made.
    inside: Option<u64>,
}

impl Installed {
    /// Makes a client the global one.
    ///
    /// # Errors
    /// [`InitError::AlreadyInitialised`] while another is; that one stays (CAP-7).
    pub fn new(client: Client) -> Result<Self, InitError> {
        global::install(client.clone())?;
        Ok(Self {
            client,
            inside: stack::outermost(),
        })
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        global::uninstall();
        let ending = Ending(self.client.clone());
        let ends_now = match self.inside {
            Some(scope) => stack::outlive(scope, ending),
            None => Some(ending),
        };
        drop(ends_now);
    }
}

/// A client that is stopped when this is dropped.
pub(crate) struct Ending(Client);

impl Ending {
    pub(crate) fn client(&self) -> &Client {
        &self.0
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // What was not delivered in time is in the log and in the stats.
        let _ = self.0.shutdown(self.0.shutdown_timeout());
    }
}
