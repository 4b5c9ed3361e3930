//! From the bytes of a request to its events.

use std::io::Read;

use axum::http::StatusCode;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::check::Refusal;

/// The plain text of a body, as far as the service would read it.
///
/// Gzip is recognised by the header or by its first bytes (DLV-80); other encodings are not known to `/batch/`.
pub(crate) fn decompress(encoding: Option<&str>, sent: &[u8]) -> Result<Vec<u8>, Refusal> {
    if sent.len() > MAX_BYTES {
        return Err(too_large());
    }
    match encoding {
        Some("gzip") => gunzip(sent),
        None | Some("identity") if sent.starts_with(&GZIP_MAGIC) => gunzip(sent),
        None | Some("identity") => Ok(sent.to_vec()),
        Some(other) => Err(Refusal::bad_request(format!(
            "unsupported content encoding: {other}"
        ))),
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

fn gunzip(sent: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut text = Vec::new();
    let one_too_many = MAX_BYTES as u64 + 1;
    MultiGzDecoder::new(sent)
        .take(one_too_many)
        .read_to_end(&mut text)
        .map_err(|error| Refusal::bad_request(format!("failed to decompress the body: {error}")))?;
    if text.len() > MAX_BYTES {
        Err(too_large())
    } else {
        Ok(text)
    }
}

fn too_large() -> Refusal {
    Refusal {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        reason: "payload too large".to_owned(),
    }
}

/// capture.md section 13: the limit of `/batch/`, compressed and decompressed.
const MAX_BYTES: usize = 20 * 1024 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
