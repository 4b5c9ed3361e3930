//! A server that takes batches and counts what is in them: distinct UUIDs, requests and bytes.

use crate::process::numbers;
use flate2::read::GzDecoder;
use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

/// The server as a process of its own, so that its CPU time is not the client's.
pub struct Server {
    process: Child,
    said: BufReader<ChildStdout>,
    pub port: u16,
}

/// What arrived.
pub struct Counts {
    pub distinct: f64,
    pub bytes: f64,
}

impl Server {
    pub fn start() -> Self {
        let mut process = Command::new(env::current_exe().expect("this program"))
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut said = BufReader::new(process.stdout.take().expect("its output"));
        let mut port = String::new();
        said.read_line(&mut port).expect("its port");
        let port = port.trim().parse().expect("a port");
        Self {
            process,
            said,
            port,
        }
    }

    /// Ends it.
    pub fn counts(mut self) -> Counts {
        drop(self.process.stdin.take());
        let mut counted = String::new();
        self.said.read_to_string(&mut counted).expect("its counts");
        let [distinct, bytes] = numbers(&counted)[..] else {
            panic!("the server ended early");
        };
        Counts { distinct, bytes }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

static BODIES: Mutex<Vec<(bool, Vec<u8>)>> = Mutex::new(Vec::new());

/// Says its port, serves, and says what it has when its input ends. Bodies are looked at only then, so that it keeps no
/// client waiting.
pub fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("{}", listener.local_addr().expect("an address").port());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(&connection));
        }
    });
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    let bodies = BODIES.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut uuids, mut bytes) = (HashSet::new(), 0);
    for (is_gzip, body) in &*bodies {
        bytes += body.len();
        let mut text = Vec::new();
        if *is_gzip {
            let _ = GzDecoder::new(&body[..]).read_to_end(&mut text);
        } else {
            text.clone_from(body);
        }
        for at in ends_of(&text, b"\"uuid\":\"") {
            uuids.insert(text[at..at + 36].to_vec());
        }
    }
    println!("{} {bytes}", uuids.len());
}

/// Where the text ends that is looked for, wherever it stands.
fn ends_of<'a>(text: &'a [u8], sought: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let is_there = move |at: &usize| text[*at..].starts_with(sought);
    let last = text.len().saturating_sub(sought.len() + 36);
    (0..last).filter(is_there).map(|at| at + sought.len())
}

fn serve(connection: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut length, mut is_gzip) = (0, false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            is_gzip |= line.starts_with("content-encoding:") && line.ends_with("gzip");
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let mut bodies = BODIES.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.push((is_gzip, body));
        drop(bodies);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"status\":1}";
        (&*connection).write_all(answer).ok()?;
    }
}
