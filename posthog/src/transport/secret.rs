//! Keeps the key out of what the HTTP library logs.
//!
//! At the level `trace` it dumps the bytes of every request's head. So it is given a stand-in of the key's length, and the
//! key takes that one's place where the bytes go out: in the connection's buffer, behind the library (DLV-144).

use std::{cell::RefCell, fmt};
use ureq::{
    Error,
    unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport},
};

/// What stands before the key in the header `Authorization`.
const SCHEME: &str = "Bearer ";

thread_local! {
    /// The key of the request that this thread sends. It is written by the thread that asks for it.
    static KEY: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The value of `Authorization` as the library may see it. The key is put in while `send` runs.
pub(super) fn behind_stand_in<R>(authorization: &str, send: impl FnOnce(String) -> R) -> R {
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            KEY.set(None);
        }
    }
    let Some(key) = authorization.strip_prefix(SCHEME) else {
        return send(authorization.to_owned());
    };
    KEY.set(Some(key.to_owned()));
    let _forget = Forget;
    send(stand_in(key))
}

fn stand_in(key: &str) -> String {
    format!("{SCHEME}{}", "*".repeat(key.len()))
}

/// Wraps every connection that another connector makes.
#[derive(Debug)]
pub(super) struct PutKeyIn;

impl<In: Transport> Connector<In> for PutKeyIn {
    type Out = WithKey<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<WithKey<In>>, Error> {
        Ok(chained.map(WithKey))
    }
}

/// A connection that puts the key in.
pub(super) struct WithKey<T>(T);

impl<T: Transport> Transport for WithKey<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        KEY.with_borrow_mut(|key| {
            let Some(secret) = key else { return };
            let stand_in = stand_in(secret);
            let out = self.0.buffers().output();
            let out = &mut out[..amount];
            let found = out
                .windows(stand_in.len())
                .position(|part| part == stand_in.as_bytes());
            if let Some(at) = found {
                out[at + SCHEME.len()..at + stand_in.len()].copy_from_slice(secret.as_bytes());
                // A head has one, and what follows is the body's.
                *key = None;
            }
        });
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

impl<T> fmt::Debug for WithKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithKey")
    }
}
