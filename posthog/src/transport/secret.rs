//! Keeps the key out of what the HTTP library logs.
//!
//! At the level `trace` it dumps the bytes of every request's head and of every answer, and at `debug` it prints some
//! headers of the answer. So it never has the key in its hands. On the way out it is given a stand-in of the key's length,
//! and the key takes that one's place in the connection's buffer, behind the library; on the way in the answer is
//! [masked](mask) before the library sees it (DLV-144).

mod mask;

use super::turns::{Turns, rounded};
use mask::Mask;
use std::{cell::Cell, fmt, mem::ManuallyDrop};
use ureq::{
    Error,
    unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport},
};

/// How much of an answer waits to be understood, at most. A head has to fit, and so has the size of a chunk; both are
/// shorter by far.
const WAITING_BYTES: usize = 128 << 10;

thread_local! {
    /// The key of the request that this thread sends. It is written and looked for by the thread that asks for it.
    ///
    /// The thread's end does not drop it, and so it stays within reach: a destructor of the application's own may send.
    static SECRET: Cell<Option<ManuallyDrop<Secret>>> = const { Cell::new(None) };
}

fn replace_secret(secret: Option<Secret>) -> Option<Secret> {
    SECRET
        .replace(secret.map(ManuallyDrop::new))
        .map(ManuallyDrop::into_inner)
}

fn take_secret() -> Option<Secret> {
    replace_secret(None)
}

fn set_secret(secret: Option<Secret>) {
    drop(replace_secret(secret));
}

/// The key, while a request is under way.
struct Secret {
    key: String,
    /// The value of `Authorization`, while its place in the head is still taken by the stand-in.
    to_go_out: Option<String>,
}

/// Runs `exchange`, and has no connection show the key to the library meanwhile. `authorization` is what the request has as
/// its `Authorization`; a key that is in the body the library does not look at.
pub(super) fn kept<R>(key: &str, authorization: Option<&str>, exchange: impl FnOnce() -> R) -> R {
    /// What was there before comes back: the logger that the library calls may itself send.
    struct Restore(Option<Secret>);
    impl Drop for Restore {
        fn drop(&mut self) {
            set_secret(self.0.take());
        }
    }
    let secret = Secret {
        key: key.to_owned(),
        to_go_out: authorization.map(str::to_owned),
    };
    let _restore = Restore(replace_secret(Some(secret)));
    exchange()
}

/// The value of `Authorization` as the library may see it: its scheme, and as many stars as the rest has bytes.
pub(super) fn stand_in(authorization: &str) -> String {
    let (scheme, rest) = authorization.split_once(' ').unwrap_or(("", authorization));
    format!("{scheme} {}", "*".repeat(rest.len()))
}

/// Wraps every connection that another connector makes.
#[derive(Debug)]
pub(super) struct KeepKey {
    /// Behind one a connection is wrapped twice.
    pub(super) has_proxy: bool,
}

impl<In: Transport> Connector<In> for KeepKey {
    type Out = Keeping<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Keeping<In>>, Error> {
        Ok(chained.map(|inner| Keeping::new(inner, self.has_proxy)))
    }
}

/// A connection that puts the key in on the way out and masks it on the way in.
pub(super) struct Keeping<T> {
    inner: T,
    /// What came in, masked; the library has taken it up to `taken`.
    input: Vec<u8>,
    taken: usize,
    /// Whether the library could take something when it looked last.
    progress: bool,
    mask: Mask,
    turns: Turns,
}

impl<T> Keeping<T> {
    fn new(inner: T, has_proxy: bool) -> Self {
        Self {
            inner,
            input: Vec::new(),
            taken: 0,
            progress: false,
            mask: Mask::default(),
            turns: Turns::new(has_proxy),
        }
    }
}

/// Hides the key from what `action` does: behind a proxy a connection is wrapped twice, and the inner one carries what is
/// encrypted, where nothing is to be looked for.
fn out_of_sight<R>(secret: Option<Secret>, action: impl FnOnce() -> R) -> R {
    let done = action();
    set_secret(secret);
    done
}

impl<T: Transport> Transport for Keeping<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut secret = take_secret();
        // Its answer begins anew.
        self.mask = Mask::default();
        if let Some(Secret { to_go_out, .. }) = &mut secret
            && let Some(authorization) = to_go_out
        {
            let stand_in = stand_in(authorization);
            let out = &mut self.output()[..amount];
            let found = out
                .windows(stand_in.len())
                .position(|part| part == stand_in.as_bytes());
            if let Some(at) = found {
                out[at..at + stand_in.len()].copy_from_slice(authorization.as_bytes());
                // A head has one, and what follows is the body's.
                *to_go_out = None;
            }
        }
        let (due, timeout) = (self.turns.send(amount), rounded(timeout));
        out_of_sight(secret, || match due {
            Some(amount) => self.inner.transmit_output(amount, timeout),
            None => Ok(()),
        })
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if self.input.len() - self.taken >= WAITING_BYTES {
            return Ok(false);
        }
        let secret = take_secret();
        let key = secret.as_ref().map(|secret| secret.key.clone());
        let (due, timeout) = (self.turns.end(), rounded(timeout));
        let came = out_of_sight(secret, || {
            if let Some(amount) = due {
                self.inner.transmit_output(amount, timeout)?;
            }
            self.inner.await_input(timeout)
        });
        // Whatever came is taken over, also with an error: it may be looked at afterwards.
        let buffers = self.inner.buffers();
        let amount = buffers.input().len();
        self.input.drain(..self.taken);
        self.taken = 0;
        let at = self.input.len();
        self.input.extend_from_slice(buffers.input());
        buffers.input_consume(amount);
        if let Some(key) = key {
            self.mask.apply(&key, &mut self.input[at..]);
        }
        came
    }

    fn is_open(&mut self) -> bool {
        !self.turns.is_worth_a_look() || self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// The output is that of the connection within, behind what is held of it.
impl<T: Transport> Buffers for Keeping<T> {
    fn output(&mut self) -> &mut [u8] {
        &mut self.inner.buffers().output()[self.turns.held()..]
    }

    fn input(&self) -> &[u8] {
        &self.input[self.taken..]
    }

    /// Nothing is read into this one: [`Transport::await_input`] fills it from the connection within.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.progress = amount > 0;
        self.taken = (self.taken + amount).min(self.input.len());
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        let (tmp, output) = self.inner.buffers().tmp_and_output();
        (tmp, &mut output[self.turns.held()..])
    }

    fn can_use_input(&self) -> bool {
        self.taken < self.input.len() && self.progress
    }
}

impl<T> fmt::Debug for Keeping<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeping")
    }
}
