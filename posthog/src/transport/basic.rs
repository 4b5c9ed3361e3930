//! The `Authorization` of a host that names a user, as a reverse proxy may want it.

use ureq::http::Uri;

/// The header's value for a URL such as `https://user:password@host`; `None` where it names no user.
pub(super) fn authorization(url: &str) -> Option<String> {
    // Most name none, and this is asked for every request.
    if !url.contains('@') {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let (user, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let colon = if user.contains(':') { "" } else { ":" };
    Some(format!("Basic {}", base64(&format!("{user}{colon}"))))
}

fn base64(text: &str) -> String {
    let mut out = String::with_capacity(text.len().div_ceil(3) * 4);
    for chunk in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let six = (bits >> (18 - 6 * at) & 63) as usize;
            out.push(if at <= chunk.len() {
                char::from(ALPHABET[six])
            } else {
                '='
            });
        }
    }
    out
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::authorization;

    #[test]
    fn dlv_144_the_user_of_a_host_becomes_a_header() {
        for (url, value) in [
            ("http://host/batch/", None),
            (
                "http://martin:secret@host/",
                Some("Basic bWFydGluOnNlY3JldA=="),
            ),
            ("http://martin@host/", Some("Basic bWFydGluOg==")),
            (
                "http://someone:unspeakable42@[::1]:80/a@b",
                Some("Basic c29tZW9uZTp1bnNwZWFrYWJsZTQy"),
            ),
        ] {
            assert_eq!(authorization(url).as_deref(), value, "{url}");
        }
    }
}
