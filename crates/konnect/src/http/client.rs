//! The client: one server, one token, one pool of connections, and the loop over attempts.

use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use redact::Redactor;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use tower::limit::GlobalConcurrencyLimitLayer;
use tracing::{debug, warn};

use crate::cache::Reads;
use crate::error::kind::ErrorKind;
use crate::error::problem::sanitize;
use crate::error::{Call, Error, Failure, Outcome, ResponseMeta};
use crate::http::concurrency_limit::{ConcurrencyLimits, MAX_CONCURRENT_REQUESTS};
use crate::http::connection_error::{Limits, chain};
use crate::http::exchange::{Received, exchange, milliseconds, origin};
use crate::http::response::Answer;
use crate::http::retry::{Backoff, Step, is_repeatable};
use crate::types::destination_id::DestinationId;
use crate::types::region::Region;
use crate::types::secret::{AccessToken, Authorization};
use crate::types::server_url::ServerUrl;

/// What a [`Client`] needs to know. [`ClientOptions::new`] fills in the defaults.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where the API is.
    pub server_url: ServerUrl,
    /// Who is calling.
    pub token: AccessToken,
    /// The `User-Agent` of each request.
    pub user_agent: String,
    /// How long making a connection may take, with its TLS handshake. 10 s.
    pub connect_timeout: Duration,
    /// How long one attempt may take from beginning to end, with the whole answer. 30 s.
    pub request_timeout: Duration,
    /// How often a failed request is made again at most. 4.
    pub max_retries: u32,
    /// Ends waits between attempts, and keeps new attempts from being made, once it is cancelled.
    /// A request that is under way runs to its end, since its effect would be unknown otherwise.
    pub stop: CancellationToken,
}

impl ClientOptions {
    /// Kong's own server, with the default limits.
    #[must_use]
    pub fn new(token: AccessToken) -> Self {
        Self {
            server_url: ServerUrl::default(),
            token,
            user_agent: concat!("konnect-audit-log-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_retries: 4,
            stop: CancellationToken::new(),
        }
    }
}

/// A client of the audit log API. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: ClientOptions,
    pace: Backoff,
    http: OnceLock<Result<reqwest::Client, ErrorKind>>,
    clock: Mutex<Option<(SystemTime, Instant)>>,
    claimed: Mutex<HashSet<DestinationId>>,
    gates: Arc<ConcurrencyLimits>,
    reads: Reads,
}

/// A request, before it has an address.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: Method,
    /// From the version on, made of typed values alone.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<SecretString>,
    /// What is in the body and must not be in an error.
    pub authorization: Option<Authorization>,
    /// How often it is made again at most, if that is less than the client's own limit.
    pub max_retries: Option<u32>,
}

impl Client {
    /// Makes a client, and nothing more: connections, TLS and the system's trusted certificates wait for
    /// the first request.
    #[must_use]
    pub fn new(options: ClientOptions) -> Self {
        Self::with_pace(options, Backoff::default())
    }

    pub(crate) fn with_pace(options: ClientOptions, pace: Backoff) -> Self {
        Self::behind(options, pace, Arc::default())
    }

    fn behind(options: ClientOptions, pace: Backoff, gates: Arc<ConcurrencyLimits>) -> Self {
        let shared = Shared {
            options,
            pace,
            http: OnceLock::new(),
            clock: Mutex::new(None),
            claimed: Mutex::default(),
            gates,
            reads: Reads::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// For tests of what the system's settings decide otherwise.
    #[cfg(test)]
    pub(crate) fn with_http(self, http: reqwest::Client) -> Self {
        let _ = self.shared.http.set(Ok(http));
        self
    }

    /// A client for what has to be put right after the run was stopped: it shares the connections and the rate
    /// limits, does not heed the stop token, and makes a request again a few times only, since there is not
    /// much time.
    #[must_use]
    pub fn after_stop(&self) -> Self {
        let options = ClientOptions {
            stop: CancellationToken::new(),
            max_retries: 3,
            ..self.shared.options.clone()
        };
        let after = Self::behind(options, self.shared.pace, Arc::clone(&self.shared.gates));
        if let Some(http) = self.shared.http.get() {
            let _ = after.shared.http.set(http.clone());
        }
        after
    }

    /// Where the API is, as it was given.
    #[must_use]
    pub fn server_url(&self) -> &ServerUrl {
        &self.shared.options.server_url
    }

    /// How often a failed request is made again at most.
    pub(crate) fn max_retries(&self) -> u32 {
        self.shared.options.max_retries
    }

    /// The server's time now, reckoned from the `Date` of its latest answer; to about a second. `None`
    /// before a first answer. It tells which objects were created before a request and which after,
    /// whatever this machine's clock says.
    #[must_use]
    pub fn server_time(&self) -> Option<SystemTime> {
        let clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.map(|(date, seen)| date + seen.elapsed())
    }

    /// Notes that a creation of this client has made a destination. False if another one has: no two have made
    /// the same.
    pub(crate) fn claim(&self, id: &DestinationId) -> bool {
        self.claimed().insert(id.clone())
    }

    /// Whether a creation of this client has made a destination.
    pub(crate) fn is_claimed(&self, id: &DestinationId) -> bool {
        self.claimed().contains(id)
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<DestinationId>> {
        self.shared.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What reads share.
    pub(crate) fn reads(&self) -> &Reads {
        &self.shared.reads
    }

    /// Waits as long as before a first retry, or until the caller's stop token is cancelled.
    pub(crate) async fn pause(&self) {
        let wait = tokio::time::sleep(self.shared.pace.first);
        let _ = self.shared.options.stop.run_until_cancelled(wait).await;
    }

    /// Makes a request, again where that is safe and of use, until it succeeds or is given up.
    pub(crate) async fn send(&self, region: &Region, request: Request) -> Result<Answer, Error> {
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

        let max_retries = request.max_retries.unwrap_or(u32::MAX).min(options.max_retries);
        let gate = self.shared.gates.gate(&call.origin);
        let _write = (request.method != Method::GET).then(|| self.shared.reads.write());
        let mut attempts = 0;
        let mut worst = Outcome::NotSent;
        let mut last = None;
        loop {
            // Also a request that is made only once has not been made by waiting for its turn.
            let turn = self.shared.gates.pass(&gate, max_retries.max(1));
            let pass = match options.stop.run_until_cancelled(turn).await {
                Some(Ok(pass)) => pass,
                Some(Err(failure)) => {
                    let outcome = worst;
                    return Err(Error::new(call, attempts, Failure { outcome, ..*failure }));
                }
                None => return Err(interrupted(call, attempts, worst, last.as_ref())),
            };
            attempts += 1;
            let mut failure = match self.attempt(&http, &url, &request, attempts, &redactor).await {
                Ok(received) => {
                    pass.answered();
                    return Ok(Answer {
                        call,
                        attempts,
                        received,
                        redactor,
                    });
                }
                Err(failure) => failure,
            };
            worst = worst.max(failure.outcome);
            let status = failure.answer.as_ref().map(|answer| answer.status);
            let repeat = failure.transient && is_repeatable(&request.method, failure.outcome, status);
            let jitter = fastrand::f64();
            let step = self
                .shared
                .pace
                .next(attempts, max_retries, failure.asked_wait, jitter);
            let on_rate_limited = status == Some(429);
            if on_rate_limited {
                let wait = self.shared.pace.rest(attempts, failure.asked_wait);
                pass.on_rate_limited(wait, fastrand::f64(), &failure);
            } else if status.is_some() {
                pass.answered();
            } else {
                drop(pass);
            }
            failure.outcome = worst;
            let (true, Step::Wait(wait)) = (repeat, step) else {
                return Err(Error::new(call, attempts, failure));
            };
            warn!(
                method = %request.method,
                path = call.path,
                attempt = attempts,
                wait_ms = milliseconds(wait),
                reason = %failure.kind,
                "trying again after a wait"
            );
            last = Some(failure);
            // What a rate limit asks for is waited for at the gate, where others wait as well.
            if !on_rate_limited {
                let _ = options.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
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
        let mark = match &result {
            Ok(received) => Some(&received.mark),
            Err(failure) => failure.answer.as_ref(),
        };
        if let Some(mark) = mark {
            self.note_clock(mark);
        }
        let status = mark.map_or(0, |mark| mark.status);
        debug!(method = %request.method, path = url.path(), attempt, status, duration_ms, "answer");
        result
    }

    fn prepare(
        &self,
        http: &reqwest::Client,
        url: &Url,
        request: &Request,
    ) -> Result<reqwest::Request, reqwest::Error> {
        let options = &self.shared.options;
        let mut prepared = http
            .request(request.method.clone(), url.clone())
            .header(
                ACCEPT,
                HeaderValue::from_static("application/json, application/problem+json"),
            )
            // Marks the header as sensitive, which keeps it out of debug output and header compression.
            .bearer_auth(options.token.expose())
            .build()?;
        debug_assert!(
            prepared
                .headers()
                .get(AUTHORIZATION)
                .is_some_and(HeaderValue::is_sensitive)
        );
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

    fn note_clock(&self, mark: &ResponseMeta) {
        if let Some(date) = mark.date {
            let mut clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
            *clock = Some((date, Instant::now()));
        }
    }
}

fn build(options: &ClientOptions) -> Result<reqwest::Client, ErrorKind> {
    let user_agent = HeaderValue::from_str(&options.user_agent).map_err(|_| ErrorKind::Unsendable {
        cause: "the user agent is no header value".to_owned(),
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
        // A proxy would get the request, and over plain HTTP the token with it, off this machine; so
        // would a name service that has its own idea of `localhost`.
        let here = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ];
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    if options.server_url.is_plain_http() {
        // Without TLS the system's certificates are of no use, and need not exist.
        builder = builder.tls_certs_only([]);
    } else {
        builder = builder.https_only(true);
    }
    builder
        .build()
        .map_err(|error| ErrorKind::Setup { cause: chain(&error) })
}

fn interrupted(call: Call, attempts: u32, outcome: Outcome, last: Option<&Failure>) -> Error {
    let failure = Failure {
        kind: ErrorKind::Interrupted {
            last: last.map(|failure| failure.kind.to_string()),
        },
        outcome,
        answer: last.and_then(|failure| failure.answer.clone()),
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
