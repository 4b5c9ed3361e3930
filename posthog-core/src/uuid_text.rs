//! UUIDs as text, without the `uuid` crate: the macros check literals by the rules of the runtime.

/// The bits of a UUID that is written with hyphens or without, in braces, or as a URN.
#[must_use]
pub fn parse(text: &str) -> Option<u128> {
    let hyphenated = match text.len() {
        32 => return bits(text, 32),
        36 => text,
        38 => text.strip_prefix('{')?.strip_suffix('}')?,
        45 => text.strip_prefix("urn:uuid:")?,
        _ => return None,
    };
    let mut groups = hyphenated.split('-');
    let mut all = 0;
    for digits in [8, 4, 4, 4, 12] {
        all = all << (4 * digits) | bits(groups.next()?, digits)?;
    }
    groups.next().is_none().then_some(all)
}

/// The UUID of an event: any but the nil one (CAP-110).
#[must_use]
pub fn event_id(text: &str) -> Option<u128> {
    parse(text.trim()).filter(|bits| *bits != 0)
}

/// The version of a UUID, if it is made by the RFC; that of a session is 7 (CTX-151).
#[must_use]
pub fn is_version_7(bits: u128) -> bool {
    let (version, variant) = (bits >> 76 & 0xF, bits >> 62 & 0b11);
    version == 7 && variant == 0b10
}

/// Exactly so many hexadecimal digits.
fn bits(text: &str, digits: usize) -> Option<u128> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (text.len() == digits && all_digits)
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{event_id, is_version_7, parse};

    const TEXT: &str = "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11";

    #[test]
    fn cap_110_the_forms_of_a_uuid_are_read_and_no_others() {
        let bits = Some(0x0197_a2b4_6c1e_7d10_9a53_5c0f_4f2e_9b11);
        let simple = TEXT.replace('-', "");
        for text in [
            TEXT,
            &simple,
            &TEXT.to_uppercase(),
            &format!("{{{TEXT}}}"),
            &format!("urn:uuid:{TEXT}"),
        ] {
            assert_eq!(parse(text), bits, "{text}");
        }
        for text in [
            "",
            "order-1",
            "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b1",
            "0197a2b46-c1e-7d10-9a53-5c0f4f2e9b11",
            "0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b1g",
            "+197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11",
            "0197a2b4-6c1e-7d10-9a53--c0f4f2e9b11",
            "{0197a2b4-6c1e-7d10-9a53-5c0f4f2e9b11)",
            "éééééééééééééééé",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(event_id(&format!(" {TEXT}\n")), bits);
        assert_eq!(event_id("00000000-0000-0000-0000-000000000000"), None);
    }

    #[cfg(feature = "runtime")]
    #[test]
    fn cap_110_what_is_read_is_what_the_uuid_crate_reads() {
        let mut texts = vec![
            TEXT.to_owned(),
            TEXT.replace('-', ""),
            format!("{{{TEXT}}}"),
        ];
        // Each of them with each byte replaced by one that is wrong, or may be.
        for text in texts.clone() {
            for at in 0..text.len() {
                for byte in ["-", "g", "{", "A", "+", " ", ""] {
                    texts.push(format!("{}{byte}{}", &text[..at], &text[at + 1..]));
                }
            }
        }
        for text in texts {
            let read = uuid::Uuid::parse_str(&text).ok().map(|uuid| uuid.as_u128());
            assert_eq!(parse(&text), read, "{text}");
        }
    }

    #[test]
    fn ctx_151_a_session_is_of_version_7() {
        let version_7 = |text| parse(text).is_some_and(is_version_7);
        assert!(version_7(TEXT));
        assert!(!version_7("0197a2b4-6c1e-4d10-9a53-5c0f4f2e9b11"));
        assert!(!version_7("0197a2b4-6c1e-7d10-1a53-5c0f4f2e9b11"));
        assert!(!version_7("00000000-0000-0000-0000-000000000000"));
    }
}
