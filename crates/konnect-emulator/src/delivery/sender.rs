//! One attempt: a batch to a receiver, by HTTPS.

use std::error::Error as _;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use url::Url;

use crate::behavior::ContentEncoding;
use crate::delivery::address::AllowedHosts;
use crate::delivery::batch::Batch;
use crate::options::{DeliveryOptions, TimeScale};
use crate::state::Delivery;

/// How long an attempt may take, before scaling. How long Konnect waits is not documented.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The shortest timeout that scaling may lead to: a receiver on a busy machine has to be able to answer.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(2);

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The receiver's status code; `None` if there was no response.
    pub(crate) code: Option<u16>,
    /// The receiver's reason phrase, or why there was no response. Never a secret.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) verdict: Verdict,
}

/// What the outcome of an attempt means for its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// Another attempt may succeed.
    Retry,
    /// No other attempt is made.
    Refused,
}

/// Sends batches.
#[derive(Debug)]
pub(crate) struct Sender {
    allowed: AllowedHosts,
    authorities: Vec<Certificate>,
    timeout: Duration,
    verifying: OnceLock<Client>,
    trusting: OnceLock<Client>,
}

impl Sender {
    /// # Errors
    ///
    /// The trusted authorities are not certificates in PEM ([`io::ErrorKind::InvalidInput`]).
    pub(crate) fn new(options: &DeliveryOptions, scale: TimeScale) -> io::Result<Self> {
        let pem = options.trusted_authorities.as_bytes();
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let authorities = Certificate::from_pem_bundle(pem).map_err(|error| {
            invalid(format!(
                "the trusted authorities are not certificates in PEM: {error}"
            ))
        })?;
        if authorities.is_empty() && !pem.is_empty() {
            return Err(invalid(
                "the trusted authorities have no certificate in PEM".to_owned(),
            ));
        }
        Ok(Self {
            allowed: AllowedHosts::new(&options.allowed_hosts),
            authorities,
            timeout: scale.of(TIMEOUT).max(SHORTEST_TIMEOUT),
            verifying: OnceLock::new(),
            trusting: OnceLock::new(),
        })
    }

    /// Sends a batch once.
    pub(crate) async fn send(
        &self,
        delivery: &Delivery,
        batch: &Batch,
        encoding: ContentEncoding,
    ) -> Outcome {
        match self.request(delivery, batch, encoding) {
            Ok(request) => match request.await {
                Ok(response) => Outcome::of_status(response.status()),
                Err(error) => Outcome::no_response(&error),
            },
            Err(message) => Outcome::refused(message),
        }
    }

    /// # Errors
    ///
    /// Why nothing is sent at all.
    fn request(
        &self,
        delivery: &Delivery,
        batch: &Batch,
        encoding: ContentEncoding,
    ) -> Result<impl Future<Output = reqwest::Result<reqwest::Response>> + use<>, String> {
        let url =
            Url::parse(&delivery.endpoint).map_err(|_| "refused: the endpoint is not a URL".to_owned())?;
        self.allowed.check(&url)?;
        let mut authorization = HeaderValue::from_str(&delivery.authorization)
            .map_err(|_| "refused: the authorization is not a valid header value".to_owned())?;
        authorization.set_sensitive(true);
        let encoding = match encoding {
            ContentEncoding::Gzip => "gzip",
            ContentEncoding::ApplicationGzip => "application/gzip",
        };
        let client = self
            .client(delivery.skip_ssl_verification)
            .map_err(|error| format!("refused: no client could be made: {}", root_cause(&error)))?;
        Ok(client
            .post(url)
            .header(CONTENT_TYPE, "text/plain")
            .header(CONTENT_ENCODING, encoding)
            .header(
                USER_AGENT,
                concat!("konnect-emulator/", env!("CARGO_PKG_VERSION")),
            )
            .header(AUTHORIZATION, authorization)
            .body(batch.body.clone())
            .send())
    }

    fn client(&self, skip_verification: bool) -> reqwest::Result<&Client> {
        let slot = if skip_verification {
            &self.trusting
        } else {
            &self.verifying
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let builder = || {
            Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .timeout(self.timeout)
                .dns_resolver(self.allowed.clone())
        };
        let client = if skip_verification {
            builder()
                .tls_certs_only([])
                .tls_danger_accept_invalid_certs(true)
                .build()?
        } else if self.allowed.is_loopback_only() {
            // No public authority signs for this machine.
            builder().tls_certs_only(self.authorities.clone()).build()?
        } else {
            builder().tls_certs_merge(self.authorities.clone()).build()?
        };
        Ok(slot.get_or_init(|| client))
    }
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
        Self {
            code: None,
            message,
            verdict: Verdict::Retry,
        }
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

/// The innermost error, which names neither the URL nor a header.
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
            trusted_authorities: "not a certificate".to_owned(),
            ..DeliveryOptions::default()
        };
        let error = Sender::new(&options, TimeScale::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
