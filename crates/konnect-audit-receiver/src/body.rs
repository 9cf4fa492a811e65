//! The body of a delivery: its type, encoding and size limit, and why it is rejected.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};

const GZIP: [u8; 2] = [0x1f, 0x8b];

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the method is not POST")]
    Method,
    #[error("the Authorization header is not the expected one")]
    Authorization,
    #[error("the Content-Type is not text/plain")]
    ContentType,
    #[error("the Content-Encoding is not gzip or application/gzip")]
    ContentEncoding,
    #[error("the body is not valid gzip")]
    NotGzip,
    #[error("the body is larger than {0} bytes, as it is sent or once it is decompressed")]
    TooLarge(usize),
    #[error("the body did not arrive in time")]
    Timeout,
    #[error("the connection ended within the body")]
    Incomplete,
    #[error("the events could not be stored")]
    Storage,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Authorization => StatusCode::UNAUTHORIZED,
            Self::ContentType | Self::ContentEncoding | Self::NotGzip => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Storage => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Whether the headers announce gzip. Kong documents `application/gzip` instead of HTTP's `gzip`.
fn announces_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut gzip = false;
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().map_err(|_| Refusal::ContentEncoding)?;
        for token in value.split(',').map(|token| token.trim().to_ascii_lowercase()) {
            match token.as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" | "application/gzip" => gzip = true,
                _ => return Err(Refusal::ContentEncoding),
            }
        }
    }
    Ok(gzip)
}

/// Whether the type is `text/plain`, with any parameters, or absent.
fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let value = value.to_str().unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/plain") {
        Ok(())
    } else {
        Err(Refusal::ContentType)
    }
}

/// Reads the bytes of a body, without decompression.
pub(crate) async fn read(body: &mut Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let read = Limited::new(body, limit).collect().await;
    read.map(Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Refusal::TooLarge(limit)
        } else {
            Refusal::Incomplete
        }
    })
}

/// Discards up to this many further bytes: a sender reads the response only after it has sent its body.
pub(crate) async fn drain(body: &mut Incoming, limit: usize) {
    let mut length = 0;
    while length <= limit
        && let Some(Ok(frame)) = body.frame().await
    {
        length += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// Decompresses a body that begins with [`GZIP`], whatever its headers say. Another body must have the type and the
/// encoding of lines.
pub(crate) fn decode(headers: &HeaderMap, bytes: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    if bytes.starts_with(&GZIP) {
        return decompress(&bytes, limit);
    }
    check_type(headers)?;
    // An empty body is not valid gzip, but is accepted.
    if announces_gzip(headers)? && !bytes.is_empty() {
        return Err(Refusal::NotGzip);
    }
    Ok(bytes)
}

fn decompress(bytes: &[u8], limit: usize) -> Result<Bytes, Refusal> {
    let mut plain = Vec::new();
    // Reads one byte more than the limit, to detect a longer body.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let decoded = MultiGzDecoder::new(bytes).take(most).read_to_end(&mut plain);
    if plain.len() > limit {
        return Err(Refusal::TooLarge(limit));
    }
    decoded.map_err(|_| Refusal::NotGzip)?;
    Ok(plain.into())
}
