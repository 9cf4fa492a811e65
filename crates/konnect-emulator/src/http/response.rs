//! A response of the API before it is sent.

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::Value;

/// Status, headers and the whole body. A fault can still truncate, replace or discard them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    /// Headers, without `content-length`.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl ApiResponse {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn ok(document: &Value) -> Self {
        Self::json(StatusCode::OK, document)
    }

    pub(crate) fn json(status: StatusCode, document: &Value) -> Self {
        Self::with_type(status, "application/json", document.to_string())
    }

    pub(crate) fn with_type(status: StatusCode, media_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    pub(crate) fn dated(mut self, date: HeaderValue) -> Self {
        self.headers.insert(DATE, date);
        self
    }

    /// The response as bytes, and the length of its head. For responses that hyper does not send, after which the
    /// connection ends.
    pub(crate) fn to_bytes(&self) -> (Vec<u8>, usize) {
        let reason = self.status.canonical_reason().unwrap_or("Unknown");
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", self.status.as_u16()).into_bytes();
        bytes.extend(lines(&self.headers));
        // Without `close`, a client uses the connection again after a response that seems complete, such as a 204 with a
        // body.
        let length = self.body.len();
        bytes.extend(format!("content-length: {length}\r\nconnection: close\r\n\r\n").into_bytes());
        let head = bytes.len();
        bytes.extend_from_slice(&self.body);
        (bytes, head)
    }
}

/// Headers as lines of HTTP.
pub(crate) fn lines(headers: &HeaderMap) -> Vec<u8> {
    let lines = headers
        .iter()
        .map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    lines.collect::<Vec<_>>().concat()
}

impl IntoResponse for ApiResponse {
    fn into_response(self) -> Response<Body> {
        (self.status, self.headers, Body::from(self.body)).into_response()
    }
}
