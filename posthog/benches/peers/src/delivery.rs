//! From the first capture until everything is delivered. The client and the server are processes of their own, so that the
//! CPU time is the client's alone.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const EVENTS: usize = 200_000;

pub fn table() {
    println!("| client | events/s | CPU s per million | bytes per event | memory, MiB | lost |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (name, library, gzip) in [
        ("ours, plain", "ours", "plain"),
        ("ours, gzip", "ours", "gzip"),
        ("posthog-rs, plain", "posthog-rs", "plain"),
        ("posthog-rs, gzip", "posthog-rs", "gzip"),
    ] {
        let this = env::current_exe().expect("this program");
        let mut server = Command::new(&this)
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut said = BufReader::new(server.stdout.take().expect("its output"));
        let mut port = String::new();
        said.read_line(&mut port).expect("its port");
        let client = Command::new(&this)
            .args(["client", library, gzip, port.trim()])
            .output()
            .expect("a client");
        drop(server.stdin.take());
        let mut counted = String::new();
        said.read_to_string(&mut counted).expect("its counts");
        let _ = server.wait();
        let numbers = |text: &str| -> Vec<f64> {
            text.split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect()
        };
        let (client, counted) = (
            numbers(&String::from_utf8_lossy(&client.stdout)),
            numbers(&counted),
        );
        let ([seconds, cpu, memory], [distinct, _, bytes]) = (&client[..], &counted[..]) else {
            println!("| {name} | failed |");
            continue;
        };
        println!(
            "| {name} | {:.0} | {:.2} | {:.0} | {memory:.0} | {} |",
            distinct / seconds,
            cpu / distinct * 1e6,
            bytes / distinct,
            EVENTS as f64 - distinct,
        );
    }
}

/// Captures and flushes, and says how long it took, its CPU seconds, and the most memory it had.
pub fn client(arguments: &[String]) {
    let [library, gzip, port] = arguments else {
        return;
    };
    let (host, gzip) = (format!("http://127.0.0.1:{port}"), gzip == "gzip");
    let text = |at: usize| format!("https://example.com/p/{}", at % 50);
    let texts: Vec<_> = (0..50).map(text).collect();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    if library == "ours" {
        let compression = if gzip {
            posthog::Compression::Gzip
        } else {
            posthog::Compression::None
        };
        let options = posthog::Options::new("phc_x")
            .host(host)
            .compression(compression);
        let client = posthog::Client::new(options).expect("well-formed options");
        for at in 0..EVENTS {
            posthog::capture!(
                "order processed",
                client = &client,
                distinct_id = texts[at % 50],
                plan = texts[at % 7],
                seats = at % 97,
                amount = (at * 37 % 10_000) as f64 / 100.0,
                trial = at % 2 == 0,
                referrer = texts[at % 50],
            );
        }
        client
            .flush(Duration::from_secs(120))
            .expect("all is delivered");
    } else {
        let mut options = posthog_rs::ClientOptionsBuilder::default();
        options
            .api_key("phc_x".to_owned())
            .host(host)
            .flush_at(100_usize)
            .max_batch_size(100_usize)
            .max_queue_size(EVENTS);
        if gzip {
            options.capture_compression(posthog_rs::CaptureCompression::Gzip);
        }
        let client = posthog_rs::client(options.build().expect("well-formed options"));
        for at in 0..EVENTS {
            let mut event = posthog_rs::Event::new("order processed", texts[at % 50].as_str());
            let set = [
                event.insert_prop("plan", texts[at % 7].as_str()),
                event.insert_prop("seats", at % 97),
                event.insert_prop("amount", (at * 37 % 10_000) as f64 / 100.0),
                event.insert_prop("trial", at % 2 == 0),
                event.insert_prop("referrer", texts[at % 50].as_str()),
            ];
            assert!(set.iter().all(Result::is_ok));
            client.capture(event);
        }
        client.flush();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds} {} {}", cpu_seconds() - cpu, most_memory());
}

/// User and system time of this process, as Linux counts them: in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|word| word.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// MiB.
fn most_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
