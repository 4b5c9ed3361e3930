//! Which frames are the user's own code: error tracking groups by those, and shows them first.

use super::path;

/// The rules of one client: its lists come first, then what is known of paths and crates (EXC-66 to EXC-70).
#[derive(Clone, Debug, Default)]
pub(crate) struct InApp {
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
}

/// Crates that are never the user's own, besides those whose names begin with one of [`FAMILIES`] (EXC-68).
const CRATES: [&str; 17] = [
    "std",
    "core",
    "alloc",
    "backtrace",
    "anyhow",
    "eyre",
    "color_eyre",
    "stable_eyre",
    "futures",
    "log",
    "tracing",
    "tokio",
    "reqwest",
    "ureq",
    "posthog",
    "posthog_core",
    "posthog_macros",
];

const FAMILIES: [&str; 2] = ["futures_", "tracing_"];

/// Functions that start a program or a thread.
const STARTERS: [&str; 14] = [
    "main",
    "_main",
    "start",
    "_start",
    "__libc_start_main",
    "__libc_start_call_main",
    "clone",
    "clone3",
    "__clone",
    "start_thread",
    "thread_start",
    "_pthread_start",
    "BaseThreadInitThunk",
    "RtlUserThreadStart",
];

impl InApp {
    /// Whether a frame is the user's own.
    pub(crate) fn judge(&self, file: Option<&str>, function: Option<&str>) -> bool {
        let file = file.map(path::slashed);
        let named = |needle: &String| {
            !needle.is_empty()
                && [file.as_deref(), function]
                    .into_iter()
                    .flatten()
                    .any(|text| text.contains(needle.as_str()))
        };
        if self.exclude.iter().any(named) {
            return false;
        }
        if self.include.iter().any(named) {
            return true;
        }
        !file.as_deref().is_some_and(path::is_foreign)
            && !function.is_some_and(|function| {
                STARTERS.contains(&function)
                    || function.starts_with("__rust_")
                    || is_foreign_crate(crate_of(function))
            })
    }
}

fn is_foreign_crate(name: &str) -> bool {
    CRATES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// The crate that a function belongs to, generics aside: that of `<shop::Order as core::fmt::Display>::fmt` is `shop`
/// (EXC-69), and that of `<usize as core::str::FromStr>::from_str`, whose type has none, is `core`.
pub(super) fn crate_of(function: &str) -> &str {
    let of_type = first_path(function);
    if function.starts_with('<')
        && !of_type.contains("::")
        && let Some((_, implemented)) = function.split_once(" as ")
    {
        return first_path(implemented)
            .split("::")
            .next()
            .unwrap_or_default();
    }
    of_type.split("::").next().unwrap_or_default()
}

/// The path that a type or function begins with.
fn first_path(text: &str) -> &str {
    let bare = text.trim_start_matches(['<', '&', '*', '(', '[']);
    let bare = bare.strip_prefix("mut ").unwrap_or(bare);
    let bare = bare.strip_prefix("dyn ").unwrap_or(bare);
    let end = bare
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
        .unwrap_or(bare.len());
    &bare[..end]
}

#[cfg(test)]
mod tests {
    use super::{InApp, crate_of};

    #[test]
    fn exc_66_the_users_lists_come_first_and_exclude_beats_include() {
        let rules = InApp {
            include: vec!["tokio_fork".into(), "billing".into()],
            exclude: vec!["shop::generated".into(), "/gen/".into(), String::new()],
        };
        let judge = |file, function| rules.judge(Some(file), Some(function));
        assert!(judge(
            "/root/.cargo/registry/src/x/billing-1.0/src/lib.rs",
            "billing::charge"
        ));
        assert!(!judge("/w/shop/src/lib.rs", "shop::generated::billing"));
        assert!(!judge("C:\\w\\gen\\lib.rs", "billing::charge"));
        assert!(judge("/w/shop/src/lib.rs", "shop::charge"));
        assert!(rules.judge(None, Some("tokio_fork::run")));
    }

    #[test]
    fn exc_67_std_registry_git_and_vendored_paths_are_not_the_users() {
        let judge = |file| InApp::default().judge(Some(file), Some("shop::charge"));
        for foreign in [
            "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs",
            "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.2/src/de.rs",
            "/home/u/.cargo/git/checkouts/lib-0123/abcdef/src/lib.rs",
            "/usr/local/cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.2/src/de.rs",
            "/usr/local/cargo/git/checkouts/lib-0123456789abcdef/abcdef0/src/lib.rs",
            "/home/u/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/lib/rustlib/src/rust/library/std/src/rt.rs",
            "library/std/src/rt.rs",
            "library/core/src/ops/function.rs",
            "library/alloc/src/boxed.rs",
            "/build/shop/vendor/serde/src/de.rs",
            "vendor/serde/src/de.rs",
            "C:\\Users\\u\\.cargo\\registry\\src\\x\\serde-1.0.2\\src\\de.rs",
            "\\rustc\\59807616e1fa2540724bfbac14d7976d7e4a3860\\library\\core\\src\\option.rs",
        ] {
            assert!(!judge(foreign), "{foreign}");
        }
        for own in [
            "/build/shop/src/main.rs",
            "src/main.rs",
            "/build/my_library/std/src/lib.rs",
            "/build/rustc/src/vendors.rs",
            "/build/registry/src/pay-desk/main.rs",
        ] {
            assert!(judge(own), "{own}");
        }
    }

    #[test]
    fn exc_68_crates_of_the_runtime_and_the_sdk_are_not_the_users() {
        let judge = |function| InApp::default().judge(None, Some(function));
        for foreign in [
            "std::rt::lang_start::{{closure}}",
            "core::ops::function::FnOnce::call_once",
            "alloc::boxed::Box<F>::call",
            "tokio::runtime::task::raw::poll",
            "futures_util::future::Map<F, G>::poll",
            "tracing_core::dispatcher::get_default",
            "posthog::init",
            "posthog_core::site::tried",
            "<posthog_core::site::Failing<D> as posthog_core::site::Look<R>>::look",
            "anyhow::error::<impl anyhow::Error>::msg",
            "main",
            "_start",
            "__libc_start_main",
            "clone",
        ] {
            assert!(!judge(foreign), "{foreign}");
        }
        for own in [
            "shop::main",
            "tokio_shop::run",
            "posthog_shop::run",
            "domain::futures::pay",
        ] {
            assert!(judge(own), "{own}");
        }
    }

    #[test]
    fn exc_69_the_crate_is_that_of_the_function_generics_aside() {
        for (function, name) in [
            ("<shop::Order as core::fmt::Display>::fmt", "shop"),
            ("<&mut shop::Order as core::fmt::Display>::fmt", "shop"),
            ("<usize as core::str::FromStr>::from_str", "core"),
            ("<T as shop::Pay>::pay", "shop"),
            ("<dyn shop::Pay as core::any::Any>::type_id", "shop"),
            ("shop::charge<std::string::String>", "shop"),
            ("main", "main"),
            ("", ""),
        ] {
            assert_eq!(crate_of(function), name, "{function}");
        }
    }

    #[test]
    fn exc_70_a_path_rule_outweighs_the_crates_name() {
        let registry = "/root/.cargo/registry/src/x/shop-1.0/src/lib.rs";
        assert!(!InApp::default().judge(Some(registry), Some("shop::charge")));
        assert!(InApp::default().judge(None, Some("shop::charge")));
        assert!(InApp::default().judge(None, None));
    }
}
