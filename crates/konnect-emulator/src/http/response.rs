//! A response of the API before it is sent.

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
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

    /// The same response with one more header. It replaces an earlier one of the same name.
    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
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
        let mut line = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.headers {
            line(name.as_str(), value.as_bytes());
        }
        line("content-length", self.body.len().to_string().as_bytes());
        // Without it, a client uses the connection again after a response that seems complete, such as a 204 with a body.
        line("connection", b"close");
        bytes.extend_from_slice(b"\r\n");
        let head = bytes.len();
        bytes.extend_from_slice(&self.body);
        (bytes, head)
    }
}

impl IntoResponse for ApiResponse {
    fn into_response(self) -> Response<Body> {
        (self.status, self.headers, Body::from(self.body)).into_response()
    }
}
