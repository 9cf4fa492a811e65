//! Turns an answer into the one that a fault asks for.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::Frame;
use tokio::time::{Interval, interval, sleep};

use super::answer::Answer;
use super::clock;
use super::fault::{Fault, Headers, header_map};
use super::problem::Problem;
use super::wire::WireHandle;

/// The most that one frame of a huge body holds.
const CHUNK: &[u8] = &[b' '; 64 * 1024];

/// What reaches the client, and the status that the request log notes: `None` where no complete head was sent.
pub(super) struct Outcome {
    /// For hyper to send, unless the wire was told to end with other bytes.
    pub(super) response: Response<Body>,
    /// The status that the client sees.
    pub(super) status: Option<StatusCode>,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            status: Some(answer.status),
            response: answer.into(),
        }
    }
}

/// Answers a request as `fault` says. `handle` changes the state and gives the honest answer.
pub(super) async fn answer(
    fault: Option<Fault>,
    wire: &WireHandle,
    handle: impl FnOnce() -> Answer,
) -> Outcome {
    match fault {
        // What is held waits elsewhere, before or after this.
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
            exactly(status, &headers, body, wire)
        }
        Some(Fault::DropBefore) => silence(wire, Vec::new()),
        Some(Fault::DropAfter) => {
            handle();
            silence(wire, Vec::new())
        }
        Some(Fault::TruncateHeader) => {
            let (mut bytes, head) = handle().to_bytes();
            bytes.truncate(head / 2);
            silence(wire, bytes)
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
            // The text is digits and letters, so the fallback is never met.
            let date =
                HeaderValue::try_from(clock::http_date(seconds)).unwrap_or(HeaderValue::from_static(""));
            answer.headers.insert(DATE, date);
            answer.into()
        }
    }
}

/// Ends the connection with less than an answer.
fn silence(wire: &WireHandle, bytes: Vec<u8>) -> Outcome {
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

fn exactly(status: u16, headers: &Headers, body: String, wire: &WireHandle) -> Outcome {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut answer = Answer::with_type(status, "application/json", body);
    answer.headers.extend(checked(headers));
    // hyper would rightly leave the body out of these.
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        wire.end_with(answer.to_bytes().0);
    }
    answer.into()
}

/// The headers of a rule, which were checked when it was injected.
fn checked(headers: &Headers) -> HeaderMap {
    header_map(headers).unwrap_or_default()
}

/// The first half of a document, complete as far as HTTP can tell.
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

/// A body of blanks, which a JSON parser waits through without a word.
#[derive(Debug)]
enum Filler {
    /// So many bytes, as fast as the client takes them.
    Huge { left: u64 },
    /// One byte an interval, for ever.
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
