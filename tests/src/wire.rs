//! Connections that can misbehave below HTTP.
//!
//! The HTTP server reads and writes through a [`Line`]. A request's handler holds the [`Wire`] of the same connection:
//! with it, it can write bytes past the HTTP server, discard the answer that the server writes, or end the connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::service::Service;

/// Accepts connections as [`Line`]s.
pub(crate) struct Door {
    listener: TcpListener,
    service: Arc<Service>,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, service: Arc<Service>) -> Self {
        Self { listener, service }
    }
}

impl Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            if let Ok((stream, peer)) = self.listener.accept().await {
                let _ = stream.set_nodelay(true); // without it answers are only later
                let wire = Wire(Arc::new(Connection {
                    stream,
                    peer,
                    state: Mutex::default(),
                    busy: AtomicBool::new(false),
                }));
                return (
                    Line {
                        wire,
                        service: Arc::clone(&self.service),
                    },
                    peer,
                );
            }
            // Most likely out of file descriptors, which a closed connection will give back.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The handler's end of a connection.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Connection>);

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    state: Mutex<State>,
    /// A request is being handled, so bytes that arrive belong to it.
    busy: AtomicBool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// What the HTTP server writes is discarded, until it has written one answer.
    Muted { discarded: usize },
    /// Reading and writing fail, which makes the HTTP server let go of the connection.
    Ended,
}

impl Wire {
    pub(crate) fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// To be held while a request of this connection is handled.
    pub(crate) fn busy(&self) -> Busy {
        self.0.busy.store(true, Ordering::Release);
        Busy(self.clone())
    }

    /// Writes these bytes past the HTTP server.
    pub(crate) async fn say(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.0.stream.writable().await?;
            match self.0.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Discards the answer that the handler is about to return; the one after it is written again.
    pub(crate) fn discard_answer(&self) {
        *self.state() = State::Muted { discarded: 0 };
    }

    /// Closes the connection, as soon as the handler returns, in good order.
    pub(crate) fn close(&self) {
        *self.state() = State::Ended;
    }

    /// Resets the connection as soon as the handler returns.
    pub(crate) fn reset(&self) {
        let _ = self.0.stream.set_zero_linger(); // fails only if the client has reset the connection first
        *self.state() = State::Ended;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Door>> for Wire {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().wire.clone()
    }
}

/// See [`Wire::busy`].
pub(crate) struct Busy(Wire);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.busy.store(false, Ordering::Release);
    }
}

/// The HTTP server's end of a connection. The socket is closed when this and all its [`Wire`]s are dropped.
pub(crate) struct Line {
    wire: Wire,
    service: Arc<Service>,
}

impl Line {
    /// Whether a request begins to arrive, looked at without reading it.
    fn poll_request_begins(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let connection = &*self.wire.0;
        if connection.busy.load(Ordering::Acquire) {
            return Poll::Ready(Ok(false));
        }
        let mut first = [0];
        let bytes = ready!(
            connection
                .stream
                .poll_peek(cx, &mut ReadBuf::new(&mut first))
        )?;
        Poll::Ready(Ok(bytes > 0))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &self.wire;
        if *wire.state() == State::Ended {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if ready!(self.poll_request_begins(cx))? && self.service.faults.take_reset_before_read() {
            self.service.record_unread(wire.peer());
            wire.reset();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        loop {
            ready!(wire.0.stream.poll_read_ready(cx))?;
            match wire.0.stream.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = &self.wire;
        match &mut *wire.state() {
            State::Open => {}
            State::Muted { discarded } => {
                *discarded += bytes.len();
                return Poll::Ready(Ok(bytes.len()));
            }
            State::Ended => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
        loop {
            ready!(wire.0.stream.poll_write_ready(cx))?;
            match wire.0.stream.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The HTTP server flushes when it has written all it had, which is the whole answer: ours has no body.
        let mut state = self.wire.state();
        if matches!(*state, State::Muted { discarded } if discarded > 0) {
            *state = State::Open;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // dropping the socket shuts it down
    }
}
