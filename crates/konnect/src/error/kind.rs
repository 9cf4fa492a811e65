//! The ways in which a call fails, each with what is to be known about it.

use std::time::Duration;

use crate::error::problem::InvalidParameter;
use crate::types::server_url::RegionMismatch;

/// What stood in the way of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectFailure {
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
        /// Whether the answer is a problem document, as Konnect itself sends (RFC 9457), and not a
        /// gateway's or proxy's own page.
        problem_document: bool,
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
        connect_failure: ConnectFailure,
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

pub(crate) fn status_text(status: u16) -> String {
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
