//! Applies a fault to a response.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::IntoResponse as _;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::time::{interval, sleep};

use crate::api::problem::Problem;
use crate::fault::rule::{Fault, Headers, header_map};
use crate::http::response::{ApiResponse, lines};
use crate::http::wire::WireHandle;
use crate::organization::clock;

const CHUNK: &[u8] = &[b' '; 64 * 1024];

/// The response for the client, and the status for the request log.
pub(crate) struct Outcome {
    /// Sent by hyper, unless the wire ends with other bytes.
    pub(crate) response: Response<Body>,
    /// The status that the client sees; `None` if no complete head is sent.
    pub(crate) status: Option<StatusCode>,
}

impl From<ApiResponse> for Outcome {
    fn from(response: ApiResponse) -> Self {
        Self {
            status: Some(response.status),
            response: response.into_response(),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// Its body; empty if it was too large.
    pub(crate) body: &'a [u8],
    pub(crate) date: &'a HeaderValue,
}

/// Responds to a request as `fault` specifies. `handle` changes the state and returns the correct response.
pub(crate) async fn respond(
    fault: Option<Fault>,
    wire: &WireHandle,
    request: Request<'_>,
    handle: impl FnOnce() -> ApiResponse,
) -> Outcome {
    match fault {
        // The caller holds the request before or after this call, and `handle` reads the state of a stale response.
        None | Some(Fault::Hold { .. } | Fault::Stale) => handle().into(),
        Some(Fault::Delay { ms }) => {
            sleep(Duration::from_millis(ms)).await;
            handle().into()
        }
        Some(Fault::Status {
            code,
            headers,
            body,
            content_type,
        }) => {
            let status = status_of(code);
            let reason = status.canonical_reason().unwrap_or("Error");
            let mut response = Problem::new(status, reason).to_response();
            if let Some(body) = body {
                response.body = body.into_bytes();
            }
            let content_type = content_type.map(|value| ("content-type".to_owned(), value));
            response
                .headers
                .extend(checked(&content_type.into_iter().collect()));
            response.headers.extend(checked(&headers));
            response.into()
        }
        Some(Fault::Body {
            handle: handled,
            status,
            headers,
            body,
        }) => {
            if handled {
                handle();
            }
            let mut response = ApiResponse::with_type(status_of(status), "application/json", body);
            response.headers.extend(checked(&headers));
            // hyper omits the body of these.
            if matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                let dated = response.clone().dated(request.date.clone());
                wire.end_with(dated.to_bytes().0);
            }
            response.into()
        }
        Some(Fault::Headers { headers }) => {
            let mut response = handle();
            response.headers.extend(checked(&headers));
            response.into()
        }
        Some(Fault::Echo { status }) => echo(status, request).into(),
        Some(Fault::DropBefore) => incomplete(wire, Vec::new()),
        Some(Fault::DropAfter) => {
            handle();
            incomplete(wire, Vec::new())
        }
        Some(Fault::TruncateHeader) => {
            let (mut bytes, head) = handle().to_bytes();
            bytes.truncate(head / 2);
            incomplete(wire, bytes)
        }
        Some(Fault::Truncate) => {
            let response = handle();
            let (mut bytes, head) = response.to_bytes();
            bytes.truncate(head + response.body.len() / 2);
            wire.end_with(bytes);
            response.into()
        }
        Some(Fault::Malformed) => malformed(handle()).into(),
        Some(Fault::Huge { bytes }) => endless(stream::unfold(bytes, |left| async move {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK.len());
            (count > 0).then(|| (spaces(count), left - count as u64))
        })),
        Some(Fault::Drip { interval_ms }) => {
            let wait = interval(Duration::from_millis(interval_ms.max(1)));
            endless(stream::unfold(wait, |mut wait| async move {
                wait.tick().await;
                Some((spaces(1), wait))
            }))
        }
        Some(Fault::ClockSkew { seconds }) => {
            let mut response = handle();
            response
                .headers
                .insert(DATE, clock::date_header(seconds.saturating_mul(1000)));
            response.into()
        }
    }
}

fn incomplete(wire: &WireHandle, bytes: Vec<u8>) -> Outcome {
    wire.end_with(bytes);
    Outcome {
        response: Response::new(Body::empty()),
        status: None,
    }
}

/// The status of a rule, which was checked when the rule was added.
fn status_of(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn echo(status: u16, request: Request<'_>) -> ApiResponse {
    let text = [&lines(request.headers), &b"\r\n"[..], request.body].concat();
    ApiResponse::with_type(status_of(status), "text/plain", text)
}

/// The headers of a rule, which were checked when the rule was added.
fn checked(headers: &Headers) -> HeaderMap {
    header_map(headers).unwrap_or_default()
}

/// The first half of a document, as a complete HTTP body.
fn malformed(mut response: ApiResponse) -> ApiResponse {
    if response.body.is_empty() {
        response.body = b"{\"\"".to_vec();
    }
    response.body.truncate((response.body.len() / 2).max(1));
    if !response.status.is_success() || response.status == StatusCode::NO_CONTENT {
        response.status = StatusCode::OK;
    }
    response
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Spaces, which a JSON parser skips.
fn spaces(count: usize) -> Bytes {
    Bytes::from_static(&CHUNK[..count])
}

fn endless(body: impl Stream<Item = Bytes> + Send + 'static) -> Outcome {
    let mut response = Response::new(Body::from_stream(body.map(Ok::<_, Infallible>)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Outcome {
        response,
        status: Some(StatusCode::OK),
    }
}
