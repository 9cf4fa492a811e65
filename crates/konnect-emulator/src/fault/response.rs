//! Turns an answer into the one that a fault specifies.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::Frame;
use tokio::time::{Interval, interval, sleep};

use crate::answer::Answer;
use crate::clock;
use crate::fault::rule::{Fault, Headers, header_map};
use crate::fault::wire::WireHandle;
use crate::problem::Problem;

/// The most that one frame of a huge body holds.
const CHUNK: &[u8] = &[b' '; 64 * 1024];

/// What reaches the client, and the status for the request log.
pub(crate) struct Outcome {
    /// For hyper to send, unless the wire ends with other bytes.
    pub(crate) response: Response<Body>,
    /// The status that the client sees; `None` if no complete head is sent.
    pub(crate) status: Option<StatusCode>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            status: Some(answer.status),
            response: answer.into(),
        }
    }
}

/// What a fault needs of a request.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Its headers.
    pub(crate) headers: &'a HeaderMap,
    /// Its body; empty if it was too large.
    pub(crate) body: &'a [u8],
    /// The `date` header of the answer.
    pub(crate) date: &'a HeaderValue,
}

/// Answers a request as `fault` specifies. `handle` changes the state and returns the correct answer.
pub(crate) async fn answer(
    fault: Option<Fault>,
    wire: &WireHandle,
    request: Request<'_>,
    handle: impl FnOnce() -> Answer,
) -> Outcome {
    match fault {
        // The caller holds the request, before or after this.
        None | Some(Fault::Hold { .. }) => handle().into(),
        Some(Fault::Delay { ms }) => {
            sleep(Duration::from_millis(ms)).await;
            handle().into()
        }
        Some(Fault::Status {
            code,
            headers,
            body,
            content_type,
        }) => status(code, &headers, body, content_type.as_deref()).into(),
        Some(Fault::Body {
            handle: handled,
            status,
            headers,
            body,
        }) => {
            if handled {
                handle();
            }
            let answer = exactly(status, &headers, body);
            // hyper leaves the body out of these.
            if matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                let dated = answer.clone().dated(request.date.clone());
                wire.end_with(dated.to_bytes().0);
            }
            answer.into()
        }
        Some(Fault::Headers { headers }) => {
            let mut answer = handle();
            answer.headers.extend(checked(&headers));
            answer.into()
        }
        Some(Fault::Echo { status }) => echo(status, request).into(),
        Some(Fault::DropBefore) => no_answer(wire, Vec::new()),
        Some(Fault::DropAfter) => {
            handle();
            no_answer(wire, Vec::new())
        }
        Some(Fault::TruncateHeader) => {
            let (mut bytes, head) = handle().to_bytes();
            bytes.truncate(head / 2);
            no_answer(wire, bytes)
        }
        Some(Fault::Truncate) => {
            let answer = handle();
            let (mut bytes, head) = answer.to_bytes();
            bytes.truncate(head + answer.body.len() / 2);
            wire.end_with(bytes);
            answer.into()
        }
        Some(Fault::Malformed) => malformed(handle()).into(),
        Some(Fault::Huge { bytes }) => endless(Filler::Huge { left: bytes }),
        Some(Fault::Drip { interval_ms }) => endless(Filler::Drip {
            interval: interval(Duration::from_millis(interval_ms.max(1))),
        }),
        Some(Fault::ClockSkew { seconds }) => {
            let mut answer = handle();
            answer
                .headers
                .insert(DATE, clock::date_header(seconds.saturating_mul(1000)));
            answer.into()
        }
    }
}

/// Ends the connection with less than a complete answer.
fn no_answer(wire: &WireHandle, bytes: Vec<u8>) -> Outcome {
    wire.end_with(bytes);
    Outcome {
        response: Response::new(Body::empty()),
        status: None,
    }
}

fn status(code: u16, headers: &Headers, body: Option<String>, content_type: Option<&str>) -> Answer {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = code.canonical_reason().unwrap_or("Error");
    let mut answer = Problem::new(code, title).answer();
    if let Some(body) = body {
        answer.body = body.into_bytes();
    }
    if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        answer.headers.insert(CONTENT_TYPE, value);
    }
    answer.headers.extend(checked(headers));
    answer
}

fn echo(status: u16, request: Request<'_>) -> Answer {
    let mut text = Vec::new();
    for (name, value) in request.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(request.body);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Answer::with_type(status, "text/plain", text)
}

fn exactly(status: u16, headers: &Headers, body: String) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut answer = Answer::with_type(status, "application/json", body);
    answer.headers.extend(checked(headers));
    answer
}

/// The headers of a rule, which were checked when the rule was added.
fn checked(headers: &Headers) -> HeaderMap {
    header_map(headers).unwrap_or_default()
}

/// The first half of a document, as a complete HTTP body.
fn malformed(mut answer: Answer) -> Answer {
    if answer.body.is_empty() {
        answer.body = b"{\"\"".to_vec();
    }
    answer.body.truncate((answer.body.len() / 2).max(1));
    if !answer.status.is_success() || answer.status == StatusCode::NO_CONTENT {
        answer.status = StatusCode::OK;
    }
    answer
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn endless(filler: Filler) -> Outcome {
    let mut response = Response::new(Body::new(filler));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Outcome {
        response,
        status: Some(StatusCode::OK),
    }
}

/// A body of spaces, which a JSON parser skips.
#[derive(Debug)]
enum Filler {
    /// So many bytes, as fast as the client reads them.
    Huge { left: u64 },
    /// One byte per interval, without an end.
    Drip { interval: Interval },
}

impl hyper::body::Body for Filler {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match &mut *self {
            Self::Huge { left: 0 } => return Poll::Ready(None),
            Self::Huge { left } => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(CHUNK.len());
                *left -= count as u64;
                &CHUNK[..count]
            }
            Self::Drip { interval } => {
                ready!(interval.poll_tick(context));
                &CHUNK[..1]
            }
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(chunk)))))
    }
}
