//! What is known of the machine.

use crate::{names, properties::Properties};

/// `$os` and `$os_version`, worked out once per client; what is not known is left out (CAP-71).
pub(crate) fn properties() -> Properties {
    let mut properties = Properties::new();
    if let Some(name) = os_name(std::env::consts::OS) {
        properties.insert(names::OS, name);
    }
    if let Some(version) = os_version() {
        properties.insert(names::OS_VERSION, version);
    }
    properties
}

fn os_name(os: &str) -> Option<&str> {
    Some(match os {
        "" => return None,
        "linux" => "Linux",
        "macos" => "Mac OS X",
        "windows" => "Windows",
        "freebsd" => "FreeBSD",
        other => other,
    })
}

/// The kernel's release where a file has it; elsewhere only a program could be asked, which a library should not start.
fn os_version() -> Option<String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    // Up to the build's own suffix: `6.8.0-45-generic` is 6.8.0.
    let version = release.trim().split(['-', '+']).next()?;
    (!version.is_empty()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{os_name, os_version};

    #[test]
    fn cap_71_platforms_have_the_names_that_posthog_knows() {
        let names = ["linux", "macos", "windows", "freebsd", "netbsd", ""].map(os_name);
        assert_eq!(
            names,
            [
                Some("Linux"),
                Some("Mac OS X"),
                Some("Windows"),
                Some("FreeBSD"),
                Some("netbsd"),
                None
            ]
        );
        assert!(os_version().is_none_or(|version| !version.is_empty() && !version.contains('-')));
    }
}
