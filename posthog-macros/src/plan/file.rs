//! Finding and reading the plan of the crate that is compiled, once.
//!
//! The compiler runs all expansions of a crate in one process; an editor runs those of many crates in one process, for
//! hours. So a plan is kept by the directory of its crate, and whether it changed is asked at most once a second.

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use posthog_core::plan::{FILE, Plan};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::{root::Root, spans};

/// How long what was found is taken to be there still.
const FRESH: Duration = Duration::from_secs(1);
/// How many directories above a crate may be its workspace.
const HIGHEST: usize = 32;

/// A plan in force.
pub(crate) struct InForce {
    pub(crate) plan: Arc<Plan>,
    /// The file, where an expansion has to tell the compiler of it: the first of a process does.
    file: Option<PathBuf>,
}

impl InForce {
    /// A statement that makes the crate depend on the plan, so that a change of it compiles the crate again.
    pub(crate) fn dependency(&self, root: &Root) -> TokenStream {
        let Some(path) = self.file.as_deref().and_then(Path::to_str) else {
            return TokenStream::new();
        };
        quote_spanned! {spans::own()=>
            const _: &[u8] = #root::__private::include_bytes!(#path);
        }
    }
}

/// The plan of the crate that is compiled, if it has one.
///
/// # Errors
/// The plan is malformed; the first expansion of a process says so, and the others go on as if there were none.
pub(crate) fn in_force() -> syn::Result<Option<InForce>> {
    // Cargo says so to everything that it compiles.
    let Some(directory) = env::var_os("CARGO_MANIFEST_DIR") else {
        return Ok(None);
    };
    in_force_at(Path::new(&directory), Instant::now())
        .map_err(|message| syn::Error::new(Span::call_site(), message))
}

fn in_force_at(directory: &Path, now: Instant) -> Result<Option<InForce>, String> {
    static KNOWN: Mutex<Option<HashMap<PathBuf, Known>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if !known.contains_key(directory) {
        known.insert(directory.to_owned(), Known::new(now));
    }
    known
        .get_mut(directory)
        .map_or(Ok(None), |known| known.in_force(directory, now))
}

/// What is known of the plan of one crate.
struct Known {
    /// When it was last looked for; none if it was not yet.
    looked: Option<Instant>,
    found: Option<Found>,
    created: Instant,
}

struct Found {
    stamp: Stamp,
    /// The plan, or what is wrong with it.
    plan: Result<Arc<Plan>, String>,
    /// Whether the compiler was told of it.
    told: bool,
}

/// By what a change of a file shows.
#[derive(PartialEq, Clone)]
struct Stamp {
    path: PathBuf,
    modified: Option<SystemTime>,
    length: u64,
}

impl Known {
    fn new(created: Instant) -> Self {
        Self {
            looked: None,
            found: None,
            created,
        }
    }

    fn in_force(&mut self, directory: &Path, now: Instant) -> Result<Option<InForce>, String> {
        let fresh = |looked: Instant| now.saturating_duration_since(looked) < FRESH;
        if !self.looked.is_some_and(fresh) {
            self.look(directory);
            self.looked = Some(now.max(self.created));
        }
        let Some(found) = &mut self.found else {
            return Ok(None);
        };
        let first = !std::mem::replace(&mut found.told, true);
        match &found.plan {
            Ok(plan) => Ok(Some(InForce {
                plan: Arc::clone(plan),
                file: first.then(|| found.stamp.path.clone()),
            })),
            Err(message) if first => Err(message.clone()),
            Err(_) => Ok(None),
        }
    }

    fn look(&mut self, directory: &Path) {
        let Some(stamp) = find(directory) else {
            self.found = None;
            return;
        };
        if self
            .found
            .as_ref()
            .is_some_and(|found| found.stamp == stamp)
        {
            return;
        }
        let plan = read(directory, &stamp.path).map(Arc::new);
        self.found = Some(Found {
            stamp,
            plan,
            told: false,
        });
    }
}

fn read(directory: &Path, path: &Path) -> Result<Plan, String> {
    let name = name_from(directory, path);
    let text = fs::read_to_string(path)
        .map_err(|error| format!("the tracking plan `{name}` cannot be read: {error}"))?;
    Plan::read(&text).map_err(|mistake| format!("the tracking plan is malformed: {name}:{mistake}"))
}

/// The name of the plan as seen from the crate.
fn name_from(directory: &Path, path: &Path) -> String {
    let home = path.parent();
    let up = directory
        .ancestors()
        .position(|ancestor| Some(ancestor) == home)
        .unwrap_or_default();
    format!("{}{FILE}", "../".repeat(up))
}

/// The plan beside the crate's manifest, else the one beside that of its workspace.
fn find(directory: &Path) -> Option<Stamp> {
    let at = directory
        .ancestors()
        .take(HIGHEST)
        .find_map(|ancestor| stamp(&ancestor.join(FILE)))?;
    // Nearly always there is none, and nothing else was looked at. If there is one, it has to be for this crate.
    let home = at.path.parent()?;
    if home == directory {
        return Some(at);
    }
    // What Cargo unpacked or vendored may lie inside of a workspace, and is no member of it.
    let foreign = [".cargo-ok", ".cargo-checksum.json"];
    if foreign.iter().any(|name| directory.join(name).exists()) {
        return None;
    }
    let workspace = directory
        .ancestors()
        .take(HIGHEST)
        .find(|ancestor| is_workspace(ancestor))?;
    (workspace == home).then_some(at)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        path: path.to_owned(),
        modified: metadata.modified().ok(),
        length: metadata.len(),
    })
}

/// Whether the manifest there has a table `workspace`.
fn is_workspace(directory: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(directory.join("Cargo.toml")) else {
        return false;
    };
    manifest.lines().any(|line| {
        let table = line.trim_start().strip_prefix('[').map(str::trim_start);
        table
            .and_then(|table| table.strip_prefix("workspace"))
            .is_some_and(|rest| rest.trim_start().starts_with([']', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::{FILE, FRESH, Known, find};
    use std::{
        env, fs,
        path::{Path, PathBuf},
        process,
        time::Instant,
    };

    /// A directory that is removed at the end.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("posthog-plan-{name}-{}", process::id()));
            fs::create_dir_all(&path).expect("a directory");
            Self(path)
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(&path, text).expect("a file");
            path
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn found(directory: &Path) -> Option<PathBuf> {
        find(directory).map(|stamp| stamp.path)
    }

    #[test]
    fn the_plan_is_beside_the_crate_or_at_its_workspace() {
        let root = Directory::new("find");
        let member = root.0.join("a/member");
        root.write("a/member/Cargo.toml", "[package]\n");
        root.write("a/Cargo.toml", "[package]\n");
        assert_eq!(found(&member), None);

        let outer = root.write(FILE, "{}");
        assert_eq!(found(&member), None, "there is no workspace");
        root.write("Cargo.toml", " [ workspace ]\n");
        assert_eq!(found(&member), Some(outer));

        root.write("a/Cargo.toml", "[workspace.dependencies]\n");
        assert_eq!(
            found(&member),
            None,
            "that of another workspace is not meant"
        );
        let nearer = root.write(&format!("a/{FILE}"), "{}");
        assert_eq!(found(&member), Some(nearer));
        let own = root.write(&format!("a/member/{FILE}"), "{}");
        assert_eq!(found(&member), Some(own));
    }

    #[test]
    fn a_vendored_crate_is_not_held_to_the_plan_around_it() {
        let root = Directory::new("vendored");
        root.write("Cargo.toml", "[workspace]\n");
        root.write(FILE, "{}");
        root.write("vendor/other/.cargo-checksum.json", "{}");
        assert_eq!(found(&root.0.join("vendor/other")), None);
    }

    #[test]
    fn a_change_is_noticed_within_a_second_and_told_to_the_compiler_once() {
        let root = Directory::new("change");
        let start = Instant::now();
        let mut known = Known::new(start);
        let mut at = |seconds: u32| {
            let in_force = known.in_force(&root.0, start + FRESH * seconds);
            in_force.map(|found| found.map(|found| (found.plan.strict, found.file.is_some())))
        };
        assert_eq!(at(0), Ok(None));
        root.write(FILE, "{}");
        assert_eq!(at(0), Ok(None), "it was just looked for");
        assert_eq!(at(1), Ok(Some((true, true))));
        assert_eq!(at(1), Ok(Some((true, false))));
        assert_eq!(at(2), Ok(Some((true, false))));
        root.write(FILE, "{ \"strict\": false }");
        assert_eq!(at(3), Ok(Some((false, true))));
        root.write(FILE, "{ \"strict\": }");
        let message =
            "the tracking plan is malformed: posthog.plan.json:1:13: expected a value, not `}`";
        assert_eq!(at(4), Err(message.to_owned()));
        assert_eq!(at(4), Ok(None), "one error is enough");
        fs::remove_file(root.0.join(FILE)).expect("it is there");
        assert_eq!(at(5), Ok(None));
    }
}
