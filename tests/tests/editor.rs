//! What an editor knows inside of the macros, asked of rust-analyzer itself.
//!
//! It is skipped where rust-analyzer is not installed (`rustup component add rust-analyzer`), and says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "support/language_server.rs"]
mod language_server;

use language_server::LanguageServer;
use serde_json::{Value, json};

/// A program to ask about. `§` marks where, and is not part of it.
const PROGRAM: &str = r#"
use posthog::{capture, context, scoped, tag};

struct Order {
    total: f64,
    plan: &'static str,
}

#[scoped(tags(plan = order.plan))]
fn process(order: &Order) -> Result<f64, std::fmt::Error> {
    let §in_scoped = order.total;
    Ok(in_scoped)
}

fn mistaken(order: &Order) {
    let §beside_a_mistake = order.plan.len();
    context! { <frsh>
        let §in_a_mistake = order.total;
        capture!("", total = §in_a_mistake, order.plan.len(), seats = beside_a_mistake);
    }
}

fn main() {
    let order = Order { total: 9.5, plan: "pro" };
    let charged = context! { <distinct_id = §order.plan>
        let §in_context = process(&order);
        tag!("charged", §in_context.is_ok());
        capture!("order_processed", total = §in_context.unwrap_or(0.0), plan = order.plan);
        order.total
    };
    drop(§charged);
    mistaken(&order);
    context! {
        order.§
    }
}

fn half_a_value(order: &Order) {
    capture!("order_processed", total = order.§);
}

#[scoped]
fn half_a_body(order: &Order) {
    let total = order.§
}
"#;

#[test]
fn names_are_known_inside_of_the_macros() {
    let Some(program) = rust_analyzer() else {
        eprintln!("skipped: rust-analyzer is not installed");
        return;
    };
    let mut server = LanguageServer::start(&program, &workspace());

    for example in examples() {
        let text = fs::read_to_string(&example).expect("a program");
        server.open(&example, &text);
        let mistakes = server.mistakes(&example);
        assert!(mistakes.is_empty(), "{}: {mistakes:#?}", example.display());
    }

    let file = workspace().join("examples/examples/nesting.rs");
    let (text, places) = marked(PROGRAM);
    server.change(&file, &text);
    let expected = [
        "in_scoped: f64",
        "beside_a_mistake: usize",
        "in_a_mistake: f64",
        "in_a_mistake: f64",
        "order: Order",
        "in_context: Result<f64, Error>",
        "in_context: Result<f64, Error>",
        "in_context: Result<f64, Error>",
        "charged: f64",
    ];
    let hovers: Vec<_> = places[..expected.len()]
        .iter()
        .map(|place| shown(&server.ask("textDocument/hover", &file, place)))
        .collect();
    for (hover, expected) in hovers.iter().zip(expected) {
        assert!(hover.contains(expected), "{expected}: {hover}");
    }

    // Each mistake is one error, in our words, and nothing follows from it. The half-written line is a syntax error.
    let mut mistakes = server.mistakes(&file);
    mistakes.retain(|mistake| mistake["code"] != "syntax-error");
    let mut messages: Vec<_> = mistakes
        .iter()
        .filter_map(|mistake| mistake["message"].as_str())
        .collect();
    messages.sort_unstable();
    assert_eq!(messages.len(), 3, "{mistakes:#?}");
    for (message, start) in messages.iter().zip([
        "only a variable can stand without a name",
        "the name of an event cannot be blank",
        "unknown option `frsh`; did you mean `fresh`?",
    ]) {
        assert!(message.starts_with(start), "{message}");
    }

    // From a use inside of `capture!` inside of `context!` to the line of the `let`.
    let definition = server.ask("textDocument/definition", &file, &places[7]);
    assert_eq!(
        definition[0]["range"]["start"]["line"], places[5]["line"],
        "{definition}"
    );

    // The `let`, and both uses in macros.
    let renamed = server.rename(&file, &places[5], "outcome");
    assert_eq!(renamed, 3);

    for place in &places[expected.len()..] {
        let completions = server.ask("textDocument/completion", &file, place);
        let labels: Vec<_> = completions["items"]
            .as_array()
            .or(completions.as_array())
            .expect("completions")
            .iter()
            .filter_map(|item| item["label"].as_str())
            .collect();
        for field in ["total", "plan"] {
            assert!(
                labels.iter().any(|label| label.starts_with(field)),
                "{place}: {labels:?}"
            );
        }
    }
    server.stop();
}

fn workspace() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().expect("the workspace")
}

fn examples() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("examples/examples")).expect("a directory");
    let files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    assert!(files.len() >= 4, "{files:?}");
    files
}

/// The program to run, if it is more than a stand-in of rustup's for what is not installed.
fn rust_analyzer() -> Option<PathBuf> {
    let program = std::env::var_os("RUST_ANALYZER").map_or("rust-analyzer".into(), PathBuf::from);
    let output = Command::new(&program).arg("--version").output().ok()?;
    output.status.success().then_some(program)
}

/// The text without its marks, and the positions of them.
fn marked(text: &str) -> (String, Vec<Value>) {
    let mut places = Vec::new();
    let lines: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let mut plain = String::new();
            for (index, part) in line.split('§').enumerate() {
                if index > 0 {
                    places.push(json!({ "line": number, "character": plain.len() }));
                }
                plain.push_str(part);
            }
            plain
        })
        .collect();
    (lines.join("\n"), places)
}

/// The text of a hover.
fn shown(hover: &Value) -> String {
    hover["contents"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
