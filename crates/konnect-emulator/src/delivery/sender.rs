//! Sends a batch to a receiver over HTTPS, in one attempt.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder};
use url::Url;

use crate::delivery::address::{AllowedHosts, loopback_of};
use crate::options::DeliveryOptions;
use crate::organization::state::Delivery;

/// The timeout of an attempt, before scaling. Konnect's timeout is not documented.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The minimum timeout after scaling: a receiver on a busy machine must be able to respond.
const MIN_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The receiver's status code. `None` without a response.
    pub(crate) code: Option<StatusCode>,
    /// The receiver's reason phrase, or the reason for the absence of a response. Never contains a secret.
    pub(crate) message: String,
    /// Whether another attempt may succeed.
    pub(crate) can_retry: bool,
}

#[derive(Debug)]
pub(crate) struct Sender {
    allowed: AllowedHosts,
    authorities: Option<PathBuf>,
    timeout: Duration,
}

impl Sender {
    /// Fails if the file of the authorities has no certificates. It may be absent or empty, because a receiver can write
    /// it later.
    pub(crate) fn new(options: &DeliveryOptions, time_scale: f64) -> io::Result<Self> {
        let sender = Self {
            allowed: AllowedHosts::new(&options.allowed_hosts),
            authorities: options.trusted_authorities.clone(),
            timeout: TIMEOUT.mul_f64(time_scale).max(MIN_TIMEOUT),
        };
        let file = sender
            .authorities
            .as_ref()
            .and_then(|file| fs::metadata(file).ok());
        if file.is_some_and(|file| file.len() > 0) {
            let failed = |why| io::Error::new(io::ErrorKind::InvalidInput, format!("--trust: {why}"));
            sender.authorities().map_err(failed)?;
        }
        Ok(sender)
    }

    pub(crate) async fn send(&self, delivery: &Delivery, body: Vec<u8>) -> Outcome {
        let request = match self.request(delivery, body) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        match request.send().await {
            Ok(response) => Outcome::of_status(response.status()),
            Err(error) if error.is_timeout() => {
                Outcome::unsent("the receiver did not answer in time".to_owned())
            }
            Err(error) => Outcome::unsent(root_cause(&error)),
        }
    }

    fn request(&self, delivery: &Delivery, body: Vec<u8>) -> Result<RequestBuilder, Outcome> {
        let url =
            Url::parse(&delivery.endpoint).map_err(|_| Outcome::refused("the endpoint is not a URL"))?;
        self.allowed.check(&url).map_err(|why| Outcome::refused(&why))?;
        let mut authorization = HeaderValue::from_str(&delivery.authorization)
            .map_err(|_| Outcome::refused("the authorization is not a valid header value"))?;
        authorization.set_sensitive(true);
        let client = self.client(&url, delivery.skip_ssl_verification)?;
        Ok(client
            .post(url)
            .header(CONTENT_TYPE, "text/plain")
            .header(CONTENT_ENCODING, "gzip")
            .header(
                USER_AGENT,
                concat!("konnect-emulator/", env!("CARGO_PKG_VERSION")),
            )
            .header(AUTHORIZATION, authorization)
            .body(body))
    }

    /// A client for one attempt: the file of the authorities can change before the next.
    fn client(&self, url: &Url, trusts_any: bool) -> Result<Client, Outcome> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .timeout(self.timeout);
        if let Some((name, addresses)) = loopback_of(url) {
            builder = builder.resolve_to_addrs(name, &addresses);
        }
        let authorities = || self.authorities().map_err(Outcome::unsent);
        let builder = if trusts_any {
            builder.tls_certs_only([]).tls_danger_accept_invalid_certs(true)
        } else if self.allowed.is_loopback_only() {
            // Public authorities do not sign for this machine.
            builder.tls_certs_only(authorities()?)
        } else {
            builder.tls_certs_merge(authorities()?)
        };
        let failed = |error| Outcome::refused(&format!("no client could be made: {}", root_cause(&error)));
        builder.build().map_err(failed)
    }

    /// The certificates to trust. The file may be incomplete while it is being written: another attempt may read all of
    /// it.
    fn authorities(&self) -> Result<Vec<Certificate>, String> {
        let Some(file) = &self.authorities else {
            return Ok(Vec::new());
        };
        let failed = |what: &str| format!("the trusted authorities in {} {what}", file.display());
        let pem = fs::read(file).map_err(|error| failed(&format!("cannot be read: {error}")))?;
        let certificates = Certificate::from_pem_bundle(&pem);
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            Ok(_) => Err(failed("have no certificate in PEM")),
            Err(error) => Err(failed(&format!("are not certificates in PEM: {error}"))),
        }
    }
}

impl Outcome {
    fn of_status(status: StatusCode) -> Self {
        Self {
            code: Some(status),
            message: status.canonical_reason().unwrap_or_default().to_owned(),
            can_retry: status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error(),
        }
    }

    /// An outcome without a response, after which another attempt may succeed.
    fn unsent(message: String) -> Self {
        Self {
            code: None,
            message,
            can_retry: true,
        }
    }

    /// An outcome without an attempt.
    fn refused(why: &str) -> Self {
        Self {
            can_retry: false,
            ..Self::unsent(format!("refused: {why}"))
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
    fn of_status_retries_only_what_another_attempt_may_change() {
        for (can_retry, codes) in [
            (false, &[200, 202, 204, 301, 400, 401, 413][..]),
            (true, &[429, 500, 503]),
        ] {
            for &code in codes {
                let outcome = Outcome::of_status(StatusCode::from_u16(code).unwrap());
                assert_eq!(outcome.can_retry, can_retry, "{code}");
            }
        }
    }
}
