//! From a host to its addresses.
//!
//! As the HTTP library's own, but that one panics where the system gives no thread, and asks for one for an address too.
//! And it looks a name up for every request, also where a connection is there already; this one remembers it for a while.

use posthog_core::threads;
use std::{
    error::Error as StdError,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
    vec,
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

/// Clones share what they know: one goes into the library, one stays to be told of failures.
#[derive(Clone, Default)]
pub(super) struct Lookup {
    /// A client has one host, or two with a proxy.
    known: Arc<Mutex<Vec<Known>>>,
}

struct Known {
    host: String,
    addresses: Vec<SocketAddr>,
    since: Instant,
}

/// For how long a name means the same addresses. After a failure it is looked up anew.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How many names are remembered.
const MOST_KNOWN: usize = 8;

impl Lookup {
    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all names: what they meant may be out of date.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn recall(&self, host: &str, now: Instant) -> Option<Vec<SocketAddr>> {
        let mut known = self.known();
        known.retain(|known| now.duration_since(known.since) < REMEMBERED);
        let found = known.iter().find(|known| known.host == host)?;
        Some(found.addresses.clone())
    }

    fn remember(&self, host: String, addresses: &[SocketAddr], since: Instant) {
        let mut known = self.known();
        known.retain(|known| known.host != host);
        known.truncate(MOST_KNOWN - 1);
        known.push(Known {
            host,
            addresses: addresses.to_vec(),
            since,
        });
    }
}

/// What the library asks of a resolver; the names are of no use to anybody.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

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
        let now = Instant::now();
        let known = self.recall(&host, now);
        let is_new = known.is_none();
        let addresses = match known {
            Some(addresses) => addresses,
            None => by_name(host.clone(), timeout)?
                .take(MOST_ADDRESSES)
                .collect(),
        };
        if addresses.is_empty() {
            return Err(Error::HostNotFound);
        }
        for address in &addresses {
            found.push(*address);
        }
        if is_new {
            self.remember(host, &addresses, now);
        }
        Ok(found)
    }
}

fn by_name(host: String, timeout: NextTimeout) -> Result<vec::IntoIter<SocketAddr>, Error> {
    let found = threads::within("posthog-lookup", *timeout.after, move || {
        host.to_socket_addrs()
    });
    match found.map_err(|_| Error::Other(Box::new(NoThread)))? {
        Some(found) => Ok(found?),
        None => Err(Error::Timeout(timeout.reason)),
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

#[cfg(test)]
mod tests {
    use super::{Lookup, MOST_KNOWN, REMEMBERED};
    use std::{
        net::SocketAddr,
        time::{Duration, Instant},
    };

    #[test]
    fn a_name_is_remembered_for_a_minute_and_until_something_fails() {
        let (lookup, start) = (Lookup::default(), Instant::now());
        let addresses = [SocketAddr::from(([127, 0, 0, 1], 80))];
        assert_eq!(lookup.recall("a:80", start), None);
        lookup.remember("a:80".to_owned(), &addresses, start);
        let late = start + REMEMBERED.saturating_sub(Duration::from_millis(1));
        assert_eq!(
            lookup.clone().recall("a:80", late).as_deref(),
            Some(&addresses[..])
        );
        assert_eq!(lookup.recall("a:80", start + REMEMBERED), None);
        lookup.remember("a:80".to_owned(), &addresses, start);
        lookup.forget();
        assert_eq!(lookup.recall("a:80", start), None);
    }

    #[test]
    fn few_names_are_remembered_and_the_last_among_them() {
        let (lookup, now) = (Lookup::default(), Instant::now());
        for n in 0..100 {
            lookup.remember(format!("{n}:80"), &[], now);
        }
        assert_eq!(lookup.known().len(), MOST_KNOWN);
        assert!(lookup.recall("99:80", now).is_some());
    }
}
