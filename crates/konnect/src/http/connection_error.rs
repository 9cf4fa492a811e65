//! Classifies connection failures.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use redact::Redactor;
use rustls::CertificateError;

use crate::error::kind::{ConnectFailure, ErrorKind};
use crate::error::problem::sanitize;
use crate::error::{Failure, Outcome};

/// The time limits of a request, for the text of an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub connect: Duration,
    pub request: Duration,
}

impl Failure {
    /// A permanent failure before the request was sent.
    pub(crate) fn not_sent(kind: ErrorKind) -> Self {
        Self {
            kind,
            outcome: Outcome::NotSent,
            response: None,
            transient: false,
            asked_wait: None,
        }
    }

    /// Classifies an error of the HTTP library. Drops its URL and keeps its causes as text only: an error must not
    /// contain a request.
    pub(crate) fn from_http(error: reqwest::Error, limits: Limits, redactor: &Redactor) -> Self {
        let error = error.without_url();
        let connecting = error.is_connect();
        let cause = sanitize(&reason(&error), redactor).unwrap_or_else(|| "no reason given".to_owned());
        let kind = if certificate_error(&error).is_some() {
            ErrorKind::UntrustedCertificate { cause }
        } else if error.is_builder() {
            ErrorKind::Unsendable { cause }
        } else if error.is_timeout() {
            let limit = if connecting {
                limits.connect
            } else {
                limits.request
            };
            ErrorKind::TimedOut { connecting, limit }
        } else if connecting {
            ErrorKind::Unreachable {
                connect_failure: connect_failure(&error),
                cause,
            }
        } else {
            ErrorKind::ConnectionLost { cause }
        };
        let never_sent = connecting
            || matches!(
                kind,
                ErrorKind::UntrustedCertificate { .. } | ErrorKind::Unsendable { .. }
            );
        Self {
            outcome: if never_sent {
                Outcome::NotSent
            } else {
                Outcome::Unknown
            },
            transient: !matches!(
                kind,
                ErrorKind::UntrustedCertificate { .. } | ErrorKind::Unsendable { .. }
            ),
            kind,
            response: None,
            asked_wait: None,
        }
    }
}

/// Joins the messages of an error and its causes, without repetitions.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut messages: Vec<String> = Vec::new();
    for cause in causes(error) {
        let message = cause.to_string();
        // Many errors include the text of their cause.
        if !messages.iter().any(|earlier| earlier.contains(&message)) {
            messages.push(message);
        }
    }
    messages.join(": ")
}

/// An error and its causes. Unwraps `io::Error`, whose `source` skips the wrapped error: the error of the TLS library
/// is wrapped twice.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| {
        let wrapped = (*error).downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map_or_else(
            || (*error).source(),
            |inner| Some(inner as &(dyn StdError + 'static)),
        )
    })
}

/// The reason of a failed connection, without the layers of the HTTP library around it.
fn reason(error: &(dyn StdError + 'static)) -> String {
    if let Some(error) = certificate_error(error) {
        let words = match error {
            CertificateError::UnknownIssuer => "its issuer is unknown",
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet"
            }
            CertificateError::NotValidForName => "it is not valid for this host",
            other => return other.to_string(),
        };
        return words.to_owned();
    }
    let not_tls = |cause: &(dyn StdError + 'static)| {
        matches!(
            cause.downcast_ref::<rustls::Error>(),
            Some(rustls::Error::InvalidMessage(_))
        )
    };
    if causes(error).any(not_tls) {
        return "the server does not speak HTTPS at this address".to_owned();
    }
    causes(error)
        .last()
        .map(|cause| without_code(&cause.to_string()))
        .unwrap_or_default()
}

/// The text of an error of the system, without the number that it ends with.
pub(crate) fn without_code(text: &str) -> String {
    text.split(" (os error ").next().unwrap_or(text).to_owned()
}

fn certificate_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e CertificateError> {
    causes(error).find_map(|cause| match cause.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(error)) => Some(error),
        _ => None,
    })
}

fn connect_failure(error: &reqwest::Error) -> ConnectFailure {
    let refused = |cause: &(dyn StdError + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    // The error type of the tunnel is private to the HTTP library: only its text is accessible.
    let tunnel = |cause: &(dyn StdError + 'static)| {
        let text = cause.to_string();
        text.contains("tunnel") || text.contains("proxy")
    };
    if causes(error).any(tunnel) {
        ConnectFailure::Proxy
    } else if error.is_dns() {
        ConnectFailure::Dns
    } else if causes(error).any(refused) {
        ConnectFailure::Refused
    } else {
        ConnectFailure::Other
    }
}
