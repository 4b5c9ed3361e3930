//! The port, and the thread that serves it.
//!
//! A port is either served or reserved: bound, but refusing connections, so that nobody else gets it in between.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::net::TcpSocket;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::service::{self, Service};
use crate::wire::Door;

/// A port that is ours, on which connections are refused.
#[derive(Debug)]
pub(crate) struct Reserved {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Reserved {
    /// Port 0 stands for any free one.
    pub(crate) fn at(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if address.port() == 0 {
            // With the option set, the system might choose a port that another server has reserved.
            socket.bind(address)?;
            socket.set_reuseaddr(true)?;
        } else {
            // Connections of the server that was here a moment ago may linger in TIME_WAIT.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
        }
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections are accepted when this returns.
    pub(crate) fn listen(self, service: Arc<Service>) -> io::Result<Listening> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            self.socket.listen(BACKLOG)?
        };
        let (stop, stopped) = oneshot::channel();
        let serving = move || {
            let door = Door::new(listener, Arc::clone(&service));
            runtime.block_on(async {
                tokio::select! {
                    () = service::serve(door, service) => {}
                    _ = stopped => {}
                }
            });
            // Dropping the runtime drops every connection with it, whatever it waits for.
        };
        let thread = thread::Builder::new()
            .name("local-posthog".to_owned())
            .spawn(serving)?;
        Ok(Listening {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

/// A port that is served, until this is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic in it was printed already
        }
    }
}

const BACKLOG: u32 = 1024;
