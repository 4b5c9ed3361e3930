//! Every requirement of the contracts that are built has a test that names it, or `docs/requirements.md` says why not.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const CONTRACTS: [(&str, &str); 4] = [
    ("contexts", "CTX"),
    ("capture", "CAP"),
    ("delivery", "DLV"),
    ("exceptions", "EXC"),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(workspace().join(path)).expect("a text file")
}

/// The ID that a line of a list begins with: `- CTX-21 …`.
fn listed(line: &str) -> Option<String> {
    let id = line
        .trim_start()
        .strip_prefix("- ")?
        .split([' ', ':'])
        .next()?;
    let (prefix, number) = id.split_once('-')?;
    let known = CONTRACTS.iter().any(|(_, contract)| *contract == prefix);
    (known && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| id.to_owned())
}

/// The ID that a test's name begins with: `fn ctx_21_…`.
fn named(line: &str) -> Option<String> {
    let name = line.split("fn ").nth(1)?;
    let mut parts = name.splitn(3, '_');
    let (prefix, number) = (parts.next()?.to_uppercase(), parts.next()?);
    parts.next()?;
    let known = CONTRACTS.iter().any(|(_, contract)| *contract == prefix);
    (known && number.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("{prefix}-{number}"))
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn each_has_a_test_or_an_explanation_and_not_both() {
    let contracts = CONTRACTS.map(|(name, _)| read(format!("docs/contracts/{name}.md")));
    let wanted: BTreeSet<_> = contracts
        .iter()
        .flat_map(|contract| contract.lines().filter_map(listed))
        .collect();
    assert!(wanted.len() > 250, "{}", wanted.len());
    let mut files = Vec::new();
    for part in ["posthog-core", "posthog-macros", "posthog", "tests"] {
        sources(&workspace().join(part), &mut files);
    }
    let tested: BTreeSet<_> = files
        .iter()
        .flat_map(|file| read(file).lines().filter_map(named).collect::<Vec<_>>())
        .collect();
    let explained: BTreeSet<_> = read("docs/requirements.md")
        .lines()
        .filter_map(listed)
        .collect();
    let untested: BTreeSet<_> = wanted.difference(&tested).cloned().collect();
    assert_eq!(untested, explained);
    assert!(
        tested.is_subset(&wanted),
        "{:?}",
        tested.difference(&wanted)
    );
}
