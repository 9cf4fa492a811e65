//! One attempt: sends a request and reads its response, up to a maximum size.

use std::io::Read;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use flate2::read::MultiGzDecoder;
use redact::Redactor;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};

use crate::error::kind::ErrorKind;
use crate::error::problem::{Problem, excerpt, sanitize, sanitize_id};
use crate::error::{Failure, Outcome, ResponseMeta};
use crate::http::connection_error::Limits;
use crate::http::retry::{asked_wait, is_transient};

/// The maximum size of a response in bytes. The largest responses of this API are pages of a list.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// The maximum number of bytes to read of an error response.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// Headers with a trace ID, in order of preference, if the problem document has none.
const TRACE_HEADERS: [&str; 4] = [
    "x-kong-trace-id",
    "x-kong-request-id",
    "x-request-id",
    "x-datadog-trace-id",
];

/// A success, not yet parsed.
#[derive(Debug)]
pub(crate) struct Received {
    pub meta: ResponseMeta,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// Sends a request and reads its response.
pub(crate) async fn exchange(
    http: &reqwest::Client,
    request: reqwest::Request,
    limits: Limits,
    redactor: &Redactor,
) -> Result<Received, Failure> {
    let response = http
        .execute(request)
        .await
        .map_err(|error| Failure::from_http(error, limits, redactor))?;
    classify(response, limits, redactor).await
}

/// Classifies a response as success or failure, and reads its body.
pub(crate) async fn classify(
    response: Response,
    limits: Limits,
    redactor: &Redactor,
) -> Result<Received, Failure> {
    let status = response.status();
    let meta = ResponseMeta {
        status: status.as_u16(),
        trace_id: TRACE_HEADERS
            .iter()
            .find_map(|name| header(response.headers(), name, redactor)),
        date: date(response.headers()),
    };
    if status.is_success() {
        success(response, meta, limits, redactor).await
    } else if status.is_redirection() {
        Err(redirect(&response, meta, redactor))
    } else {
        Err(refusal(response, meta, redactor).await)
    }
}

async fn success(
    mut response: Response,
    meta: ResponseMeta,
    limits: Limits,
    redactor: &Redactor,
) -> Result<Received, Failure> {
    let content_type = header(response.headers(), CONTENT_TYPE.as_str(), redactor);
    let mut body = Vec::new();
    let (reason, lost) = loop {
        match response.chunk().await {
            Ok(None) => match unzipped(body, MAX_RESPONSE_BYTES) {
                Ok((body, true)) => {
                    return Ok(Received {
                        meta,
                        content_type,
                        body,
                    });
                }
                Ok((start, false)) => {
                    body = start;
                    break (too_large(), false);
                }
                Err(start) => {
                    body = start;
                    break ("its gzip compression is damaged".to_owned(), true);
                }
            },
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_RESPONSE_BYTES => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                break (too_large(), false);
            }
            Err(error) if error.is_timeout() => {
                let failure = Failure::from_http(error, limits, redactor);
                return Err(Failure {
                    outcome: Outcome::Unknown,
                    response: Some(meta),
                    ..failure
                });
            }
            Err(_) => break ("the connection ended before its end".to_owned(), true),
        }
    };
    Err(unreadable(
        meta,
        content_type,
        reason,
        &body,
        false,
        lost,
        redactor,
    ))
}

/// The failure for a success status with a response that the client cannot parse. The change may have been applied.
pub(crate) fn unreadable(
    meta: ResponseMeta,
    content_type: Option<String>,
    reason: String,
    body: &[u8],
    whole: bool,
    transient: bool,
    redactor: &Redactor,
) -> Failure {
    // The message needs only the beginning, and redacting 8 MiB is slow.
    let (shown, whole) = match body.get(..MAX_ERROR_BYTES) {
        Some(start) => (start, false),
        None => (body, whole),
    };
    let kind = ErrorKind::UnreadableResponse {
        status: meta.status,
        content_type,
        reason,
        excerpt: excerpt(shown, whole, redactor),
    };
    Failure {
        kind,
        outcome: Outcome::Unknown,
        response: Some(meta),
        transient,
        asked_wait: None,
    }
}

fn too_large() -> String {
    format!("it is larger than {} MiB", MAX_RESPONSE_BYTES >> 20)
}

/// Decompresses a body that a gateway compressed although the request asked for none. Gzip is recognized by its first
/// bytes, with which no other response of the API begins. Returns whether the body is complete: it is cut at `limit`.
///
/// # Errors
/// The beginning of the body, if its compression ends early or is damaged.
fn unzipped(body: Vec<u8>, limit: usize) -> Result<(Vec<u8>, bool), Vec<u8>> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Ok((body, true));
    }
    let mut plain = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(body.as_slice())
        .take(bound)
        .read_to_end(&mut plain);
    let whole = plain.len() <= limit;
    plain.truncate(limit);
    match read {
        Ok(_) => Ok((plain, whole)),
        Err(_) => Err(plain),
    }
}

fn redirect(response: &Response, meta: ResponseMeta, redactor: &Redactor) -> Failure {
    let location = response
        .headers()
        .get(LOCATION)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let target = location.and_then(|location| {
        // Redacts secrets before the URL is parsed, which changes the case of its host.
        let location = redactor.redact(&location).replace("[redacted]", "redacted");
        let target = response.url().join(&location).ok()?;
        sanitize(target.host_str()?, redactor)
    });
    // Web forms respond to a successful submission with 302 or 303.
    let done = matches!(response.status(), StatusCode::FOUND | StatusCode::SEE_OTHER);
    Failure {
        kind: ErrorKind::Redirected {
            status: meta.status,
            target,
        },
        outcome: if done { Outcome::Unknown } else { Outcome::Refused },
        response: Some(meta),
        transient: false,
        asked_wait: None,
    }
}

async fn refusal(mut response: Response, meta: ResponseMeta, redactor: &Redactor) -> Failure {
    let status = response.status();
    let asked_wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| asked_wait(value, meta.date.unwrap_or_else(SystemTime::now)));
    let mut body = Vec::new();
    // The status already decides that the request failed, so an incomplete body is read as far as possible. But only a
    // complete body shows whether a 404 comes from Konnect, so an incomplete one is transient.
    let (whole, lost) = loop {
        match response.chunk().await {
            Ok(None) => break (true, false),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => break (false, !error.is_timeout()),
        }
        if body.len() >= MAX_ERROR_BYTES {
            body.truncate(MAX_ERROR_BYTES);
            break (false, false);
        }
    };
    let (body, unzipped) = unzipped(body, MAX_ERROR_BYTES).unwrap_or_else(|start| (start, false));
    let problem = Problem::parse(meta.status, &body, whole && unzipped, redactor);
    let trace_id = problem.trace_id.or(meta.trace_id);
    Failure {
        kind: ErrorKind::Api {
            status: meta.status,
            problem_document: problem.document,
            message: problem.message,
            invalid_parameters: problem.invalid_parameters,
        },
        // A gateway may respond with 408 while the server still handles the request.
        outcome: if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
            Outcome::Refused
        } else {
            Outcome::Unknown
        },
        response: Some(ResponseMeta { trace_id, ..meta }),
        transient: lost || is_transient(status),
        asked_wait,
    }
}

fn header(headers: &HeaderMap, name: &str, redactor: &Redactor) -> Option<String> {
    sanitize_id(&String::from_utf8_lossy(headers.get(name)?.as_bytes()), redactor)
}

/// The years 1990 to 2999, as the time since 1970.
const PLAUSIBLE_DATES: Range<Duration> = Duration::from_hours(175_320)..Duration::from_hours(9_028_800);

/// The time of the response by the server's clock. A date that no server has, as of a proxy whose clock was never set, is
/// ignored: the provider calculates with this time.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    PLAUSIBLE_DATES.contains(&since).then_some(date)
}

/// Scheme, host and port, for an error.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A duration in milliseconds, for a log.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
