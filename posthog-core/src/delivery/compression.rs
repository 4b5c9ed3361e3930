//! Compressing request bodies.

use super::form::Form;
use flate2::{Compress, FlushCompress, Status};
#[cfg(feature = "deflate")]
use std::io::Write;
use std::{
    io,
    sync::{Mutex, PoisonError},
};

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
    /// A compressor that reports an error.
    #[cfg(test)]
    Failing,
    /// A compressor that panics.
    #[cfg(test)]
    Panicking,
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

    /// The body compressed, and its `Content-Encoding` (DLV-80, DLV-81); `None` where it is to be sent as it is.
    pub(super) fn compress(self, body: &[u8]) -> io::Result<Option<(Vec<u8>, &'static str)>> {
        let (compressed, encoding) = match self {
            Self::Automatic if body.len() < SMALL => return Ok(None),
            Self::None => return Ok(None),
            Self::Automatic | Self::Gzip => (gzip(body), "gzip"),
            #[cfg(feature = "deflate")]
            Self::Deflate => (deflate(body), "deflate"),
            #[cfg(feature = "zstd")]
            Self::Zstd => (zstd::encode_all(body, ZSTD_LEVEL), "zstd"),
            #[cfg(feature = "br")]
            Self::Brotli => (brotli(body), "br"),
            #[cfg(test)]
            Self::Failing => (Err(io::Error::other("no")), "none"),
            #[cfg(test)]
            Self::Panicking => panic!("in the compressor"),
        };
        Ok(Some((compressed?, encoding)))
    }
}

/// What compresses has tables of 250 KiB, which cost more to make anew than a small body to compress.
static COMPRESSOR: Mutex<Option<Compress>> = Mutex::new(None);

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let spare = || COMPRESSOR.lock().unwrap_or_else(PoisonError::into_inner);
    // Another lane that compresses meanwhile finds none, and makes its own.
    let kept = spare().take();
    let mut compressor = kept.unwrap_or_else(|| {
        // Level 1: most of the gain for a fraction of the time.
        Compress::new_gzip(flate2::Compression::fast(), LARGEST_WINDOW)
    });
    // A quarter is enough for most events.
    let mut out = Vec::with_capacity(body.len() / 4 + 64);
    loop {
        // As much as was read at the time before.
        let read = usize::try_from(compressor.total_in()).unwrap_or(body.len());
        match compressor.compress_vec(&body[read..], &mut out, FlushCompress::Finish)? {
            Status::StreamEnd => break,
            Status::Ok | Status::BufError => out.reserve(out.capacity()),
        }
    }
    compressor.reset();
    *spare() = Some(compressor);
    Ok(out)
}

/// 32 KiB, as every receiver of gzip has to take it.
const LARGEST_WINDOW: u8 = 15;

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

    impl Compression {
        /// The body as it is sent, and its `Content-Encoding`, if any.
        fn apply(self, body: Vec<u8>) -> (Vec<u8>, Option<&'static str>) {
            match self.compress(&body).expect("memory") {
                Some((sent, encoding)) => (sent, Some(encoding)),
                None => (body, None),
            }
        }
    }

    #[test]
    fn dlv_80_a_compressor_that_is_used_again_knows_nothing_of_the_body_before() {
        let mut random = 7_u64;
        for length in [0, 1, 100, 5000, 300_000, 20, 70_000] {
            // No run of it can be compressed, so that the guess of the room that it takes is wrong.
            let body: Vec<u8> = std::iter::repeat_with(|| {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                random.to_be_bytes()[0]
            })
            .take(length)
            .collect();
            let (sent, _) = Compression::Gzip.apply(body.clone());
            let mut read = Vec::new();
            let whole = flate2::read::GzDecoder::new(&sent[..]).read_to_end(&mut read);
            assert_eq!((whole.ok(), read), (Some(length), body));
        }
    }

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
