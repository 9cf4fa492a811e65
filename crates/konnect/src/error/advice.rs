//! What to do about a failed call, in a sentence or two.

use std::time::Duration;

use crate::error::Error;
use crate::error::kind::{ConnectFailure, ErrorKind};

const TOKENS: &str = "https://cloud.konghq.com/global/account/tokens";

impl Error {
    /// What to do about it, in a sentence or two.
    #[must_use]
    pub fn advice(&self) -> String {
        match self.kind() {
            ErrorKind::Api { status, .. } => self.for_status(*status),
            ErrorKind::Redirected { .. } => {
                "Check the server URL: it has to be the address of the Konnect API itself, not of a web site or \
                 a login page in front of it."
                    .to_owned()
            }
            ErrorKind::UnreadableAnswer { .. } => {
                "Check the server URL, and whether a proxy answers in the API's place. If both are right, report \
                 the answer above."
                    .to_owned()
            }
            ErrorKind::Unreachable { connect_failure, .. } => for_obstacle(*connect_failure).to_owned(),
            ErrorKind::UntrustedCertificate { .. } => {
                "If a company proxy inspects HTTPS, add its certificate authority to the trust store of this \
                 machine, or set SSL_CERT_FILE to a PEM file that holds all trusted authorities. Otherwise check \
                 that the server URL is right."
                    .to_owned()
            }
            ErrorKind::TimedOut { .. } => {
                "Check the network, the firewall and the proxy settings (HTTPS_PROXY, NO_PROXY), and try again. \
                 If the server is slow, raise the time limit."
                    .to_owned()
            }
            ErrorKind::ConnectionLost { .. } => {
                "Try again. If it happens again, look for a proxy or firewall that cuts connections.".to_owned()
            }
            ErrorKind::Interrupted { .. } => {
                "Run again to finish: no further request was made after the interruption.".to_owned()
            }
            ErrorKind::Setup { .. } => {
                "Install the system's trusted certificates (the package is usually called ca-certificates), or \
                 set SSL_CERT_FILE to a PEM file that holds them."
                    .to_owned()
            }
            ErrorKind::Unsendable { .. } => {
                "Check the server URL and the user agent: one of them can't be sent in a request.".to_owned()
            }
            ErrorKind::Region(_) => "Change the server URL or the region so that they agree.".to_owned(),
            ErrorKind::EndlessPages { .. } => {
                "This is a fault of the server, or of a proxy that answers from a cache. Try again, and report it \
                 to Kong's support if it stays."
                    .to_owned()
            }
        }
    }

    fn for_status(&self, status: u16) -> String {
        let advice = match status {
            408 | 425 => "This passes by itself most of the time: try again.",
            400 | 422 => "Correct the values that the API names, and try again.",
            401 => {
                return format!(
                    "The access token is wrong or has expired. Make a personal access token at {TOKENS}, or use \
                     the token of a system account."
                );
            }
            403 => {
                "The owner of the access token needs the Org Admin permission to manage audit logs: ask an \
                 administrator of the organization for it, or use another token."
            }
            404 => {
                "What the request names does not exist, or not in this region: check the id, the region and the \
                 server URL."
            }
            407 => "The proxy wants a user name and password: put them into the URL of HTTPS_PROXY.",
            409 => {
                "Something else uses or changes the same object, as a webhook that still uses a destination: \
                 remove that use, or wait, and try again."
            }
            413 => "The request is too large for the server: shorten its values.",
            429 => {
                return self.asked_wait().map_or_else(
                    || {
                        "Too many requests reach Konnect at once: wait a minute and try again, with fewer in \
                         parallel."
                            .to_owned()
                    },
                    |wait| {
                        format!(
                            "Too many requests reach Konnect at once: wait {} and try again.",
                            told(wait)
                        )
                    },
                );
            }
            500.. => {
                "Konnect has a problem of its own: try again later, see https://kong.statuspage.io, and give the \
                 trace id to Kong's support if it stays."
            }
            410 => {
                "What the request names is gone for good, or the server URL is one that is no longer served: check \
                 the id, the region and the server URL."
            }
            451 => {
                "Something on the way refuses the request for legal reasons: ask the administrator of the network, \
                 or Kong's support with the trace id."
            }
            // Konnect's API has none of these for the requests of this client.
            _ => {
                "Something else than Konnect may have answered: check the server URL, and whether a proxy answers in \
                 the API's place. If both are right, report the answer above."
            }
        };
        advice.to_owned()
    }
}

/// A wait that a server asks for. What it asks for can be any number.
pub(crate) fn told(wait: Duration) -> String {
    if wait > Duration::from_hours(24) {
        "more than a day".to_owned()
    } else {
        format!("{} s", wait.as_secs())
    }
}

fn for_obstacle(connect_failure: ConnectFailure) -> &'static str {
    match connect_failure {
        ConnectFailure::Dns => {
            "Check the spelling of the region and the server URL, and that this machine can resolve the name of \
             the host."
        }
        ConnectFailure::Refused => {
            "Nothing accepts connections there: check the host and port of the server URL, the firewall, and the \
             proxy named by HTTPS_PROXY."
        }
        ConnectFailure::Proxy => {
            "The proxy did not let the connection through: check HTTPS_PROXY, with its user name and password, \
             or list the host in NO_PROXY."
        }
        ConnectFailure::Other => {
            "Check the server URL, the network, the firewall and the proxy settings (HTTPS_PROXY, NO_PROXY)."
        }
    }
}
