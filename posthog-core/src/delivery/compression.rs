//! Compressing request bodies.

use super::form::Form;
use crate::notice;
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
    /// zlib for every body; with [`CaptureMode::V1`](crate::CaptureMode::V1) only.
    #[cfg(feature = "deflate")]
    Deflate,
    /// Zstandard for every body; with [`CaptureMode::V1`](crate::CaptureMode::V1) only.
    #[cfg(feature = "zstd")]
    Zstd,
    /// Brotli for every body; with [`CaptureMode::V1`](crate::CaptureMode::V1) only.
    #[cfg(feature = "br")]
    Brotli,
}

/// Below this a body is hardly worth the work.
const SMALL: usize = 1024;

impl Compression {
    /// Reads the words that the environment may use (DLV-2); `None` for one that is unknown or not compiled in.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" | "identity" => Self::None,
            "gzip" => Self::Gzip,
            #[cfg(feature = "deflate")]
            "deflate" => Self::Deflate,
            #[cfg(feature = "zstd")]
            "zstd" => Self::Zstd,
            #[cfg(feature = "br")]
            "br" => Self::Brotli,
            _ => return None,
        })
    }

    /// Whether the V0 endpoints know it.
    pub(crate) fn is_for_v0(self) -> bool {
        matches!(self, Self::Automatic | Self::None | Self::Gzip)
    }

    /// What a lane uses: that for AI events knows gzip only (DLV-131).
    pub(super) fn for_form(self, form: Form) -> Self {
        if form == Form::Ai && !self.is_for_v0() {
            Self::None
        } else {
            self
        }
    }

    /// The body as it is sent, and its `Content-Encoding`, if any (DLV-80, DLV-81).
    pub(super) fn apply(self, body: Vec<u8>) -> (Vec<u8>, Option<&'static str>) {
        let (compressed, encoding) = match self {
            Self::Automatic if body.len() < SMALL => return (body, None),
            Self::None => return (body, None),
            Self::Automatic | Self::Gzip => (gzip(&body), "gzip"),
            #[cfg(feature = "deflate")]
            Self::Deflate => (deflate(&body), "deflate"),
            #[cfg(feature = "zstd")]
            Self::Zstd => (zstd::encode_all(&body[..], ZSTD_LEVEL), "zstd"),
            #[cfg(feature = "br")]
            Self::Brotli => (brotli(&body), "br"),
        };
        match compressed {
            Ok(sent) => (sent, Some(encoding)),
            Err(error) => {
                notice::warn_each(format_args!("a request is sent uncompressed: {error}"));
                (body, None)
            }
        }
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    // Level 1: most of the gain for a fraction of the time.
    let out = Vec::with_capacity(body.len() / 4);
    let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(feature = "deflate")]
fn deflate(body: &[u8]) -> io::Result<Vec<u8>> {
    let out = Vec::with_capacity(body.len() / 4);
    let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The library's own default.
#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 3;

#[cfg(feature = "br")]
fn brotli(body: &[u8]) -> io::Result<Vec<u8>> {
    // A quality for data that is made and sent at once, as servers use it.
    let params = brotli::enc::BrotliEncoderParams {
        quality: 4,
        ..Default::default()
    };
    let mut out = Vec::with_capacity(body.len() / 4);
    brotli::BrotliCompress(&mut &body[..], &mut out, &params)?;
    Ok(out)
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
