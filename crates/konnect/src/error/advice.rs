//! The advice for a failed call, in one or two sentences.

use std::time::Duration;

use reqwest::Method;

use crate::error::kind::{ConnectFailure, ErrorKind};

/// The page of the Konnect console where personal access tokens are created.
pub const ACCESS_TOKENS_URL: &str = "https://cloud.konghq.com/global/account/tokens";

/// The advice for a failure. `asked_wait` is the server's `Retry-After`.
pub(crate) fn advice(kind: &ErrorKind, method: &Method, asked_wait: Option<Duration>) -> String {
    let advice = match kind {
        ErrorKind::Api {
            status: 404,
            problem_document: false,
            ..
        } => {
            "The response does not come from the audit log API, so it does not show whether the object exists: check the \
             server URL, and whether a proxy responds in place of the API."
        }
        ErrorKind::Api { status: 409, .. } if *method == Method::POST => {
            "If the message names an object that exists already, import that object, or use another value."
        }
        ErrorKind::Api { status, .. } => return for_status(*status, asked_wait),
        ErrorKind::Redirected { .. } => {
            "Check the server URL: it must be the address of the Konnect API itself, not of a web site or a login page \
             in front of it."
        }
        ErrorKind::UnreadableResponse { .. } => {
            "Check the server URL, and whether a proxy responds in place of the API. If both are correct, report the \
             response above."
        }
        ErrorKind::Unreachable { connect_failure, .. } => for_connect_failure(*connect_failure),
        ErrorKind::UntrustedCertificate { .. } => {
            "If a company proxy inspects HTTPS, add its certificate authority to the trust store of this machine, or set \
             SSL_CERT_FILE to a PEM file that contains all trusted authorities. Otherwise check the server URL."
        }
        ErrorKind::TimedOut { .. } => {
            "Check the network, the firewall and the proxy settings (HTTPS_PROXY, NO_PROXY), and try again. If the \
             server is slow, increase the time limit."
        }
        ErrorKind::ConnectionLost { .. } => {
            "Try again. If it happens again, look for a proxy or firewall that closes connections."
        }
        ErrorKind::Interrupted { .. } => "Run again to finish: no request was sent after the interruption.",
        ErrorKind::Setup { .. } => {
            "Install the system's trusted certificates (the package is usually called ca-certificates), or set \
             SSL_CERT_FILE to a PEM file that contains them."
        }
        ErrorKind::Unsendable { .. } => {
            "Check the server URL and the user agent: one of them cannot be sent in a request."
        }
        ErrorKind::Region(_) => "Change the server URL or the region so that they agree.",
        ErrorKind::EndlessPages { .. } => {
            "This is a fault of the server, or of a proxy that responds from a cache. Try again, and report it to Kong's \
             support if it persists."
        }
    };
    advice.to_owned()
}

fn for_status(status: u16, asked_wait: Option<Duration>) -> String {
    let advice = match status {
        408 | 425 => "This is usually temporary: try again.",
        400 | 422 => "Correct the values that the API names, and try again.",
        401 => {
            return format!(
                "The access token is invalid or has expired. Create a personal access token at {ACCESS_TOKENS_URL}, or \
                 use the token of a system account."
            );
        }
        403 => {
            "The owner of the access token needs the role \"Audit Logs: Admin\" (Org Admin includes it). Ask an \
             administrator of the organization for it, or use another token."
        }
        404 => {
            "The object of the request does not exist, or not in this region: check the id, the region and the server \
             URL."
        }
        407 => "The proxy requires a user name and password: add them to the URL in HTTPS_PROXY.",
        409 => {
            "Another object uses this one, such as a webhook that still uses a destination, or another request changes \
             it. Remove that use, or wait, and try again."
        }
        413 => "The request is too large for the server: shorten its values.",
        429 => {
            return asked_wait.map_or_else(
                || {
                    "Konnect limits the rate of requests: wait a minute and try again with less parallelism."
                        .to_owned()
                },
                |wait| {
                    format!(
                        "Konnect limits the rate of requests: wait {} and try again.",
                        format_wait(wait)
                    )
                },
            );
        }
        500.. => {
            "This is a problem of Konnect: try again later, see https://kong.statuspage.io, and report the trace id to \
             Kong's support if it persists."
        }
        410 => {
            "The object of the request was removed, or the server URL is no longer served: check the id, the region \
             and the server URL."
        }
        451 => {
            "A system on the way refuses the request for legal reasons: ask the administrator of the network, or Kong's \
             support with the trace id."
        }
        // The API descriptions declare none of these for the requests of this client.
        _ => {
            "The response may not come from Konnect: check the server URL, and whether a proxy responds in place of the \
             API. If both are correct, report the response above."
        }
    };
    advice.to_owned()
}

/// A wait in whole seconds, rounded up, with an upper limit.
pub(crate) fn format_wait(wait: Duration) -> String {
    if wait > Duration::from_hours(24) {
        return "more than a day".to_owned();
    }
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    format!("{seconds} s")
}

fn for_connect_failure(connect_failure: ConnectFailure) -> &'static str {
    match connect_failure {
        ConnectFailure::Dns => {
            "Check the spelling of the region and the server URL, and that this machine can resolve the host name."
        }
        ConnectFailure::Refused => {
            "No program accepts connections at this address: check the host and port of the server URL, the firewall, \
             and the proxy in HTTPS_PROXY."
        }
        ConnectFailure::Proxy => {
            "The proxy rejected the connection: check HTTPS_PROXY, with its user name and password, or add the host to \
             NO_PROXY."
        }
        ConnectFailure::Other => {
            "Check the server URL, the network, the firewall and the proxy settings (HTTPS_PROXY, NO_PROXY)."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_wait_rounds_up_and_is_bounded() {
        assert_eq!(format_wait(Duration::ZERO), "0 s");
        assert_eq!(format_wait(Duration::from_millis(3_599_001)), "3600 s");
        assert_eq!(format_wait(Duration::MAX), "more than a day");
    }
}
