//! The shared buffer, and the worker that sends it batch by batch.

use super::event::begin_batch;
use flate2::{Compression, write::GzEncoder};
use std::{
    collections::VecDeque,
    io::{Read, Write},
    mem,
    net::TcpStream,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Events of a batch.
const BATCH: usize = 100;

/// Its lock is held for one copy of an event. The worker is woken by the event that fills a batch, and by `flush`.
#[derive(Default)]
pub struct Queue {
    shared: Mutex<Shared>,
    work: Condvar,
    idle: Condvar,
}

#[derive(Default)]
struct Shared {
    open: Vec<u8>,
    events: usize,
    full: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    is_sending: bool,
    /// Without a worker everything stays in `open`.
    has_worker: bool,
}

impl Queue {
    /// With a worker that sends to that port of this machine.
    pub fn to(port: u16, gzip: bool) -> Arc<Self> {
        let queue = Arc::new(Self::default());
        queue.lock().has_worker = true;
        let worker = Arc::clone(&queue);
        thread::spawn(move || worker.work(port, gzip));
        queue
    }

    /// Takes the JSON of an event, with a comma behind it.
    pub fn push(&self, event: &[u8]) {
        let mut shared = self.lock();
        shared.open.extend_from_slice(event);
        shared.events += 1;
        if shared.events == BATCH && shared.has_worker {
            shared.close_batch();
            drop(shared);
            self.work.notify_one();
        }
    }

    /// Forgets what was pushed, but not the room for it.
    pub fn clear(&self) {
        let mut shared = self.lock();
        shared.open.clear();
        shared.events = 0;
    }

    pub fn flush(&self) {
        let mut shared = self.lock();
        shared.close_batch();
        self.work.notify_one();
        while shared.is_sending || !shared.full.is_empty() {
            shared = self
                .idle
                .wait(shared)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self, port: u16, gzip: bool) {
        let mut connection = None;
        let mut body = Vec::new();
        let mut shared = self.lock();
        loop {
            let Some(mut events) = shared.full.pop_front() else {
                shared.is_sending = false;
                self.idle.notify_all();
                shared = self
                    .work
                    .wait(shared)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            shared.is_sending = true;
            drop(shared);
            body.clear();
            begin_batch(&mut body);
            body.extend_from_slice(&events[..events.len() - 1]);
            body.extend_from_slice(b"]}");
            let connection = connection.get_or_insert_with(|| connect(port));
            if gzip {
                post(connection, &zipped(&body), "content-encoding: gzip\r\n");
            } else {
                post(connection, &body, "");
            }
            events.clear();
            shared = self.lock();
            if shared.spare.len() < 4 {
                shared.spare.push(events);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn close_batch(&mut self) {
        if self.events > 0 {
            let empty = self.spare.pop().unwrap_or_default();
            self.full.push_back(mem::replace(&mut self.open, empty));
            self.events = 0;
        }
    }
}

fn connect(port: u16) -> TcpStream {
    let connection = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    connection.set_nodelay(true).expect("a socket");
    connection
}

fn zipped(body: &[u8]) -> Vec<u8> {
    let mut zipped = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    zipped.write_all(body).expect("memory");
    zipped.finish().expect("memory")
}

fn post(connection: &mut TcpStream, body: &[u8], encoding: &str) {
    let length = body.len();
    let mut request = format!(
        "POST /batch/ HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{encoding}content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    connection.write_all(&request).expect("a server that reads");
    let mut answer = [0; 1024];
    let length = connection.read(&mut answer).expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
}
