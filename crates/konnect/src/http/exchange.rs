//! One attempt: a request out, an answer in, within bounds.

use std::time::{Duration, SystemTime};

use redact::Redactor;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};

use crate::error::kind::ErrorKind;
use crate::error::problem::{Problem, excerpt, sanitize};
use crate::error::{Failure, Outcome, ResponseMeta};
use crate::http::connection_error::Limits;
use crate::http::retry::{asked_wait, is_transient};

/// More than any answer of this API: a page of a list is its largest.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;
/// An error says what it has to say well within this.
const LARGEST_ERROR: usize = 64 * 1024;
/// Headers that carry a trace id where the problem document does not, in the order of trust.
const TRACE_HEADERS: [&str; 4] = [
    "x-kong-trace-id",
    "x-kong-request-id",
    "x-request-id",
    "x-datadog-trace-id",
];

/// A success as it came, not yet read.
#[derive(Debug)]
pub(crate) struct Received {
    pub mark: ResponseMeta,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// Sends a request, and reads its answer.
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
    sort(response, limits, redactor).await
}

/// Sorts an answer into success and failure.
pub(crate) async fn sort(
    response: Response,
    limits: Limits,
    redactor: &Redactor,
) -> Result<Received, Failure> {
    let status = response.status();
    let mark = ResponseMeta {
        status: status.as_u16(),
        trace_id: TRACE_HEADERS
            .iter()
            .find_map(|name| header(response.headers(), name, redactor)),
        date: date(response.headers()),
    };
    if status.is_success() {
        success(response, mark, limits, redactor).await
    } else if status.is_redirection() {
        Err(redirect(&response, mark, redactor))
    } else {
        Err(refusal(response, mark, redactor).await)
    }
}

async fn success(
    mut response: Response,
    mark: ResponseMeta,
    limits: Limits,
    redactor: &Redactor,
) -> Result<Received, Failure> {
    let content_type = header(response.headers(), CONTENT_TYPE.as_str(), redactor);
    let mut body = Vec::new();
    let (reason, lost) = loop {
        match response.chunk().await {
            Ok(None) => {
                return Ok(Received {
                    mark,
                    content_type,
                    body,
                });
            }
            Ok(Some(chunk)) if body.len() + chunk.len() <= LARGEST_ANSWER => body.extend_from_slice(&chunk),
            Ok(Some(_)) => break (format!("it is longer than {} MiB", LARGEST_ANSWER >> 20), false),
            Err(error) if error.is_timeout() => {
                let failure = Failure::from_http(error, limits, redactor);
                return Err(Failure {
                    outcome: Outcome::Unknown,
                    answer: Some(mark),
                    ..failure
                });
            }
            Err(_) => break ("the connection ended in the middle of it".to_owned(), true),
        }
    };
    Err(unreadable(
        mark,
        content_type,
        reason,
        &body,
        false,
        lost,
        redactor,
    ))
}

/// A success that can't be understood: whatever it was to report may have happened.
pub(crate) fn unreadable(
    mark: ResponseMeta,
    content_type: Option<String>,
    reason: String,
    body: &[u8],
    whole: bool,
    transient: bool,
    redactor: &Redactor,
) -> Failure {
    // The beginning is enough for a person; redacting 8 MiB would take its time.
    let (shown, whole) = match body.get(..LARGEST_ERROR) {
        Some(start) => (start, false),
        None => (body, whole),
    };
    let kind = ErrorKind::UnreadableAnswer {
        status: mark.status,
        content_type,
        reason,
        excerpt: excerpt(shown, whole, redactor),
    };
    Failure {
        kind,
        outcome: Outcome::Unknown,
        answer: Some(mark),
        transient,
        asked_wait: None,
    }
}

fn redirect(response: &Response, mark: ResponseMeta, redactor: &Redactor) -> Failure {
    let location = response
        .headers()
        .get(LOCATION)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let target = location.and_then(|location| {
        // A URL changes the case of its host, so that a secret has to go before it is parsed.
        let location = redactor.redact(&location).replace("[redacted]", "redacted");
        let target = response.url().join(&location).ok()?;
        sanitize(target.host_str()?, redactor)
    });
    // 302 and 303 are also how a web form says "done, look there".
    let done = matches!(response.status(), StatusCode::FOUND | StatusCode::SEE_OTHER);
    Failure {
        kind: ErrorKind::Redirected {
            status: mark.status,
            target,
        },
        outcome: if done { Outcome::Unknown } else { Outcome::Refused },
        answer: Some(mark),
        transient: false,
        asked_wait: None,
    }
}

async fn refusal(mut response: Response, mark: ResponseMeta, redactor: &Redactor) -> Failure {
    let status = response.status();
    let asked_wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| asked_wait(value, mark.date.unwrap_or_else(SystemTime::now)));
    let mut body = Vec::new();
    // The status says enough to fail: a body that breaks off is read as far as it goes. But whether the refusal is
    // Konnect's own, which a 404 has to be to mean that there is no such object, another attempt has to tell.
    let (whole, lost) = loop {
        match response.chunk().await {
            Ok(None) => break (true, false),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => break (false, !error.is_timeout()),
        }
        if body.len() >= LARGEST_ERROR {
            body.truncate(LARGEST_ERROR);
            break (false, false);
        }
    };
    let problem = Problem::read(&body, whole, redactor);
    let trace_id = problem.trace_id.or(mark.trace_id);
    Failure {
        kind: ErrorKind::Api {
            status: mark.status,
            problem_document: problem.document,
            message: problem.message,
            invalid_parameters: problem.invalid_parameters,
        },
        // A gateway's 408 may tell of its own wait for the server, which was at it all the same.
        outcome: if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
            Outcome::Refused
        } else {
            Outcome::Unknown
        },
        answer: Some(ResponseMeta { trace_id, ..mark }),
        transient: lost || is_transient(status),
        asked_wait,
    }
}

fn header(headers: &HeaderMap, name: &str, redactor: &Redactor) -> Option<String> {
    sanitize(&String::from_utf8_lossy(headers.get(name)?.as_bytes()), redactor)
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// Scheme, host and port, as an error names the server.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The milliseconds of a duration, for a log.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
