//! A crate that a test writes, compiles, and reads the compiler's messages of.

use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The programs in `tests/plan` whose messages are expected to the letter.
pub(crate) const NAMES: [&str; 8] = [
    "deprecated",
    "events",
    "once",
    "properties",
    "tags",
    "typed_events",
    "types",
    "values",
];

/// The minor version of the compiler that wrote the expected texts; others word and underline their own errors differently.
const MADE_WITH: &str = "1.95";

/// Whether the expected texts were made with this compiler; if not, says that the test is skipped.
pub(crate) fn same_compiler() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc runs");
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let same = version.starts_with(&format!("rustc {MADE_WITH}."));
    if !same {
        eprintln!(
            "skipped: the expected texts were made with Rust {MADE_WITH}, and this is {version}"
        );
    }
    same
}

pub(crate) struct Crate {
    root: PathBuf,
}

/// What the compiler said.
pub(crate) struct Said {
    pub(crate) succeeded: bool,
    messages: Vec<Value>,
}

impl Crate {
    /// A new crate of that name, with no program in it.
    pub(crate) fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("plan")
            .join(name);
        // What an earlier run left, which may be anything.
        let _ = fs::remove_dir_all(&root);
        let project = Self { root };
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = workspace.canonicalize().expect("the workspace");
        let sdk = workspace.join("posthog");
        let sdk = sdk.to_str().expect("a path in UTF-8");
        // Nothing is sent, so nothing speaks TLS.
        let sdk = format!("posthog = {{ path = {sdk:?}, default-features = false }}\n");
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\nanyhow = \"1\"\nlog = {{ version = \"0.4\", features = [\"std\"] }}\n{sdk}\
                 posthog-examples = {{ path = \"posthog-examples\" }}\n\
                 serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\nthiserror = \"2\"\n\n\
                 [profile.dev]\ndebug = false\n"
            ),
        );
        project.write(
            "posthog-examples/Cargo.toml",
            &format!(
                "[package]\nname = \"posthog-examples\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{sdk}"
            ),
        );
        project.write("posthog-examples/src/lib.rs", "");
        // The versions of the workspace, which are here already.
        fs::copy(workspace.join("Cargo.lock"), project.path("Cargo.lock")).expect("the lock file");
        project
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    /// Compiles all programs, each as far as it goes.
    pub(crate) fn check(&self) -> Said {
        Said::of_output(&self.cargo(&["check", "--bins", "--keep-going", "--message-format=json"]))
    }

    pub(crate) fn clippy(&self) -> Said {
        Said::of_output(&self.cargo(&["clippy", "--bins", "--message-format=json"]))
    }

    /// What a program prints.
    pub(crate) fn run(&self, name: &str, release: bool) -> String {
        // The profile alone differs, so that the dependencies are not compiled for release as well.
        let profile = if release {
            "profile.dev.debug-assertions=false"
        } else {
            "profile.dev.debug=false"
        };
        let output = self.cargo(&["run", "-q", "--bin", name, "--config", profile]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).current_dir(&self.root);
        // One directory for all of them, so that the dependencies are compiled once.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("plan")
            .join("target");
        cargo.env("CARGO_TARGET_DIR", target);
        // What the tests' own build was told is not meant for this one.
        cargo
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = cargo.output().expect("cargo runs");
        let text = String::from_utf8_lossy(&output.stderr);
        let compiled = output.status.success() || text.contains("could not compile");
        assert!(compiled || arguments[0] == "run", "{text}");
        output
    }
}

impl Said {
    fn of_output(output: &Output) -> Self {
        let lines = String::from_utf8_lossy(&output.stdout);
        let messages = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["reason"] == "compiler-message");
        Self {
            succeeded: output.status.success(),
            messages: messages.collect(),
        }
    }

    /// Everything about a program, as the compiler prints it, but for its summary.
    pub(crate) fn of(&self, program: &str) -> String {
        let said = self
            .about(program)
            .map(|message| message["rendered"].as_str().unwrap_or_default());
        said.collect()
    }

    /// The first line of each message.
    pub(crate) fn messages(&self, program: &str) -> Vec<String> {
        let said = self.about(program).map(|message| {
            let rendered = message["rendered"].as_str().unwrap_or_default();
            rendered.lines().next().unwrap_or_default().to_owned()
        });
        said.collect()
    }

    fn about(&self, program: &str) -> impl Iterator<Item = &Value> {
        let program = program.to_owned();
        self.messages
            .iter()
            .filter(move |message| message["target"]["name"] == program.as_str())
            .map(|message| &message["message"])
            // "aborting due to 2 previous errors", "For more information about this error" stand nowhere in the source.
            .filter(|message| {
                message["spans"]
                    .as_array()
                    .is_some_and(|spans| !spans.is_empty())
            })
    }
}
