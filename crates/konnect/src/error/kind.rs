//! The kinds of failures of a call, with their details.

use std::time::Duration;

use crate::error::problem::InvalidParameter;
use crate::types::invalid::InvalidValue;

/// The reason why a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectFailure {
    /// The host's name could not be resolved.
    Dns,
    /// The address refused the connection.
    Refused,
    /// The proxy did not open a tunnel.
    Proxy,
    /// Other values.
    Other,
}

/// The kind of a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The API responded with an error status.
    #[error("Konnect returned {}", status_text(*status))]
    Api {
        /// The HTTP status, 400 to 599.
        status: u16,
        /// Whether the response is a problem document of the audit log API, and not one of a gateway or proxy.
        problem_document: bool,
        /// The message of the API, at most about 1,000 characters.
        message: Option<String>,
        /// The parameters that the API rejected.
        invalid_parameters: Vec<InvalidParameter>,
    },
    /// The server responded with a redirect. The client never follows one.
    #[error(
        "the server tried to redirect to {}, which was not followed: the access token was not sent there",
        target.as_deref().unwrap_or("an unnamed address")
    )]
    Redirected {
        /// The HTTP status, 300 to 399.
        status: u16,
        /// The host that the redirect names.
        target: Option<String>,
    },
    /// A success status with a response that the client cannot parse.
    #[error("the response ({}) cannot be read: {reason}", status_text(*status))]
    UnreadableResponse {
        /// The HTTP status, 200 to 299.
        status: u16,
        /// The `Content-Type` of the response.
        content_type: Option<String>,
        /// The reason why it cannot be parsed.
        reason: String,
        /// The beginning of the text, at most about 1,000 characters, or a description of an HTML page.
        excerpt: Option<String>,
    },
    /// The connection to the server failed.
    #[error("{}", unreachable_text(*connect_failure, cause))]
    Unreachable {
        /// The reason.
        connect_failure: ConnectFailure,
        /// The reason in the words of the system.
        cause: String,
    },
    /// The server's certificate is not trusted, or is not valid for this host.
    #[error("the server's certificate is not trusted: {cause}")]
    UntrustedCertificate {
        /// The text of the TLS library.
        cause: String,
    },
    /// The server did not respond within the time limit.
    #[error("{}", timeout_text(*connecting, *limit))]
    TimedOut {
        /// Whether the connection was still being opened.
        connecting: bool,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The connection ended before the response arrived.
    #[error("the connection was lost before the response arrived: {cause}")]
    ConnectionLost {
        /// The text of the system or the HTTP library.
        cause: String,
    },
    /// The caller's stop token was cancelled before the call succeeded.
    #[error("the run was interrupted")]
    Interrupted {
        /// The failure of the last attempt, if any.
        last: Option<String>,
    },
    /// The HTTP client could not be set up, for instance because the machine has no trusted certificates.
    #[error("the HTTPS client cannot be set up: {cause}")]
    Setup {
        /// The text of the HTTP or TLS library.
        cause: String,
    },
    /// The request could not be built.
    #[error("the request cannot be built: {cause}")]
    Unsendable {
        /// The text of the HTTP library.
        cause: String,
    },
    /// The server URL has no address for the region.
    #[error(transparent)]
    Region(#[from] InvalidValue),
    /// The pages of a list do not end, or not in time.
    #[error("the list of the server cannot be read to its end: {reason}")]
    EndlessPages {
        /// How the client detected it.
        reason: String,
    },
}

pub(crate) fn status_text(status: u16) -> String {
    let reason = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn unreachable_text(connect_failure: ConnectFailure, cause: &str) -> String {
    match connect_failure {
        ConnectFailure::Dns => "host name not found".to_owned(),
        ConnectFailure::Refused => "connection refused".to_owned(),
        ConnectFailure::Proxy => format!("the proxy did not open a connection: {cause}"),
        ConnectFailure::Other => format!("no connection to the server: {cause}"),
    }
}

fn timeout_text(connecting: bool, limit: Duration) -> String {
    let what = if connecting {
        "no connection to the server"
    } else {
        "no complete response from the server"
    };
    format!("{what} within {} s", limit.as_secs_f64())
}
