//! Compressing request bodies.

use std::io::{self, Write};

/// How request bodies are compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Compression {
    /// gzip for bodies of 1 KiB and more, nothing for smaller ones.
    #[default]
    Automatic,
    /// Nothing.
    None,
    /// gzip for every body.
    Gzip,
}

/// Below this a body is hardly worth the work.
const SMALL: usize = 1024;

impl Compression {
    /// The body as it is sent, and its `Content-Encoding`, if any (DLV-80).
    pub(super) fn apply(self, body: Vec<u8>) -> (Vec<u8>, Option<&'static str>) {
        let compresses = match self {
            Self::None => false,
            Self::Gzip => true,
            Self::Automatic => body.len() >= SMALL,
        };
        if !compresses {
            return (body, None);
        }
        match gzip(&body) {
            Ok(sent) => (sent, Some("gzip")),
            Err(error) => {
                log::warn!("[PostHog] a request is sent uncompressed: {error}");
                (body, None)
            }
        }
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    // Level 1: most of the gain for a fraction of the time.
    let mut encoder = flate2::write::GzEncoder::new(
        Vec::with_capacity(body.len() / 4),
        flate2::Compression::fast(),
    );
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::{Compression, SMALL};
    use std::io::Read;

    #[test]
    fn dlv_80_what_is_compressed_reads_back() {
        let body = b"abc".repeat(1000);
        let (sent, encoding) = Compression::Gzip.apply(body.clone());
        let mut read = Vec::new();
        assert!(
            flate2::read::GzDecoder::new(&sent[..])
                .read_to_end(&mut read)
                .is_ok()
        );
        assert_eq!((read, encoding), (body, Some("gzip")));
        assert!(sent.starts_with(&[0x1f, 0x8b]));
    }

    #[test]
    fn dlv_1_small_bodies_are_sent_plain_unless_compression_was_asked_for() {
        let encoding = |compression: Compression, bytes| compression.apply(vec![b' '; bytes]).1;
        assert_eq!(encoding(Compression::Automatic, SMALL - 1), None);
        assert_eq!(encoding(Compression::Automatic, SMALL), Some("gzip"));
        assert_eq!(encoding(Compression::Gzip, 1), Some("gzip"));
        assert_eq!(encoding(Compression::None, 1 << 20), None);
    }
}
