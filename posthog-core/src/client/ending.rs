//! The end of the global client.

use super::{Client, InitError, global};
use crate::context::stack;
use std::{num::NonZeroU64, time::Duration};

/// Keeps a client the global one. Dropping it takes the client away, delivers what is queued, and stops it.
///
/// Where the client was made inside of a scope of the thread, as in a `main` that is `#[scoped]`, it delivers what is
/// queued and stops with that scope instead: the error that leaves the scope is the last that it has to report.
#[doc(hidden)]
pub struct Installed {
    client: Client,
    /// The outermost scope around the place where it was made.
    inside: Option<NonZeroU64>,
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
        let mut ending = Ending {
            client: self.client.clone(),
            time: self.client.shutdown_timeout(),
        };
        let ends_now = match self.inside {
            Some(scope) => {
                // What is queued does not wait for the scope, which may never close: `exit` may be called before.
                if self.client.flush(ending.time).is_err() {
                    ending.time = ending.time.min(WHEN_LATE);
                }
                stack::outlive(scope, ending)
            }
            None => Some(ending),
        };
        drop(ends_now);
    }
}

/// How long a client may still take that has used up its time already.
const WHEN_LATE: Duration = Duration::from_secs(2);

/// A client that is stopped when this is dropped.
pub(crate) struct Ending {
    client: Client,
    time: Duration,
}

impl Ending {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // What was not delivered in time is in the log and in the stats.
        let _ = self.client.shutdown(self.time);
    }
}
