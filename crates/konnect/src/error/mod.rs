//! The error of a failed call.

pub(crate) mod advice;
pub(crate) mod kind;
pub(crate) mod problem;

use std::time::{Duration, SystemTime};

use crate::error::advice::{advice, format_wait};
use crate::error::kind::{ErrorKind, status_text};
use crate::error::problem::InvalidParameter;
use crate::types::text::capitalize;

/// A failed call, with the request, the number of attempts, the message of the server and advice.
///
/// It never contains the access token or the `authorization` of the request, even if the server echoed them. `Display`
/// writes the complete text on several lines, title included. A report with a title of its own uses [`Error::detail`], and
/// one with advice of its own [`Error::facts`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.text())]
pub struct Error(Box<Report>);

#[derive(Debug, Clone)]
struct Report {
    call: Call,
    attempts: u32,
    failure: Failure,
}

/// The request that a failure belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub method: reqwest::Method,
    /// Scheme, host and port. Empty if the server URL has no address for the region.
    pub origin: String,
    /// The path, without the query.
    pub path: String,
}

/// One failed attempt.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub kind: ErrorKind,
    pub outcome: Outcome,
    pub response: Option<ResponseMeta>,
    /// Whether another attempt might succeed.
    pub transient: bool,
    /// The wait from `Retry-After`.
    pub asked_wait: Option<Duration>,
}

/// The metadata of a response.
#[derive(Debug, Clone)]
pub(crate) struct ResponseMeta {
    pub status: u16,
    pub trace_id: Option<String>,
    pub date: Option<SystemTime>,
}

/// Whether a failed request may have had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// No attempt reached the server.
    NotSent,
    /// The server rejected the request without effect.
    Refused,
    /// The request may have had an effect: the response was lost, unreadable, or a server error.
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

    /// Returns the kind of the failure.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.failure.kind
    }

    /// Returns the HTTP method of the request, such as `PATCH`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.call.method.as_str()
    }

    /// Returns the path of the request, without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.call.path
    }

    /// Returns the number of attempts to send the request.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the HTTP status of the last response, if any.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.failure.response.as_ref().map(|response| response.status)
    }

    /// Returns the ID for Kong's support: `instance` of the problem document, or a trace header.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.failure.response.as_ref()?.trace_id.as_deref()
    }

    /// Returns the wait before the next request that the server specifies (`Retry-After`), if any.
    #[must_use]
    pub fn asked_wait(&self) -> Option<Duration> {
        self.0.failure.asked_wait
    }

    /// Returns the parameters that the API rejected.
    #[must_use]
    pub fn invalid_parameters(&self) -> &[InvalidParameter] {
        match self.kind() {
            ErrorKind::Api {
                invalid_parameters, ..
            } => invalid_parameters,
            _ => &[],
        }
    }

    /// Whether Konnect reports that the object of the request does not exist.
    ///
    /// Returns false for a 404 without a problem document of the audit log API: a gateway sends it for an unknown path, so
    /// it does not prove that an object was deleted.
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

    /// Whether the owner of the token lacks the permission (403).
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.is_api_error(403)
    }

    /// Whether the object is in use, or changed by another request (409).
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_api_error(409)
    }

    fn is_api_error(&self, expected: u16) -> bool {
        matches!(self.kind(), ErrorKind::Api { status, .. } if *status == expected)
    }

    /// Whether the stop token was cancelled before the call succeeded.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self.kind(), ErrorKind::Interrupted { .. })
    }

    /// Returns whether any attempt may have had an effect.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.failure.outcome
    }

    /// Whether the server may have applied a change although the call failed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.outcome() == Outcome::Unknown && self.0.call.method != reqwest::Method::GET
    }

    /// Returns the failure and the request in one short line.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "{} ({} {})",
            capitalize(&self.kind().to_string()),
            self.method(),
            self.path()
        )
    }

    /// Returns advice in one or two sentences.
    #[must_use]
    pub fn advice(&self) -> String {
        advice(self.kind(), &self.0.call.method, self.asked_wait())
    }

    /// Returns the text below the title of a report whose title is [`Error::summary`]: the facts and [`Error::advice`].
    #[must_use]
    pub fn detail(&self) -> String {
        // The title has the status of an error of the API.
        let in_title = matches!(self.kind(), ErrorKind::Api { .. });
        format!("{}\n\n{}", self.lines(!in_title), self.advice())
    }

    /// Returns the message of the server, the request, the status, and what else is known, for a report with its own title
    /// and advice.
    #[must_use]
    pub fn facts(&self) -> String {
        self.lines(true)
    }

    fn lines(&self, has_status: bool) -> String {
        let mut lines = Vec::new();
        match self.kind() {
            ErrorKind::Api {
                message,
                invalid_parameters,
                ..
            } => {
                lines.extend(message.as_ref().map(|message| format!("The API said: {message}")));
                let others = invalid_parameters
                    .iter()
                    .filter(|parameter| message.as_ref() != Some(&parameter.reason));
                lines.extend(others.map(|parameter| format!("  {parameter}")));
            }
            ErrorKind::UnreadableResponse {
                content_type,
                excerpt,
                ..
            } => {
                let content_type = content_type.as_deref().unwrap_or("not given");
                lines.push(format!("Content type: {content_type}"));
                lines.extend(
                    excerpt
                        .as_ref()
                        .map(|excerpt| format!("The response begins: {excerpt}")),
                );
            }
            ErrorKind::Interrupted { last: Some(last) } => {
                lines.push(format!("The last attempt failed: {last}"));
            }
            _ => {}
        }
        let attempts = match self.0.attempts {
            0 => "not sent".to_owned(),
            1 => "1 attempt".to_owned(),
            many => format!("{many} attempts"),
        };
        lines.push(format!(
            "Request: {} {}{} ({attempts})",
            self.method(),
            self.0.call.origin,
            self.path()
        ));
        if let Some(status) = self.status().filter(|_| has_status) {
            lines.push(format!("Status: {}", status_text(status)));
        }
        lines.extend(self.trace_id().map(|id| format!("Trace id: {id}")));
        lines.extend(
            self.asked_wait()
                .map(|wait| format!("The server asks to wait {}.", format_wait(wait))),
        );
        if self.may_have_happened() {
            lines.push("The change may have been applied despite the error.".to_owned());
        }
        lines.join("\n")
    }

    fn text(&self) -> String {
        format!("{}\n{}", capitalize(&self.kind().to_string()), self.detail())
    }

    /// Counts the attempts of earlier calls for the same purpose too.
    pub(crate) fn add_attempts(&mut self, earlier: u32) {
        self.0.attempts = self.0.attempts.saturating_add(earlier);
    }

    /// Reports a 409 of a creation on the field `name`, in the words of the API, if the API names no field. A gateway's 409
    /// is not about a name.
    pub(crate) fn with_conflict_on_name(mut self) -> Self {
        if let ErrorKind::Api {
            status: status @ 409,
            problem_document: true,
            message,
            invalid_parameters,
        } = &mut self.0.failure.kind
            && invalid_parameters.is_empty()
        {
            invalid_parameters.push(InvalidParameter {
                field: "name".to_owned(),
                reason: message.clone().unwrap_or_else(|| status_text(*status)),
                rule: None,
            });
        }
        self
    }
}
