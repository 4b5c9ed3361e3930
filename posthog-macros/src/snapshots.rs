//! What each form of each macro expands to, in `snapshots/*.txt`: some code, a line, and the same code expanded.
//!
//! `POSTHOG_BLESS=1 cargo test -p posthog-macros` writes the second half anew. To add a snapshot, write the first half.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, File, Item, ItemFn, Macro, Meta, Stmt, parse_file, parse2,
    visit_mut::{self, VisitMut},
};

const LINE: &str = "\n// expands to\n\n";

/// Replaces our macros by their expansions, those in expansions as well.
struct Expand;

impl Expand {
    fn call(mac: &Macro) -> Option<Expr> {
        let name = mac.path.segments.last()?.ident.to_string();
        let tokens = mac.tokens.clone();
        let expansion = match name.as_str() {
            "capture" => crate::capture::capture(tokens),
            "capture_exception" => crate::capture::capture_exception(tokens),
            "context" => crate::context::context(tokens),
            "tag" => crate::tag::tag(tokens),
            _ => return None,
        };
        Some(parse2(expansion).expect("an expression"))
    }

    fn scoped(function: &mut ItemFn) -> Option<TokenStream> {
        let is_scoped = |attribute: &Attribute| attribute.path().is_ident("scoped");
        let at = function.attrs.iter().position(is_scoped)?;
        let arguments = match function.attrs.remove(at).meta {
            Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        let item = quote::quote!(#function);
        Some(crate::scoped::scoped(arguments, &item))
    }
}

impl VisitMut for Expand {
    fn visit_file_mut(&mut self, file: &mut File) {
        let items = std::mem::take(&mut file.items);
        for item in items {
            match item {
                Item::Fn(mut function) => match Self::scoped(&mut function) {
                    Some(tokens) => {
                        let expanded: File = parse2(tokens).expect("items");
                        file.items.extend(expanded.items);
                    }
                    None => file.items.push(Item::Fn(function)),
                },
                other => file.items.push(other),
            }
        }
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Macro(call) = expr
            && let Some(expansion) = Self::call(&call.mac)
        {
            *expr = expansion;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        if let Stmt::Macro(call) = statement
            && let Some(expansion) = Self::call(&call.mac)
        {
            *statement = Stmt::Expr(expansion, call.semi_token);
        }
        visit_mut::visit_stmt_mut(self, statement);
    }
}

fn expand(code: &str) -> String {
    let mut file = parse_file(code).expect("a program");
    Expand.visit_file_mut(&mut file);
    prettyplease::unparse(&file)
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn snapshots() -> Vec<PathBuf> {
    let entries = fs::read_dir(here().join("snapshots")).expect("a directory");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn expansions_are_those_of_the_snapshots() {
    let bless = env::var_os("POSTHOG_BLESS").is_some();
    let files = snapshots();
    assert!(files.len() >= 10, "{}", files.len());
    for file in files {
        let text = fs::read_to_string(&file).expect("a text");
        let (code, expected) = text.split_once(LINE).unwrap_or((text.trim_end(), ""));
        let expanded = expand(code);
        if bless {
            fs::write(&file, format!("{code}{LINE}{expanded}")).expect("written");
        } else {
            assert_eq!(
                expanded,
                expected,
                "{}: if this is meant, run with `POSTHOG_BLESS=1`",
                file.display()
            );
        }
    }
}

/// What a user sees who asks for the expansion of the first example can be read at a glance.
#[test]
fn the_first_example_of_the_readme_expands_to_less_than_40_lines() {
    let readme = fs::read_to_string(here().join("../README.md")).expect("the README");
    let example = readme
        .split("```rust,no_run\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("an example");
    assert!(
        example.contains("context!") && example.contains("capture!"),
        "{example}"
    );
    let expanded = expand(example);
    let lines = expanded.lines().count();
    assert!(lines < 40, "{lines} lines:\n{expanded}");
}
