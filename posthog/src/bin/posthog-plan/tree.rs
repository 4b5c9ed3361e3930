//! The sources below a directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{calls, found::Found, structs};

/// A file that was left out, and why.
pub(crate) type Unread = (PathBuf, String);

/// What is found in all files that end in `.rs`, but not in what Cargo built, and not in hidden directories.
pub(crate) fn found(directory: &Path) -> Result<(Found, Vec<Unread>), String> {
    let mut files = Vec::new();
    sources(directory, &mut files).map_err(|error| format!("{}: {error}", directory.display()))?;
    files.sort();
    let (mut found, mut unread) = (Found::default(), Vec::new());
    for file in files {
        if let Err(reason) = read(&file, &mut found) {
            unread.push((file, reason));
        }
    }
    Ok((found, unread))
}

fn read(path: &Path, found: &mut Found) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut file = syn::parse_file(&text).map_err(|error| {
        let place = error.span().start();
        format!("line {}: {error}", place.line)
    })?;
    // Other crates have a derive of that name as well.
    if text.contains("posthog") {
        structs::find(&mut file, found);
    }
    // The tokens once more, for calls stand inside of other macros as well, where there is no syntax yet.
    let text = match file.shebang {
        Some(_) => text.split_once('\n').map_or("", |(_, rest)| rest),
        None => &text,
    };
    let tokens = text
        .trim_start_matches('\u{feff}')
        .parse()
        .map_err(|error| format!("{error}"))?;
    calls::find(tokens, found);
    Ok(())
}

fn sources(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        // A link is not followed: it may lead back to where it is.
        let kind = entry.file_type()?;
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        if kind.is_dir() && !hidden && !is_built(&path) {
            sources(&path, files)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// What Cargo builds into says so with a file.
fn is_built(directory: &Path) -> bool {
    directory.join("CACHEDIR.TAG").exists()
}
