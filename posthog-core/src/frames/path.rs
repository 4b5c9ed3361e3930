//! Paths of source files: whose they are, and what of them is worth showing.

use std::borrow::Cow;

/// The path with slashes, whatever system it is from.
pub(super) fn slashed(file: &str) -> String {
    file.replace('\\', "/")
}

/// Whether a file belongs to the standard library, the registry, a checkout of a dependency, or a vendored one (EXC-67).
pub(super) fn is_foreign(file: &str) -> bool {
    const PARTS: [&str; 5] = [
        "/.cargo/registry/",
        "/.cargo/git/checkouts/",
        "/rustlib/",
        "/.rustup/toolchains/",
        "/vendor/",
    ];
    is_of_std(file)
        || file.starts_with("vendor/")
        || PARTS.iter().any(|part| file.contains(part))
        || of_dependency(file).is_some()
}

/// What of a file of a dependency is worth showing: the directory of its version, and what is inside. Cargo's own directory
/// need not be called `.cargo`: the official images have it in `/usr/local/cargo`.
fn of_dependency(file: &str) -> Option<&str> {
    ["/registry/src/", "/git/checkouts/"]
        .into_iter()
        .find_map(|base| {
            let (_, rest) = file.split_once(base)?;
            // `index.crates.io-1949cf8c6b5b557f`, `lib-0123456789abcdef`
            let (source, inside) = rest.split_once('/')?;
            let (_, hash) = source.rsplit_once('-')?;
            let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hash.then_some(inside)
        })
}

/// Whether a file belongs to the standard library.
pub(super) fn is_of_std(file: &str) -> bool {
    const BEGINNINGS: [&str; 3] = ["library/std/", "library/core/", "library/alloc/"];
    is_in_rustc(file)
        || file.contains("/rustlib/src/")
        || BEGINNINGS
            .iter()
            .any(|beginning| file.starts_with(beginning))
}

/// `/rustc/<hash>/…`, where the standard library was built.
fn is_in_rustc(file: &str) -> bool {
    file.split_once("/rustc/").is_some_and(|(_, rest)| {
        let hash = rest.split('/').next().unwrap_or_default();
        hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The file as the compiler names it: from where the build was started, or, where it names one of a crate from elsewhere by
/// its whole path, [`relative`] to that crate.
pub(crate) fn without_home(file: &str) -> Cow<'_, str> {
    let is_whole = file.starts_with(['/', '\\']) || file.get(1..2) == Some(":");
    if is_whole {
        relative(file).into()
    } else {
        file.into()
    }
}

/// The file relative to its crate: the same on every machine that builds it, and without anybody's home directory.
///
/// A dependency keeps the directory of its version, the standard library its `/rustc/<hash>`, by which the service knows
/// it.
pub(super) fn relative(file: &str) -> String {
    let file = slashed(file);
    for base in ["/.cargo/registry/src/", "/.cargo/git/checkouts/"] {
        if let Some((_, rest)) = file.split_once(base) {
            return rest
                .split_once('/')
                .map_or(rest, |(_, inside)| inside)
                .to_owned();
        }
    }
    if let Some(inside) = of_dependency(&file) {
        return inside.to_owned();
    }
    if let Some((_, inside)) = file.split_once("/rustlib/src/rust/") {
        return inside.to_owned();
    }
    if let Some(at) = file.find("/vendor/") {
        return file[at + 1..].to_owned();
    }
    if is_foreign(&file) {
        return file;
    }
    // The crate's directory is above the last `src`. Without one, above another of those that Cargo takes targets from.
    let after = |directory| file.rfind(directory).map(|at| file[at + 1..].to_owned());
    ["/src/", "/tests/", "/examples/", "/benches/"]
        .into_iter()
        .find_map(after)
        .unwrap_or(file.clone())
}

#[cfg(test)]
mod tests {
    use super::{relative, without_home};

    #[test]
    fn exc_87_the_file_of_a_panic_in_a_dependency_shows_nobodys_home_directory() {
        for (file, shown) in [
            ("crates/pay/src/card.rs", "crates/pay/src/card.rs"),
            (
                "/home/u/.cargo/registry/src/index.crates.io-19/serde-1.0.2/src/de.rs",
                "serde-1.0.2/src/de.rs",
            ),
            ("/home/u/shared/src/lib.rs", "src/lib.rs"),
            ("C:\\Users\\u\\shared\\src\\lib.rs", "src/lib.rs"),
            (
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
            ),
        ] {
            assert_eq!(without_home(file), shown);
        }
    }

    #[test]
    fn exc_53_a_file_is_named_relative_to_its_crate() {
        for (file, shown) in [
            ("/build/shop/src/billing.rs", "src/billing.rs"),
            (
                "/home/u/src/shop/crates/pay/src/card/mod.rs",
                "src/card/mod.rs",
            ),
            ("/build/shop/tests/pay.rs", "tests/pay.rs"),
            ("/build/shop/src/pay/tests/card.rs", "src/pay/tests/card.rs"),
            ("shop/src/main.rs", "src/main.rs"),
            ("src/main.rs", "src/main.rs"),
            ("build.rs", "build.rs"),
            ("C:\\build\\shop\\src\\main.rs", "src/main.rs"),
            (
                "/home/u/.cargo/registry/src/index.crates.io-19/serde-1.0.2/src/de.rs",
                "serde-1.0.2/src/de.rs",
            ),
            (
                "/usr/local/cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.2/src/de.rs",
                "serde-1.0.2/src/de.rs",
            ),
            (
                "/usr/local/cargo/git/checkouts/lib-0123456789abcdef/abcdef0/src/lib.rs",
                "abcdef0/src/lib.rs",
            ),
            (
                "/home/u/shop/vendor/serde/src/de.rs",
                "vendor/serde/src/de.rs",
            ),
            ("/home/u/shop/registry/src/a-b/main.rs", "src/a-b/main.rs"),
            (
                "/home/u/.rustup/toolchains/stable/lib/rustlib/src/rust/library/std/src/rt.rs",
                "library/std/src/rt.rs",
            ),
            (
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
            ),
        ] {
            assert_eq!(relative(file), shown);
        }
    }
}
