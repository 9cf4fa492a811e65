//! The client: one server, one token, one pool of connections, and the loop over attempts.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use redact::Redactor;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use tower::limit::GlobalConcurrencyLimitLayer;
use tracing::{debug, warn};

use crate::error::kind::ErrorKind;
use crate::error::problem::sanitize;
use crate::error::{Call, Error, Failure, Outcome, ResponseMeta};
use crate::http::connection_error::{Limits, chain};
use crate::http::environment::{self, CaCertificates};
use crate::http::exchange::{Received, exchange, milliseconds, origin};
use crate::http::limit::{MAX_CONCURRENT_REQUESTS, PATIENCE, RequestLimits};
use crate::http::response::Response;
use crate::http::retry::{Backoff, RetryDecision, is_repeatable};
use crate::types::invalid::InvalidValue;
use crate::types::region::Region;
use crate::types::secret::{AccessToken, Authorization};
use crate::types::server_url::ServerUrl;

/// The maximum number of retries of a client from [`Client::after_stop`].
const MAX_RETRIES_AFTER_STOP: u32 = 3;

/// The settings of a [`Client`]. [`ClientOptions::new`] fills in the defaults.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The base URL of the API. Default: `https://{region}.api.konghq.com`.
    pub server_url: ServerUrl,
    /// The token that authenticates each request.
    pub token: AccessToken,
    /// The `User-Agent` of each request. Default: the name and version of this crate.
    pub user_agent: String,
    /// The time limit for opening a connection, TLS handshake included. Default: 10 s.
    pub connect_timeout: Duration,
    /// The time limit for one attempt, from the connection to the end of the response. Default: 30 s.
    pub request_timeout: Duration,
    /// The maximum number of retries of a failed request. Default: 4.
    pub max_retries: u32,
    /// The nominal wait before the first retry, if the server does not send `Retry-After`. Each further wait is twice
    /// as long, up to 30 s, and reduced by a random amount of up to half. Default: 1 s.
    pub first_retry_wait: Duration,
    /// The time limit for a list, all its pages together: no further page is requested after it. Default: 5 min.
    pub list_timeout: Duration,
    /// Certificate authorities to trust in addition to those of the system. Default: none.
    pub ca_certificates: Option<CaCertificates>,
    /// Stops the client: when this token is cancelled, waits end and no further request is sent. A request in flight
    /// completes, because otherwise its effect is unknown.
    pub stop: CancellationToken,
}

impl ClientOptions {
    /// Returns the options for Kong's own server, with the default limits.
    #[must_use]
    pub fn new(token: AccessToken) -> Self {
        Self {
            server_url: ServerUrl::default(),
            token,
            user_agent: concat!("konnect-audit-log-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_retries: 4,
            first_retry_wait: Duration::from_secs(1),
            list_timeout: Duration::from_mins(5),
            ca_certificates: None,
            stop: CancellationToken::new(),
        }
    }
}

/// A client of the audit log API. It is cheap to clone; clones share connections and limits.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: ClientOptions,
    http: OnceLock<Result<reqwest::Client, ErrorKind>>,
    clock: Mutex<Option<(SystemTime, Instant)>>,
    limits: Arc<RequestLimits>,
    generation: WriteGeneration,
}

/// A request, before it has an address.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: Method,
    /// The path from the version on. It consists of constants and validated IDs only.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<SecretString>,
    /// The secret in the body, which must not appear in an error.
    pub authorization: Option<Authorization>,
    /// Whether the request contains the access token.
    pub authenticated: bool,
    /// The maximum number of retries, if it is lower than the client's limit.
    pub max_retries: Option<u32>,
}

impl Client {
    /// Creates a client. The first request sets up connections, TLS and the system's trusted certificates.
    ///
    /// Proxies come from the system and from `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, for all servers that are not on
    /// the loopback interface. A proxy is an `http://` or an `https://` URL.
    ///
    /// # Errors
    /// When the environment specifies a proxy that cannot be used, or no trusted certificates (`SSL_CERT_FILE`,
    /// `SSL_CERT_DIR`). The error names the variable.
    pub fn new(options: ClientOptions) -> Result<Self, InvalidValue> {
        environment::check(&options.server_url)?;
        Ok(Self::sharing(options, Arc::default(), WriteGeneration::default()))
    }

    fn sharing(options: ClientOptions, limits: Arc<RequestLimits>, generation: WriteGeneration) -> Self {
        let shared = Shared {
            options,
            http: OnceLock::new(),
            clock: Mutex::new(None),
            limits,
            generation,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Sets the HTTP client, for tests that must not depend on the settings of the system.
    #[cfg(test)]
    pub(crate) fn with_http(self, http: reqwest::Client) -> Self {
        let _ = self.shared.http.set(Ok(http));
        self
    }

    /// Returns a client for clean-up after a stop. It shares connections, rate limits and the write generation with
    /// this client, ignores the stop token, and retries a failed request at most 3 times.
    #[must_use]
    pub fn after_stop(&self) -> Self {
        let options = ClientOptions {
            stop: CancellationToken::new(),
            max_retries: MAX_RETRIES_AFTER_STOP,
            ..self.shared.options.clone()
        };
        let limits = Arc::clone(&self.shared.limits);
        let after = Self::sharing(options, limits, self.shared.generation.clone());
        if let Some(http) = self.shared.http.get() {
            let _ = after.shared.http.set(http.clone());
        }
        after
    }

    /// Returns the base URL, as it was configured.
    #[must_use]
    pub fn server_url(&self) -> &ServerUrl {
        &self.shared.options.server_url
    }

    /// Returns the time limit for a list.
    pub(crate) fn list_timeout(&self) -> Duration {
        self.shared.options.list_timeout
    }

    /// Returns the maximum number of retries of a failed request.
    pub(crate) fn max_retries(&self) -> u32 {
        self.shared.options.max_retries
    }

    /// Returns the server's current time, derived from the `Date` of its latest response and accurate to about a
    /// second. Returns `None` before the first response.
    ///
    /// It shows whether an object was created before or after a request, even if the clock of this machine is wrong.
    #[must_use]
    pub fn server_time(&self) -> Option<SystemTime> {
        let clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.map(|(date, seen)| date + seen.elapsed())
    }

    /// Returns the number of beginnings and ends of writes so far: requests that are not `GET`. A response from one
    /// value may be out of date at a higher value.
    pub(crate) fn write_generation(&self) -> u64 {
        self.shared.generation.current()
    }

    /// Waits as long as before a first retry, or until the stop token is cancelled.
    pub(crate) async fn pause(&self) {
        self.wait(self.shared.options.first_retry_wait).await;
    }

    /// Waits for this duration. Returns false as soon as the stop token is cancelled.
    pub(crate) async fn wait(&self, duration: Duration) -> bool {
        let wait = tokio::time::sleep(duration);
        self.shared.options.stop.run_until_cancelled(wait).await.is_some()
    }

    /// Sends a request. Retries it if that is safe and useful, until it succeeds or reaches the maximum number of
    /// retries.
    pub(crate) async fn send(&self, region: &Region, request: Request) -> Result<Response, Error> {
        let options = &self.shared.options;
        let secrets = std::iter::once(options.token.expose());
        let redactor =
            Redactor::new(secrets.chain(request.authorization.as_ref().map(Authorization::expose)));
        let mut call = Call {
            method: request.method.clone(),
            origin: String::new(),
            path: request.path.clone(),
        };
        let url = match self.address(region, &request) {
            Ok(url) => url,
            Err(kind) => return Err(Error::new(call, 0, Failure::not_sent(kind))),
        };
        call.origin = origin(&url);
        url.path().clone_into(&mut call.path);

        let http = match self.http() {
            Ok(http) => http,
            Err(kind) => return Err(Error::new(call, 0, Failure::not_sent(kind))),
        };

        let backoff = Backoff::starting_with(options.first_retry_wait);
        let max_retries = request.max_retries.unwrap_or(u32::MAX).min(options.max_retries);
        let mut patience = PATIENCE;
        let _write = (request.method != Method::GET).then(|| self.shared.generation.begin_write());
        let mut attempts = 0;
        let mut worst = Outcome::NotSent;
        let mut last = None;
        loop {
            let turn = self.shared.limits.acquire(&call.origin, &mut patience);
            let permit = match options.stop.run_until_cancelled(turn).await {
                Some(Ok(permit)) => permit,
                Some(Err(failure)) => {
                    let outcome = worst;
                    return Err(Error::new(call, attempts, Failure { outcome, ..*failure }));
                }
                None => return Err(interrupted(call, attempts, worst, last.as_ref())),
            };
            attempts += 1;
            let mut failure = match self.attempt(&http, &url, &request, attempts, &redactor).await {
                Ok(received) => {
                    return Ok(Response {
                        call,
                        attempts,
                        received,
                        redactor,
                    });
                }
                Err(failure) => failure,
            };
            worst = worst.max(failure.outcome);
            let status = failure.response.as_ref().map(|response| response.status);
            let repeat = failure.transient && is_repeatable(&request.method, failure.outcome, status);
            let decision = backoff.decide(attempts, max_retries, failure.asked_wait, fastrand::f64());
            let rate_limited = status == Some(429);
            if rate_limited {
                let wait = backoff.rate_limit_wait(attempts, failure.asked_wait);
                self.shared.limits.close(&call.origin, wait, &failure);
            }
            drop(permit);
            failure.outcome = worst;
            let (true, RetryDecision::Wait(wait)) = (repeat, decision) else {
                return Err(Error::new(call, attempts, failure));
            };
            warn!(
                method = %request.method,
                path = call.path,
                attempt = attempts,
                wait_ms = milliseconds(wait),
                reason = %failure.kind,
                "retrying after a wait"
            );
            last = Some(failure);
            // The limit waits for the end of a rate limit, for this request and all others to the host.
            if !rate_limited {
                self.wait(wait).await;
            }
        }
    }

    async fn attempt(
        &self,
        http: &reqwest::Client,
        url: &Url,
        request: &Request,
        attempt: u32,
        redactor: &Redactor,
    ) -> Result<Received, Failure> {
        let options = &self.shared.options;
        let limits = Limits {
            connect: options.connect_timeout,
            request: options.request_timeout,
        };
        let prepared = self.prepare(http, url, request).map_err(|error| {
            let cause = sanitize(&chain(&error.without_url()), redactor).unwrap_or_default();
            Failure::not_sent(ErrorKind::Unsendable { cause })
        })?;
        debug!(method = %request.method, path = url.path(), attempt, "request");
        let begun = Instant::now();
        let result = exchange(http, prepared, limits, redactor).await;
        let duration_ms = milliseconds(begun.elapsed());
        let meta = match &result {
            Ok(received) => Some(&received.meta),
            Err(failure) => failure.response.as_ref(),
        };
        if let Some(meta) = meta {
            self.update_clock(meta);
        }
        let status = meta.map_or(0, |meta| meta.status);
        debug!(method = %request.method, path = url.path(), attempt, status, duration_ms, "answer");
        result
    }

    fn prepare(
        &self,
        http: &reqwest::Client,
        url: &Url,
        request: &Request,
    ) -> Result<reqwest::Request, reqwest::Error> {
        let accepted = HeaderValue::from_static("application/json, application/problem+json");
        let mut builder = http
            .request(request.method.clone(), url.clone())
            .header(ACCEPT, accepted)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if request.authenticated {
            // Marks the header as sensitive, which excludes it from debug output and header compression.
            builder = builder.bearer_auth(self.shared.options.token.expose());
        }
        let mut prepared = builder.build()?;
        if let Some(body) = &request.body {
            prepared
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *prepared.body_mut() = Some(body.expose_secret().to_owned().into());
        }
        Ok(prepared)
    }

    fn address(&self, region: &Region, request: &Request) -> Result<Url, ErrorKind> {
        let mut url = self.shared.options.server_url.base(region)?;
        let path = format!("{}{}", url.path().trim_end_matches('/'), request.path);
        url.set_path(&path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }

    fn http(&self) -> Result<reqwest::Client, ErrorKind> {
        self.shared
            .http
            .get_or_init(|| build(&self.shared.options))
            .clone()
    }

    fn update_clock(&self, meta: &ResponseMeta) {
        if let Some(date) = meta.date {
            let mut clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
            *clock = Some((date, Instant::now()));
        }
    }
}

fn build(options: &ClientOptions) -> Result<reqwest::Client, ErrorKind> {
    let user_agent = HeaderValue::from_str(&options.user_agent).map_err(|_| ErrorKind::Unsendable {
        cause: "the user agent is not a valid header value".to_owned(),
    })?;
    let mut builder = reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(options.connect_timeout)
        .timeout(options.request_timeout)
        .pool_max_idle_per_host(MAX_CONCURRENT_REQUESTS)
        .connector_layer(GlobalConcurrencyLimitLayer::new(MAX_CONCURRENT_REQUESTS))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    if options.server_url.is_loopback() {
        // A proxy, or a name service that resolves `localhost` to another address, would send the request and its token
        // to another machine.
        let loopback = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ];
        builder = builder.no_proxy().resolve_to_addrs("localhost", &loopback);
    }
    if options.server_url.is_plain_http() {
        // Plain HTTP does not need the system's certificates, which may be missing.
        builder = builder.tls_certs_only([]);
    } else {
        builder = builder.https_only(true);
    }
    let authorities = options
        .ca_certificates
        .iter()
        .flat_map(CaCertificates::certificates);
    let authorities: Result<Vec<_>, _> = authorities.map(reqwest::Certificate::from_der).collect();
    authorities
        .and_then(|authorities| builder.tls_certs_merge(authorities).build())
        .map_err(|error| ErrorKind::Setup { cause: chain(&error) })
}

fn interrupted(call: Call, attempts: u32, outcome: Outcome, last: Option<&Failure>) -> Error {
    let failure = Failure {
        kind: ErrorKind::Interrupted {
            last: last.map(|failure| failure.kind.to_string()),
        },
        outcome,
        response: last.and_then(|failure| failure.response.clone()),
        transient: false,
        asked_wait: None,
    };
    Error::new(call, attempts, failure)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

/// Counts the beginnings and ends of writes: requests that are not `GET`. Clones share the counter.
///
/// A response from one value of the counter may be out of date at a higher value.
#[derive(Clone, Default)]
pub(crate) struct WriteGeneration(Arc<AtomicU64>);

/// A write in flight. Dropping this counts its end.
pub(crate) struct WriteInProgress(WriteGeneration);

impl WriteGeneration {
    /// The number of beginnings and ends so far.
    pub(crate) fn current(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Counts the beginning of a write.
    pub(crate) fn begin_write(&self) -> WriteInProgress {
        self.advance();
        WriteInProgress(self.clone())
    }

    fn advance(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for WriteInProgress {
    fn drop(&mut self) {
        self.0.advance();
    }
}
