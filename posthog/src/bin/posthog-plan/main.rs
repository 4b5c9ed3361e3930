//! `posthog-plan`: a tool for tracking plans, the files `posthog.plan.json` that the macros hold a program to.
//!
//! It checks one, writes a first one from the calls in a source tree, and renders one for a wiki. It sends nothing, and
//! compiles nothing: what it finds in sources is what their text says.

mod calls;
mod found;
mod markdown;
mod structs;
mod tokens;
mod tree;
mod write;

use posthog_core::plan::{FILE, Plan};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
Usage: posthog-plan COMMAND [PATH]

Commands:
  check   says what is wrong with the plan at PATH, if anything
  init    writes a plan from the `capture!` and `tag!` calls and the typed events below the directory PATH
  docs    prints the plan at PATH as Markdown

PATH is the plan or the directory that it is in, by default the current one.
A plan is the file `posthog.plan.json` beside a crate's Cargo.toml, or beside that of its workspace.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let (command, path) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help" | "help"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [command] => (command, "."),
        [command, path] if !path.starts_with('-') => (command, path),
        [] => return misused("a command is missing"),
        [_, option, ..] if option.starts_with('-') => {
            return misused(&format!("unknown option `{option}`"));
        }
        _ => return misused("there is more than one path"),
    };
    let path = Path::new(path);
    let result = match command {
        "check" => check(path),
        "init" => init(path),
        "docs" => docs(path),
        other => return misused(&format!("unknown command `{other}`")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn misused(message: &str) -> ExitCode {
    eprint!("{message}\n\n{USAGE}");
    ExitCode::from(2)
}

fn check(path: &Path) -> Result<(), String> {
    let path = plan_at(path);
    let plan = read(&path)?;
    let events = plan
        .events
        .as_ref()
        .map_or(0, std::collections::BTreeMap::len);
    let tags = plan
        .tags
        .as_ref()
        .map_or(0, std::collections::BTreeMap::len);
    println!("{}: events: {events}, tags: {tags}", path.display());
    Ok(())
}

fn init(directory: &Path) -> Result<(), String> {
    let path = directory.join(FILE);
    if path.exists() {
        return Err(format!(
            "{}: there is a plan already; move it away to write another",
            path.display()
        ));
    }
    let (found, unread) = tree::found(directory)?;
    for (file, reason) in unread {
        eprintln!("{}: left out: {reason}", file.display());
    }
    let text = write::plan(&found);
    // What it writes is what it reads.
    Plan::read(&text).map_err(|mistake| format!("{}:{mistake}", path.display()))?;
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!(
        "{}: events: {}, tags: {}",
        path.display(),
        found.events.len(),
        found.tags.len()
    );
    Ok(())
}

fn docs(path: &Path) -> Result<(), String> {
    print!("{}", markdown::plan(&read(&plan_at(path))?));
    Ok(())
}

/// The plan that is meant: a file, or the one in a directory.
fn plan_at(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(FILE)
    } else {
        path.to_owned()
    }
}

fn read(path: &Path) -> Result<Plan, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Plan::read(&text).map_err(|mistake| format!("{}:{mistake}", path.display()))
}
