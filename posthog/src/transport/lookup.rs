//! From a host to its addresses.
//!
//! As the HTTP library's own, but that one panics where the system gives no thread, and asks for one for an address too.

use std::{
    error::Error as StdError,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    sync::mpsc::{self, RecvTimeoutError},
    thread, vec,
};
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

#[derive(Debug)]
pub(super) struct Lookup;

/// A name is looked up on a thread of its own, for nothing ends that in time; and there is none to be had.
#[derive(Debug)]
pub(super) struct NoThread;

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri
            .scheme()
            .zip(uri.authority())
            .and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority))
            .ok_or(Error::HostNotFound)?;
        let mut found = self.empty();
        if let Ok(address) = host.parse::<SocketAddr>() {
            found.push(address);
            return Ok(found);
        }
        for address in by_name(host, timeout)?.take(MOST_ADDRESSES) {
            found.push(address);
        }
        if found.is_empty() {
            return Err(Error::HostNotFound);
        }
        Ok(found)
    }
}

fn by_name(host: String, timeout: NextTimeout) -> Result<vec::IntoIter<SocketAddr>, Error> {
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("posthog-lookup".to_owned())
        // Nobody is told if the time is up.
        .spawn(move || drop(tell.send(host.to_socket_addrs())))
        .map_err(|_| Error::Other(Box::new(NoThread)))?;
    match told.recv_timeout(*timeout.after) {
        Ok(found) => Ok(found?),
        Err(RecvTimeoutError::Timeout) => Err(Error::Timeout(timeout.reason)),
        Err(RecvTimeoutError::Disconnected) => Err(Error::HostNotFound),
    }
}

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no thread could be started to look up the host")
    }
}

impl StdError for NoThread {}

/// As many as the library takes.
const MOST_ADDRESSES: usize = 16;
