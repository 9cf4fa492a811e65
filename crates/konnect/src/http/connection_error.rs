//! HasDiagnostics apart the ways in which an exchange with the server can break.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use redact::Redactor;

use crate::error::kind::{ConnectFailure, ErrorKind};
use crate::error::problem::sanitize;
use crate::error::{Failure, Outcome};

/// The time limits of a request, as they go into an error's text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub connect: Duration,
    pub request: Duration,
}

impl Failure {
    /// A failure that has nothing to do with an answer, and that another attempt would meet again.
    pub(crate) fn not_sent(kind: ErrorKind) -> Self {
        Self {
            kind,
            outcome: Outcome::NotSent,
            answer: None,
            transient: false,
            asked_wait: None,
        }
    }

    /// Reads the HTTP library's error. Its URL is left out, and its causes are kept as text alone: that
    /// way nothing that holds a request can travel with an error.
    pub(crate) fn from_http(error: reqwest::Error, limits: Limits, redactor: &Redactor) -> Self {
        let error = error.without_url();
        let connecting = error.is_connect();
        let cause = sanitize(&chain(&error), redactor).unwrap_or_else(|| "no reason given".to_owned());
        let kind = if is_certificate(&error) {
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
            answer: None,
            asked_wait: None,
        }
    }
}

/// The messages of an error and its causes, each once.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut messages: Vec<String> = Vec::new();
    for cause in causes(error) {
        let message = cause.to_string();
        // Many errors repeat the text of their cause.
        if !messages.iter().any(|earlier| earlier.contains(&message)) {
            messages.push(message);
        }
    }
    messages.join(": ")
}

/// An error and what is behind it. `io::Error::source` skips the error it wraps, which is where the TLS
/// library's own is, two wrappers deep.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| {
        let wrapped = (*error).downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map_or_else(
            || (*error).source(),
            |inner| Some(inner as &(dyn StdError + 'static)),
        )
    })
}

fn is_certificate(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref::<rustls::Error>(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

fn connect_failure(error: &reqwest::Error) -> ConnectFailure {
    let refused = |cause: &(dyn StdError + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    // The tunnel's error type is private to the HTTP library: its text is all there is.
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
