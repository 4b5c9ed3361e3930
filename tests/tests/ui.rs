//! What the compiler says about a mistake in a macro: one error, at the user's own token, that says what to write.

use std::{collections::HashSet, fs, path::Path, process::Command};

/// The minor version of the compiler that wrote the `.stderr` files; others word and underline their own errors differently.
const MADE_WITH: &str = "1.95";

#[test]
fn mistakes_are_reported_at_the_users_own_token() {
    let version = compiler_version();
    if !version.starts_with(&format!("rustc {MADE_WITH}.")) {
        eprintln!(
            "skipped: the expected texts were made with Rust {MADE_WITH}, and this is {version}"
        );
        return;
    }
    // One set for all files: each set is a build of its own.
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}

#[test]
fn no_message_mentions_what_is_private() {
    let hidden = hidden_traits();
    assert!(hidden.contains("FallibleSite"), "{hidden:?}");
    for (file, text) in expected_texts() {
        assert!(!text.contains("__private"), "{file}");
        assert!(!text.contains("posthog-macros/src"), "{file}");
        let named: HashSet<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let shown: Vec<_> = hidden
            .iter()
            .filter(|name| named.contains(&***name))
            .collect();
        assert!(shown.is_empty(), "{file}: {shown:?}");
    }
}

#[test]
fn there_is_a_test_of_each_mistake() {
    let texts = expected_texts();
    let mistakes: HashSet<_> = texts
        .iter()
        .flat_map(|(_, text)| text.lines().filter(|line| line.starts_with("error")))
        .collect();
    assert!(mistakes.len() >= 80, "{}", mistakes.len());
    for part in ["capture", "context", "scoped", "tag"] {
        let prefix = format!("{part}/");
        assert!(
            texts.iter().any(|(file, _)| file.starts_with(&prefix)),
            "{part}"
        );
    }
}

/// Errors of our own keep to one form: what is wrong, then what to write; lower case, no period at the end.
#[test]
fn our_messages_read_alike() {
    let mut ours = 0;
    for (file, text) in expected_texts() {
        let messages = text.lines().filter_map(|line| line.strip_prefix("error: "));
        for message in messages {
            let first = message.trim_start_matches("PostHog ").chars().next();
            assert!(
                first.is_some_and(|first| !first.is_uppercase()),
                "{file}: {message}"
            );
            assert!(!message.ends_with('.'), "{file}: {message}");
            ours += 1;
        }
    }
    assert!(ours > 80, "{ours}");
}

/// The traits of ours that a user of the crate cannot name, or does not find in its documentation.
fn hidden_traits() -> HashSet<String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let facade = fs::read_to_string(workspace.join("posthog/src/lib.rs")).expect("a text");
    let exported: HashSet<_> = facade.split(|c: char| !c.is_alphanumeric()).collect();
    let mut hidden = HashSet::new();
    let mut directories = vec![
        workspace.join("posthog-core/src"),
        workspace.join("posthog/src"),
    ];
    while let Some(directory) = directories.pop() {
        for path in entries(&directory) {
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).expect("a text");
            // What is public in `site` has a path that is public, unless it is hidden.
            let in_site = path.ends_with("posthog-core/src/site.rs");
            let lines: Vec<_> = source.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let Some((before, after)) = line.split_once("trait ") else {
                    continue;
                };
                if !["", "pub", "pub(crate)", "pub(super)"].contains(&before.trim()) {
                    continue;
                }
                let name = after.split(|c: char| !c.is_alphanumeric()).next();
                let attributes = lines[..at]
                    .iter()
                    .rev()
                    .take_while(|line| !line.trim().is_empty() && !line.ends_with('}'));
                let documented = line.starts_with("pub trait ")
                    && !attributes.clone().any(|line| line.contains("doc(hidden)"));
                hidden.extend(
                    name.filter(|name| !(exported.contains(name) || in_site && documented))
                        .map(str::to_owned),
                );
            }
        }
    }
    hidden
}

/// Each `.stderr` file: its name below `ui/`, and what it holds.
fn expected_texts() -> Vec<(String, String)> {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let files = entries(&ui)
        .into_iter()
        .flat_map(|directory| entries(&directory));
    let texts: Vec<_> = files
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "stderr")
        })
        .map(|file| {
            let name = file.strip_prefix(&ui).expect("a file of ours").display();
            (name.to_string(), fs::read_to_string(&file).expect("a text"))
        })
        .collect();
    assert!(texts.len() > 20, "{} files", texts.len());
    texts
}

fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// What `rustc --version` prints.
fn compiler_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc runs");
    String::from_utf8(output.stdout).expect("a text")
}
