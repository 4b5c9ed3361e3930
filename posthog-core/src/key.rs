//! The project key. It is checked once, and never printed.

use crate::{client::InitError, limits, notice::say};
use std::fmt;

/// A key that the service can accept.
#[derive(Clone)]
pub(crate) struct ApiKey(String);

impl ApiKey {
    /// Checks a key: trimmed, 1 to 64 bytes of ASCII without white space or control characters.
    pub(crate) fn parse(text: &str) -> Result<Self, InitError> {
        let key = text.trim();
        let reason = if key.is_empty() {
            "it is blank"
        } else if key.len() > limits::API_KEY_BYTES {
            "it is longer than 64 bytes"
        } else if !key.is_ascii() {
            "it has characters outside ASCII"
        } else if key
            .bytes()
            .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
        {
            "it has white space or control characters in it"
        } else {
            if ["phx_", "phs_"]
                .iter()
                .any(|prefix| key.starts_with(prefix))
            {
                say!(
                    Error,
                    "the option `api_key` is a personal or secret key; the service wants the project key (`phc_…`) and will answer 401"
                );
            }
            return Ok(Self(key.to_owned()));
        };
        Err(InitError::ApiKey { reason })
    }

    /// The key of a client that is disabled.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }

    /// The key, for the request only.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::ApiKey;

    #[test]
    fn a_malformed_key_is_an_error_that_says_why_and_never_shows_the_key() {
        let long = "phc_secret".repeat(7);
        for key in [
            "",
            "  ",
            "phc_secret key",
            "phc_secret\u{7}x",
            "phc_sécret",
            &long,
        ] {
            let error = ApiKey::parse(key)
                .map(|_| ())
                .map_err(|error| error.to_string());
            assert!(
                error
                    .as_ref()
                    .is_err_and(|error| error.contains("`api_key`") && !error.contains("cret")),
                "{key}: {error:?}"
            );
        }
        assert!(ApiKey::parse("\n phc_ok \t").is_ok_and(|key| key.expose() == "phc_ok"));
        assert_eq!(format!("{:?}", ApiKey("phc_x".into())), "[redacted]");
    }
}
