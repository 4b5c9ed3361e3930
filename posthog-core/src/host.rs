//! Where requests go.

use crate::{client::InitError, notice::say};
use std::net::Ipv6Addr;

/// A host that requests can be sent to, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// As it was given, for links into the web interface (DLV-13).
    given: String,
    base: String,
}

/// Addresses of the web interface, and those that take its events (DLV-11).
const MAPPED: [(&str, &str); 3] = [
    ("https://app.posthog.com", "https://us.i.posthog.com"),
    ("https://us.posthog.com", "https://us.i.posthog.com"),
    ("https://eu.posthog.com", "https://eu.i.posthog.com"),
];

impl Host {
    /// Checks and maps a host (DLV-10 to DLV-12).
    pub(crate) fn parse(text: &str) -> Result<Self, InitError> {
        let fault = |reason| Err(InitError::Host { reason });
        let trimmed = text.trim().trim_end_matches('/');
        if trimmed.is_empty() || trimmed == "http:" || trimmed == "https:" {
            return fault("it is blank");
        }
        let (scheme, rest) = trimmed.split_once("://").unwrap_or_else(|| {
            say!(
                Warn,
                "the option `host` has no scheme and is taken for https"
            );
            ("https", trimmed)
        });
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return fault("its scheme is neither http nor https");
        }
        if rest
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}?#".contains(c))
        {
            return fault("it has characters that no host has, or a query or fragment");
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (name, port) = split_port(address);
        if name.is_empty() || !authority.is_ascii() {
            return fault("it names no host in ASCII");
        }
        if user.contains(['@', '[', ']']) {
            return fault("its user has characters that no user has");
        }
        if !is_plain(name) && !is_ipv6(name) {
            return fault("its name has characters that no host has");
        }
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return fault("its port is no number up to 65535");
        }
        let url = format!("{scheme}://{rest}");
        let mapped = MAPPED
            .iter()
            .find(|(from, _)| from.eq_ignore_ascii_case(&url));
        Ok(Self {
            given: trimmed.to_owned(),
            base: mapped.map_or(url, |(_, to)| (*to).to_owned()),
        })
    }

    /// The URL of an endpoint, a path that starts with a slash.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The host as it was given, trimmed.
    pub(crate) fn given(&self) -> &str {
        &self.given
    }

    /// Whether requests need TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// Scheme, host and path, without a trailing slash.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

/// Name and port; an IPv6 address stands in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (authority, None),
    }
}

fn is_plain(name: &str) -> bool {
    !name.contains([':', '[', ']', '@', '%'])
}

fn is_ipv6(name: &str) -> bool {
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .is_some_and(|name| name.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::Host;

    fn base(text: &str) -> Option<String> {
        Host::parse(text).ok().map(|host| host.base().to_owned())
    }

    #[test]
    fn dlv_10_white_space_and_trailing_slashes_go_and_a_path_stays() {
        assert_eq!(
            base(" https://e.example/ph// ").as_deref(),
            Some("https://e.example/ph")
        );
        assert_eq!(
            base("http://localhost:8010").as_deref(),
            Some("http://localhost:8010")
        );
        assert_eq!(
            base("http://[::1]:8010/").as_deref(),
            Some("http://[::1]:8010")
        );
    }

    #[test]
    fn dlv_11_addresses_of_the_web_interface_are_mapped_and_nothing_else() {
        assert_eq!(
            base("https://app.posthog.com/").as_deref(),
            Some("https://us.i.posthog.com")
        );
        assert_eq!(
            base("HTTPS://EU.posthog.com").as_deref(),
            Some("https://eu.i.posthog.com")
        );
        let other = "https://us.posthog.com.proxy.example";
        assert_eq!(base(other).as_deref(), Some(other));
    }

    #[test]
    fn dlv_12_a_host_without_a_scheme_is_https_and_a_malformed_one_an_error() {
        assert_eq!(
            base("eu.posthog.com").as_deref(),
            Some("https://eu.i.posthog.com")
        );
        assert_eq!(
            base("localhost:80").as_deref(),
            Some("https://localhost:80")
        );
        for text in [
            "",
            " ",
            "/",
            "https://",
            "ftp://h",
            "http://",
            "http:///path",
            "http://h:99999",
            "http://a b",
            "http://h?x=1",
            "http://:80",
            "http://user@",
            "http://us[er@h",
            "http://user:p]w@h",
            "http://user:p@w@h",
            "http://h:1:2",
            "http://[::1",
            "http://[::1]]",
            "http://::1",
            "http://a%20b",
        ] {
            assert_eq!(base(text), None, "{text}");
        }
        assert!(Host::parse("ftp://h").is_err_and(|error| error.to_string().contains("`host`")));
    }
}
