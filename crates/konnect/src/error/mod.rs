//! What a call that failed tells its caller.

pub(crate) mod advice;
pub(crate) mod excerpt;
pub(crate) mod kind;
pub(crate) mod problem;

use std::time::{Duration, SystemTime};

use crate::error::advice::told;
use crate::error::kind::{ErrorKind, status_text};
use crate::error::problem::InvalidParameter;

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
pub(crate) struct Call {
    pub method: reqwest::Method,
    /// Scheme, host and port; empty where there is no address for the region.
    pub origin: String,
    /// Without the query.
    pub path: String,
}

/// One failed attempt.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub kind: ErrorKind,
    pub outcome: Outcome,
    pub answer: Option<ResponseMeta>,
    /// Whether another attempt might succeed.
    pub transient: bool,
    /// The wait that the server asked for.
    pub asked_wait: Option<Duration>,
}

/// What identifies an answer, whatever was in it.
#[derive(Debug, Clone)]
pub(crate) struct ResponseMeta {
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

impl Error {
    pub(crate) fn new(call: Call, attempts: u32, failure: Failure) -> Self {
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

    /// Whether Konnect says that what the request names does not exist. A 404 without a problem
    /// document does not say so: a wrong server URL answers in the same way.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Api {
                status: 404,
                problem_document: true,
                ..
            }
        )
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
                .map(|wait| format!("The server asks to wait {}.", told(wait))),
        );
        if self.may_have_happened() {
            lines.push("The change may have been made all the same.".to_owned());
        }
        lines.push(String::new());
        lines.push(self.advice());
        lines.join("\n")
    }
}

fn first_upper(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
