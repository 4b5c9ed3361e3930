//! What the README lists is what there is.

/// The options are the setters of `Options`.
#[test]
fn every_option_is_in_the_readme_and_every_option_in_the_readme_exists() {
    let options = include_str!("../../posthog-core/src/options.rs");
    let setters = options
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub fn "))
        .filter_map(|signature| signature.split_once('('));
    // Multi-line signatures have `mut self` on the next line; none of the others takes `self` by `mut`.
    let mut expected: Vec<_> = setters
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with("mut self"))
        .map(|(name, _)| name)
        .collect();
    let readme = include_str!("../../README.md");
    let table = readme
        .split("| Option | Default | Meaning |")
        .nth(1)
        .and_then(|rest| rest.split("\n\n").next())
        .expect("the table of options");
    let mut listed: Vec<_> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);
}

/// The errors that the README shows are those that the compiler prints.
#[test]
fn the_errors_in_the_readme_are_those_of_the_compiler() {
    let readme = include_str!("../../README.md");
    let shown = readme
        .split("### What the compiler checks")
        .nth(1)
        .and_then(|chapter| chapter.split("```text\n").nth(1))
        .and_then(|rest| rest.split("```").next())
        .expect("the errors");
    let printed = include_str!("ui/capture/readme.stderr")
        .replace("tests/ui/capture/readme.rs", "src/main.rs");
    assert_eq!(shown, printed);
    assert_eq!(shown.matches("error: ").count(), 3);
}
