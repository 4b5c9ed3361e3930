//! From the bytes of a request to its events.

use std::io::{self, Read};

use axum::http::StatusCode;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use serde_json::Value;

use crate::check::Refusal;
use crate::endpoint::Endpoint;

/// The plain text of a body, as far as the service would read it.
///
/// Gzip is recognised by the header or by its first bytes (DLV-80). The other encodings are known to V1 only (DLV-81).
pub(crate) fn decompress(
    endpoint: Option<Endpoint>,
    encoding: Option<&str>,
    sent: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let (most_sent, most) = match endpoint {
        None | Some(Endpoint::Batch | Endpoint::Ai) => (V0_MAX_BYTES, V0_MAX_BYTES),
        Some(Endpoint::V1) => (V1_MAX_SENT_BYTES, V1_MAX_BYTES),
    };
    if sent.len() > most_sent {
        return Err(too_large());
    }
    let is_v1 = endpoint == Some(Endpoint::V1);
    match encoding {
        Some("gzip") => read(MultiGzDecoder::new(sent), most),
        None | Some("identity") if sent.starts_with(&GZIP_MAGIC) => {
            read(MultiGzDecoder::new(sent), most)
        }
        None | Some("identity") => Ok(sent.to_vec()),
        Some("deflate") if is_v1 => read(ZlibDecoder::new(sent), most),
        Some("zstd") if is_v1 => zstd::stream::read::Decoder::new(sent)
            .map_err(|error| undecodable(&error))
            .and_then(|decoder| read(decoder, most)),
        Some("br") if is_v1 => read(brotli::Decompressor::new(sent, 4096), most),
        Some(other) => {
            let status = if is_v1 {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            } else {
                StatusCode::BAD_REQUEST
            };
            let reason = format!("unsupported content encoding: {other}");
            Err(Refusal::new(status, "unsupported_encoding", reason))
        }
    }
}

pub(crate) fn parse(text: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(text)
        .map_err(|error| Refusal::bad_request(format!("failed to parse the body: {error}")))
}

/// The entries of `batch`, none if there is no such array.
pub(crate) fn events(body: &Value) -> &[Value] {
    body.get("batch")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn read(decoder: impl Read, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut text = Vec::new();
    let one_too_many = most as u64 + 1;
    decoder
        .take(one_too_many)
        .read_to_end(&mut text)
        .map_err(|error| undecodable(&error))?;
    if text.len() > most {
        Err(too_large())
    } else {
        Ok(text)
    }
}

fn undecodable(error: &io::Error) -> Refusal {
    Refusal::bad_request(format!("failed to decompress the body: {error}"))
}

fn too_large() -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        "payload too large",
    )
}

/// capture.md section 13: the limit of `/batch/` and of AI events, compressed and decompressed.
const V0_MAX_BYTES: usize = 20 * 1024 * 1024;
/// The limits of V1, compressed and decompressed.
const V1_MAX_SENT_BYTES: usize = 10 * 1024 * 1024;
const V1_MAX_BYTES: usize = 50 * 1024 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
