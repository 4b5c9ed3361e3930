//! As much of the language server protocol as it takes to ask about a program.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How long the server may take to read the workspace and to build its macros, and then for an answer.
const PATIENCE: Duration = Duration::from_secs(540);

pub(crate) struct LanguageServer {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
}

impl LanguageServer {
    /// Starts the server and waits until it knows the workspace.
    pub(crate) fn start(program: &Path, workspace: &Path) -> Self {
        let mut process = Command::new(program)
            .current_dir(workspace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts");
        let input = process.stdin.take().expect("a pipe");
        let mut output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut server = Self {
            process,
            input,
            messages,
            last_id: 0,
        };
        let target = workspace.join("target/rust-analyzer");
        server.request(
            "initialize",
            &json!({
                "processId": null,
                "rootUri": uri(workspace),
                "capabilities": {
                    "experimental": { "serverStatusNotification": true },
                    "textDocument": { "hover": { "contentFormat": ["plaintext"] }, "diagnostic": {} },
                },
                "initializationOptions": {
                    "cargo": { "buildScripts": { "enable": true }, "targetDir": target },
                    "procMacro": { "enable": true },
                    "cachePriming": { "enable": false },
                    "checkOnSave": false,
                },
            }),
        );
        server.notify("initialized", &json!({}));
        server.wait(|message| {
            message["method"] == "experimental/serverStatus"
                && message["params"]["quiescent"] == true
        });
        server
    }

    pub(crate) fn open(&mut self, file: &Path, text: &str) {
        let document =
            json!({ "uri": uri(file), "languageId": "rust", "version": 1, "text": text });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Gives an open file another text, in memory only.
    pub(crate) fn change(&mut self, file: &Path, text: &str) {
        let params = json!({
            "textDocument": { "uri": uri(file), "version": 2 },
            "contentChanges": [{ "text": text }],
        });
        self.notify("textDocument/didChange", &params);
    }

    /// What the server reports as errors in an open file.
    pub(crate) fn mistakes(&mut self, file: &Path) -> Vec<Value> {
        let report = self.request(
            "textDocument/diagnostic",
            &json!({ "textDocument": { "uri": uri(file) } }),
        );
        let items = report["items"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| panic!("a report: {report}"));
        items
            .into_iter()
            .filter(|item| item["severity"] == 1)
            .collect()
    }

    pub(crate) fn ask(&mut self, method: &str, file: &Path, position: &Value) -> Value {
        self.request(
            method,
            &json!({ "textDocument": { "uri": uri(file) }, "position": position }),
        )
    }

    /// In how many places a name would be changed.
    pub(crate) fn rename(&mut self, file: &Path, position: &Value, name: &str) -> usize {
        let uri = uri(file);
        let edit = self.request(
            "textDocument/rename",
            &json!({ "textDocument": { "uri": uri }, "position": position, "newName": name }),
        );
        let edits = edit["changes"][&uri].as_array();
        edits
            .or(edit["documentChanges"][0]["edits"].as_array())
            .map_or(0, Vec::len)
    }

    pub(crate) fn stop(mut self) {
        self.request("shutdown", &Value::Null);
        self.notify("exit", &Value::Null);
        self.process.wait().expect("rust-analyzer ends");
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        loop {
            self.last_id += 1;
            let id = self.last_id;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
            let answer =
                self.wait(|message| message["id"] == id && message.get("method").is_none());
            match answer["error"]["code"].as_i64() {
                // The text changed meanwhile, or the server is still busy: ask again.
                Some(-32801 | -32802) => thread::sleep(Duration::from_millis(100)),
                Some(_) => panic!("{method}: {}", answer["error"]),
                None => return answer["result"].clone(),
            }
        }
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("written");
        self.input.flush().expect("written");
    }

    /// The first message that `wanted` is about. What the server asks meanwhile gets an empty answer.
    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left).expect("an answer in time");
            if wanted(&message) {
                return message;
            }
            if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
            }
        }
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        // It has ended already, or the test fails.
        let _ = self.process.kill();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            line => {
                if let Some(number) = line.strip_prefix("Content-Length:") {
                    length = number.trim().parse().ok()?;
                }
            }
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
