//! The server as tests and examples see it: a handle that can be asked, told to fail, and dropped.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::fault::Fault;
use crate::gate::Gate;
use crate::listening::{Listening, Reserved};
use crate::received::Received;
use crate::service::Service;

/// A `PostHog` on loopback, for as long as this value lives.
///
/// It serves from a thread of its own, so its methods can be called from anywhere and none of them needs an async
/// runtime. Dropping it ends every connection at once, also those on which an answer is still due.
///
/// ```
/// use posthog_tests::LocalPostHog;
///
/// let posthog = LocalPostHog::start();
/// assert!(posthog.url().starts_with("http://127.0.0.1:"));
/// assert!(posthog.events().is_empty());
/// ```
#[derive(Debug)]
pub struct LocalPostHog {
    address: SocketAddr,
    service: Arc<Service>,
    port: Mutex<Port>,
}

impl LocalPostHog {
    /// Starts a server on a free port of 127.0.0.1. It is reachable when this returns.
    ///
    /// # Panics
    ///
    /// If the system gives no port, thread or event queue.
    #[must_use]
    pub fn start() -> Self {
        let reserved =
            Reserved::at((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port on loopback");
        let address = reserved.address();
        let service = Arc::new(Service::default());
        let listening = reserved
            .listen(Arc::clone(&service))
            .expect("listening on loopback");
        Self {
            address,
            service,
            port: Mutex::new(Port::Served(listening)),
        }
    }

    /// The host to give to a client, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The accepted events in order of arrival, each exactly as it stood in `batch`.
    ///
    /// An event accepted twice is listed twice.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.service.store.events()
    }

    /// Every request so far in order of arrival, whatever became of it.
    ///
    /// One that ended before its body was complete is not listed, unless the server cut it off
    /// ([`Fault::ResetBeforeRead`]).
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.service.store.requests()
    }

    /// What the SDK sent although it promises not to, each with the number of its request and the requirement.
    ///
    /// Noted for every request to a known endpoint, those that were refused or met a fault included.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.service.store.violations()
    }

    /// Waits until `n` events were accepted, and returns all of them; after `timeout`, those that there are.
    #[must_use]
    pub fn wait_for_events(&self, n: usize, timeout: Duration) -> Vec<Value> {
        self.service.store.wait_for_events(n, timeout)
    }

    /// Waits until `n` requests arrived, and returns all of them; after `timeout`, those that there are.
    ///
    /// The last of them may not be answered yet.
    #[must_use]
    pub fn wait_for_requests(&self, n: usize, timeout: Duration) -> Vec<Received> {
        self.service.store.wait_for_requests(n, timeout)
    }

    /// Forgets events, requests and violations. Faults and gates stay.
    pub fn clear(&self) {
        self.service.store.clear();
    }

    /// Lets the next request meet `fault`; called again, the one after it, and so on.
    ///
    /// # Panics
    ///
    /// If the fault cannot be written as HTTP: a status outside 200..=999, or a line break in a header.
    pub fn next(&self, fault: Fault) {
        fault.assert_expressible();
        self.service.faults.next(fault);
    }

    /// Lets every request meet `fault` that has no other planned with [`next`](Self::next).
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next).
    pub fn always(&self, fault: Fault) {
        fault.assert_expressible();
        self.service.faults.always(fault);
    }

    /// Forgets all planned faults and resets the connections that hang; from now on requests are answered normally.
    ///
    /// It opens no gate, and does not listen again.
    pub fn recover(&self) {
        self.service.faults.recover();
    }

    /// Lets requests wait, once they were read, until the gate is opened or dropped.
    ///
    /// Faults are taken behind the gate: one planned while a request is held can still be the fault of that request.
    /// A later gate takes the place of this one for new requests.
    #[must_use = "the gate opens when it is dropped; bind it: `let gate = ...`"]
    pub fn hold(&self) -> Gate {
        self.service.hold()
    }

    /// Cuts all connections and refuses new ones, until [`listen_again`](Self::listen_again). Does nothing if
    /// already stopped.
    ///
    /// # Panics
    ///
    /// If the port cannot be kept for later.
    pub fn stop_listening(&self) {
        let mut port = self.port.lock().unwrap_or_else(PoisonError::into_inner);
        if let Port::Served(_) = &*port {
            *port = Port::Between; // drops the old value: every connection is gone before the port is bound again
            *port =
                Port::Refused(Reserved::at(self.address).expect("the port that was just closed"));
        }
    }

    /// Listens again, on the same port. Does nothing if it was not stopped.
    ///
    /// # Panics
    ///
    /// If the port was taken by someone else, which the server prevents as far as the system lets it.
    pub fn listen_again(&self) {
        let mut port = self.port.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(&*port, Port::Served(_)) {
            let reserved = match std::mem::replace(&mut *port, Port::Between) {
                Port::Refused(reserved) => reserved,
                Port::Served(_) | Port::Between => {
                    Reserved::at(self.address).expect("the port of this server")
                }
            };
            *port = Port::Served(
                reserved
                    .listen(Arc::clone(&self.service))
                    .expect("listening on the port of this server"),
            );
        }
    }
}

#[derive(Debug)]
enum Port {
    Served(#[expect(dead_code, reason = "dropped, which is what it is kept for")] Listening),
    Refused(Reserved),
    /// While one of the above becomes the other.
    Between,
}
