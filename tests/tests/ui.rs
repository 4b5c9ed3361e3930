//! What the compiler says about a mistake in a macro: one error, at the user's own token, that says what to write.

use std::{fs, path::Path, process::Command};

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
    let mut texts = 0;
    for directory in entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")) {
        for file in entries(&directory) {
            if file
                .extension()
                .is_none_or(|extension| extension != "stderr")
            {
                continue;
            }
            let text = fs::read_to_string(&file).expect("a text");
            assert!(!text.contains("__private"), "{}", file.display());
            texts += 1;
        }
    }
    assert!(texts > 20, "{texts} files");
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
