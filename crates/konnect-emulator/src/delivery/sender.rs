//! Sends a batch to a receiver over HTTPS, in one attempt.

use std::error::Error as _;
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder};
use tokio::task::spawn_blocking;
use url::Url;

use crate::delivery::address::AllowedHosts;
use crate::delivery::batch::Batch;
use crate::options::{DeliveryOptions, TimeScale, TrustedAuthorities};
use crate::organization::state::Delivery;

/// The timeout of an attempt, before scaling. Konnect's timeout is not documented.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The minimum timeout after scaling: a receiver on a busy machine must be able to respond.
const MIN_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The receiver's status code. `None` without a response.
    pub(crate) code: Option<u16>,
    /// The receiver's reason phrase, or the reason for the absence of a response. Never contains a secret.
    pub(crate) message: String,
    pub(crate) verdict: Verdict,
}

/// The consequence of an attempt for its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has accepted the batch.
    Delivered,
    /// Another attempt may succeed.
    Retry,
    /// No further attempt is made.
    Refused,
}

#[derive(Debug)]
pub(crate) struct Sender {
    allowed: AllowedHosts,
    authorities: TrustedAuthorities,
    timeout: Duration,
    /// The client that verifies certificates. `None` until its first use.
    verifying: Mutex<Option<Verifying>>,
    trusting: OnceLock<Client>,
}

/// A client that verifies certificates, and the authorities that it trusts.
#[derive(Debug)]
struct Verifying {
    pem: String,
    client: Client,
}

impl Sender {
    /// # Errors
    ///
    /// The trusted authorities are text, but not certificates in PEM ([`io::ErrorKind::InvalidInput`]).
    pub(crate) fn new(options: &DeliveryOptions, scale: TimeScale) -> io::Result<Self> {
        if let TrustedAuthorities::Pem(pem) = &options.trusted_authorities {
            certificates(pem).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        }
        Ok(Self {
            allowed: AllowedHosts::new(&options.allowed_hosts),
            authorities: options.trusted_authorities.clone(),
            timeout: scale.of(TIMEOUT).max(MIN_TIMEOUT),
            verifying: Mutex::default(),
            trusting: OnceLock::new(),
        })
    }

    /// Sends a batch once.
    pub(crate) async fn send(&self, delivery: &Delivery, batch: &Batch) -> Outcome {
        let request = match self.request(delivery, batch).await {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        match request.send().await {
            Ok(response) => Outcome::of_status(response.status()),
            Err(error) => Outcome::no_response(&error),
        }
    }

    /// # Errors
    ///
    /// The outcome if the request is not sent.
    async fn request(&self, delivery: &Delivery, batch: &Batch) -> Result<RequestBuilder, Outcome> {
        let url = Url::parse(&delivery.endpoint)
            .map_err(|_| Outcome::refused("refused: the endpoint is not a URL".to_owned()))?;
        self.allowed.check(&url).map_err(Outcome::refused)?;
        let mut authorization = HeaderValue::from_str(&delivery.authorization).map_err(|_| {
            Outcome::refused("refused: the authorization is not a valid header value".to_owned())
        })?;
        authorization.set_sensitive(true);
        let client = if delivery.skip_ssl_verification {
            self.trusting().map_err(|error| Outcome::no_client(&error))?
        } else {
            self.verifying().await?
        };
        Ok(client
            .post(url)
            .header(CONTENT_TYPE, "text/plain")
            .header(CONTENT_ENCODING, "gzip")
            .header(
                USER_AGENT,
                concat!("konnect-emulator/", env!("CARGO_PKG_VERSION")),
            )
            .header(AUTHORIZATION, authorization)
            .body(batch.body.clone()))
    }

    /// The client that verifies certificates. Creates a new one if the authorities in the file have changed.
    async fn verifying(&self) -> Result<Client, Outcome> {
        let pem = match &self.authorities {
            TrustedAuthorities::Pem(pem) => pem.clone(),
            TrustedAuthorities::File(file) => {
                let path = file.clone();
                let read = spawn_blocking(move || std::fs::read_to_string(path)).await;
                let why = |error: &dyn std::fmt::Display| {
                    Outcome::unsent(format!(
                        "the trusted authorities in {} cannot be read: {error}",
                        file.display()
                    ))
                };
                read.map_err(|error| why(&error))?.map_err(|error| why(&error))?
            }
        };
        let mut current = self.verifying.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifying) = current.as_ref().filter(|verifying| verifying.pem == pem) {
            return Ok(verifying.client.clone());
        }
        // The file may be incomplete while it is being written: another attempt may read all of it.
        let authorities = certificates(&pem).map_err(Outcome::unsent)?;
        let builder = if self.allowed.is_loopback_only() {
            // Public authorities do not sign for this machine.
            self.builder().tls_certs_only(authorities)
        } else {
            self.builder().tls_certs_merge(authorities)
        };
        let client = builder.build().map_err(|error| Outcome::no_client(&error))?;
        *current = Some(Verifying {
            pem,
            client: client.clone(),
        });
        Ok(client)
    }

    fn trusting(&self) -> reqwest::Result<Client> {
        if let Some(client) = self.trusting.get() {
            return Ok(client.clone());
        }
        let client = self
            .builder()
            .tls_certs_only([])
            .tls_danger_accept_invalid_certs(true)
            .build()?;
        Ok(self.trusting.get_or_init(|| client).clone())
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .timeout(self.timeout)
            .dns_resolver(self.allowed.clone())
    }
}

/// The certificates in a text, none in an empty one.
///
/// # Errors
///
/// The text does not consist of certificates in PEM.
fn certificates(pem: &str) -> Result<Vec<Certificate>, String> {
    let certificates = Certificate::from_pem_bundle(pem.as_bytes())
        .map_err(|error| format!("the trusted authorities are not certificates in PEM: {error}"))?;
    if certificates.is_empty() && !pem.is_empty() {
        return Err("the trusted authorities have no certificate in PEM".to_owned());
    }
    Ok(certificates)
}

impl Outcome {
    fn of_status(status: StatusCode) -> Self {
        let verdict = match status {
            _ if status.is_success() => Verdict::Delivered,
            StatusCode::TOO_MANY_REQUESTS => Verdict::Retry,
            _ if status.is_server_error() => Verdict::Retry,
            _ => Verdict::Refused,
        };
        Self {
            code: Some(status.as_u16()),
            message: status.canonical_reason().unwrap_or_default().to_owned(),
            verdict,
        }
    }

    fn no_response(error: &reqwest::Error) -> Self {
        let message = if error.is_timeout() {
            "the receiver did not answer in time".to_owned()
        } else {
            root_cause(error)
        };
        Self::unsent(message)
    }

    /// An outcome without a response, after which another attempt may succeed.
    fn unsent(message: String) -> Self {
        Self {
            code: None,
            message,
            verdict: Verdict::Retry,
        }
    }

    fn no_client(error: &reqwest::Error) -> Self {
        Self::refused(format!("refused: no client could be made: {}", root_cause(error)))
    }

    /// An outcome without an attempt.
    pub(crate) fn refused(message: String) -> Self {
        Self {
            code: None,
            message,
            verdict: Verdict::Refused,
        }
    }
}

/// The innermost error, which contains neither the URL nor a header.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_status_any_code_has_its_verdict() {
        for (code, verdict) in [
            (200, Verdict::Delivered),
            (202, Verdict::Delivered),
            (204, Verdict::Delivered),
            (301, Verdict::Refused),
            (400, Verdict::Refused),
            (401, Verdict::Refused),
            (413, Verdict::Refused),
            (429, Verdict::Retry),
            (500, Verdict::Retry),
            (503, Verdict::Retry),
        ] {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(Outcome::of_status(status).verdict, verdict, "{code}");
        }
    }

    #[test]
    fn new_authorities_not_pem_are_refused() {
        let options = DeliveryOptions {
            trusted_authorities: TrustedAuthorities::Pem("not a certificate".to_owned()),
            ..DeliveryOptions::default()
        };
        let error = Sender::new(&options, TimeScale::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
