//! What a call that failed tells its caller.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::problem::InvalidParameter;
use super::server_url::RegionMismatch;

/// A call that failed: which one, after how many attempts, what the server said, and what to do.
///
/// No text of it holds the access token or the `authorization` of the request, even where the server
/// echoed them. `Display` is the complete text over several lines, [`Error::summary`] its first.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.text())]
pub struct Error(Box<Report>);

#[derive(Debug, Clone)]
struct Report {
    call: Call,
    attempts: u32,
    failure: Failure,
}

/// Which request a failure belongs to.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub method: reqwest::Method,
    /// Scheme, host and port; empty where there is no address for the region.
    pub origin: String,
    /// Without the query.
    pub path: String,
}

/// One failed attempt.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub kind: ErrorKind,
    pub outcome: Outcome,
    pub answer: Option<AnswerMark>,
    /// Whether another attempt might succeed.
    pub transient: bool,
    /// The wait that the server asked for.
    pub asked_wait: Option<Duration>,
}

/// What identifies an answer, whatever was in it.
#[derive(Debug, Clone)]
pub(super) struct AnswerMark {
    pub status: u16,
    pub trace_id: Option<String>,
    pub date: Option<SystemTime>,
}

/// Whether the failed request may have done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It never reached the server, in any attempt.
    NotSent,
    /// The server declined it: nothing was done.
    Refused,
    /// It may have been done, in part or in full: the answer was lost, unreadable, or a server error.
    Unknown,
}

/// What stood in the way of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The host's name could not be resolved.
    Dns,
    /// Nothing listens at the address.
    Refused,
    /// The proxy did not open a tunnel.
    Proxy,
    /// Anything else.
    Other,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API answered with an error status.
    #[error("Konnect answered {}", status_text(*status))]
    Api {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// What the API said, at most about 1,000 characters.
        message: Option<String>,
        /// The parameters it did not accept.
        invalid_parameters: Vec<InvalidParameter>,
    },
    /// The server sent the request elsewhere, which is never followed.
    #[error(
        "the server tried to redirect to {}, which was not followed: the access token was not sent there",
        target.as_deref().unwrap_or("an address it did not name")
    )]
    Redirected {
        /// The HTTP status, 300 to 399.
        status: u16,
        /// The host that was named.
        target: Option<String>,
    },
    /// A success that can't be understood.
    #[error("the answer ({}) can't be read: {reason}", status_text(*status))]
    UnreadableAnswer {
        /// The HTTP status, 200 to 299.
        status: u16,
        /// The `Content-Type` of the answer.
        content_type: Option<String>,
        /// Why it can't be read.
        reason: String,
        /// The beginning of its text, at most about 1,000 characters.
        excerpt: Option<String>,
    },
    /// No connection to the server.
    #[error("no connection to the server: {cause}")]
    Unreachable {
        /// What stood in the way.
        obstacle: Obstacle,
        /// The text of the system or the HTTP library.
        cause: String,
    },
    /// The server's certificate is not trusted, or not for this host.
    #[error("the server's certificate is not trusted: {cause}")]
    UntrustedCertificate {
        /// The text of the TLS library.
        cause: String,
    },
    /// No answer within the time limit.
    #[error("{}", timeout_text(*connecting, *limit))]
    TimedOut {
        /// Whether the connection was still being made.
        connecting: bool,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The connection ended before the answer came.
    #[error("the connection was lost before the answer came: {cause}")]
    ConnectionLost {
        /// The text of the system or the HTTP library.
        cause: String,
    },
    /// The caller's stop token was cancelled before the call succeeded.
    #[error("the run was interrupted")]
    Interrupted {
        /// What the last attempt failed with, where there was one.
        last: Option<String>,
    },
    /// The HTTP client could not be set up, as without any trusted certificate on the machine.
    #[error("the HTTPS client can't be set up: {cause}")]
    Setup {
        /// The text of the HTTP or TLS library.
        cause: String,
    },
    /// The request could not be put together.
    #[error("the request can't be put together: {cause}")]
    Unsendable {
        /// The text of the HTTP library.
        cause: String,
    },
    /// The server URL has no address for the region.
    #[error(transparent)]
    Region(#[from] RegionMismatch),
    /// A list that does not end.
    #[error("the list of the server does not end: {reason}")]
    EndlessPages {
        /// How this was seen.
        reason: String,
    },
}

impl Error {
    pub(super) fn new(call: Call, attempts: u32, failure: Failure) -> Self {
        Self(Box::new(Report {
            call,
            attempts,
            failure,
        }))
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.failure.kind
    }

    /// The HTTP method of the request, such as `PATCH`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.call.method.as_str()
    }

    /// The path of the request, without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.call.path
    }

    /// How often the request was sent or tried to be sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The HTTP status of the last answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.failure.answer.as_ref().map(|answer| answer.status)
    }

    /// The id that Kong's support asks for: `instance` of the problem document, else a trace header.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.failure.answer.as_ref()?.trace_id.as_deref()
    }

    /// The server's `Date` of the last answer, to the second: the clock that `created_at` is written by.
    #[must_use]
    pub fn server_date(&self) -> Option<SystemTime> {
        self.0.failure.answer.as_ref()?.date
    }

    /// How long the server asks to wait before the next request, where it does.
    #[must_use]
    pub fn asked_wait(&self) -> Option<Duration> {
        self.0.failure.asked_wait
    }

    /// The parameters that the API did not accept.
    #[must_use]
    pub fn invalid_parameters(&self) -> &[InvalidParameter] {
        match self.kind() {
            ErrorKind::Api {
                invalid_parameters, ..
            } => invalid_parameters,
            _ => &[],
        }
    }

    /// Whether the API says that what the request names does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind(), ErrorKind::Api { status: 404, .. })
    }

    /// Whether the run was interrupted before the call succeeded.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self.kind(), ErrorKind::Interrupted { .. })
    }

    /// Whether the request may have done its work, over all its attempts.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.failure.outcome
    }

    /// Whether something may have changed on the server although the call failed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.outcome() == Outcome::Unknown && self.0.call.method != reqwest::Method::GET
    }

    /// One short line: what went wrong, and with which request.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "{} ({} {})",
            first_upper(&self.kind().to_string()),
            self.method(),
            self.path()
        )
    }

    fn text(&self) -> String {
        let mut lines = vec![first_upper(&self.kind().to_string())];
        match self.kind() {
            ErrorKind::Api {
                message,
                invalid_parameters,
                ..
            } => {
                lines.extend(message.as_ref().map(|message| format!("The API said: {message}")));
                lines.extend(
                    invalid_parameters
                        .iter()
                        .map(|parameter| format!("  {parameter}")),
                );
            }
            ErrorKind::UnreadableAnswer {
                content_type,
                excerpt,
                ..
            } => {
                let content_type = content_type.as_deref().unwrap_or("not given");
                lines.push(format!("Content type: {content_type}"));
                lines.extend(
                    excerpt
                        .as_ref()
                        .map(|excerpt| format!("The answer begins: {excerpt}")),
                );
            }
            ErrorKind::Interrupted { last: Some(last) } => {
                lines.push(format!("The last attempt failed: {last}"));
            }
            _ => {}
        }
        let tries = match self.0.attempts {
            0 => "not sent".to_owned(),
            1 => "1 attempt".to_owned(),
            many => format!("{many} attempts"),
        };
        lines.push(format!(
            "Request: {} {}{} ({tries})",
            self.method(),
            self.0.call.origin,
            self.path()
        ));
        if let (Some(status), false) = (self.status(), matches!(self.kind(), ErrorKind::Api { .. })) {
            lines.push(format!("Status: {}", status_text(status)));
        }
        lines.extend(self.trace_id().map(|id| format!("Trace id: {id}")));
        lines.extend(
            self.asked_wait()
                .map(|wait| format!("The server asks to wait {} s.", wait.as_secs())),
        );
        if self.may_have_happened() {
            lines.push("The change may have been made all the same.".to_owned());
        }
        lines.push(String::new());
        lines.push(self.advice());
        lines.join("\n")
    }
}

impl fmt::Display for InvalidParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)?;
        match &self.rule {
            Some(rule) if *rule != self.reason => write!(f, " ({rule})"),
            _ => Ok(()),
        }
    }
}

fn status_text(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn timeout_text(connecting: bool, limit: Duration) -> String {
    let what = if connecting {
        "no connection to the server"
    } else {
        "no complete answer from the server"
    };
    format!("{what} within {} s", limit.as_secs_f64())
}

fn first_upper(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
