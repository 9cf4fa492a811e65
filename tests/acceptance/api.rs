//! Plain requests to Konnect, without the provider's client.

use std::cell::{Cell, RefCell};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use konnect::{Region, ServerUrl};
use redact::Redactor;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::report::Calls;

/// The list of destinations.
pub const DESTINATIONS: &str = "/v3/audit-log-destinations";
/// The webhook that delivers to a destination.
pub const WEBHOOK: &str = "/v3/audit-log-webhook";
/// The status of the webhook.
pub const STATUS: &str = "/v3/audit-log-webhook/status";
/// The webhook as v2 shows it, with its endpoint.
pub const WEBHOOK_V2: &str = "/v2/audit-log-webhook";
/// The replay job.
pub const REPLAY_JOB: &str = "/v3/audit-log-replay-job";
/// Past events.
pub const AUDIT_LOGS: &str = "/v3/audit-logs";
/// The signing keys.
pub const JWKS: &str = "/v2/audit-log-webhook/jwks.json";

/// The maximum number of retries after a 429.
const MAX_REPEATS: u32 = 5;
/// The wait after a 429 without `Retry-After`.
const USUAL_WAIT: Duration = Duration::from_secs(2);
/// The longest wait after a 429.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The maximum number of pages of a list.
const MAX_PAGES: usize = 1000;

/// The API of one organization.
pub struct Api {
    runtime: Runtime,
    http: Client,
    server_url: ServerUrl,
    token: HeaderValue,
    redactor: Redactor,
    calls: RefCell<Calls>,
    rate_limited: Cell<u32>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    /// Null if it is not JSON.
    pub body: Value,
    /// The time by the server's clock, or by this machine's.
    pub at: SystemTime,
}

impl Response {
    /// A field that is a text, or an empty text.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Api {
    /// An API whose reports contain neither the token nor the other secrets.
    pub fn new(server_url: ServerUrl, token: &str, secrets: &[&str]) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let http = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_mins(1))
            .user_agent("terraform-provider-konnect-acceptance")
            .build();
        let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| "the token has a character that no header can contain".to_owned())?;
        header.set_sensitive(true);
        Ok(Self {
            runtime: runtime.map_err(|error| error.to_string())?,
            http: http.map_err(|error| error.to_string())?,
            server_url,
            token: header,
            redactor: Redactor::new([&[token], secrets].concat()),
            calls: RefCell::default(),
            rate_limited: Cell::new(0),
        })
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    /// The statuses so far, by kind of call.
    pub fn calls(&self) -> Calls {
        self.calls.borrow().clone()
    }

    /// The number of 429 responses.
    pub fn rate_limited(&self) -> u32 {
        self.rate_limited.get()
    }

    /// `GET`.
    pub fn get(&self, region: &Region, path: &str) -> Result<Response, String> {
        self.send(&Method::GET, region, path, None)
    }

    /// `DELETE`.
    pub fn delete(&self, region: &Region, path: &str) -> Result<Response, String> {
        self.send(&Method::DELETE, region, path, None)
    }

    /// Sends a request, and repeats it after a 429.
    pub fn send(
        &self,
        method: &Method,
        region: &Region,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, String> {
        let mut repeats = 0;
        loop {
            let (response, headers) = self
                .runtime
                .block_on(self.once(method, region, path, body))
                .map_err(|error| {
                    // The error contains the URL, which may contain secrets.
                    let error = chain(&error.without_url());
                    self.redact(&format!("{method} {region} {path}: {error}"))
                })?;
            let call = kind_of_call(method, region, path);
            let mut calls = self.calls.borrow_mut();
            calls.entry(call).or_default().insert(response.status);
            drop(calls);
            if response.status != 429 || repeats == MAX_REPEATS {
                return Ok(response);
            }
            repeats += 1;
            self.rate_limited.set(self.rate_limited.get() + 1);
            let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = seconds.and_then(|seconds| seconds.parse().ok());
            sleep(wait.map_or(USUAL_WAIT, Duration::from_secs).min(LONGEST_WAIT));
        }
    }

    async fn once(
        &self,
        method: &Method,
        region: &Region,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Response, HeaderMap), reqwest::Error> {
        let base = self.base(region);
        let mut request = self.http.request(method.clone(), format!("{base}{path}"));
        if path != JWKS {
            request = request.header(AUTHORIZATION, self.token.clone());
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let date = headers.get("date").and_then(|value| value.to_str().ok());
        let response = Response {
            status,
            body: serde_json::from_str(&text).unwrap_or_default(),
            at: date
                .and_then(|date| httpdate::parse_http_date(date).ok())
                .unwrap_or_else(SystemTime::now),
        };
        Ok((response, headers))
    }

    /// For a region that the URL does not serve, the address does not resolve, and the call fails.
    fn base(&self, region: &Region) -> String {
        let base = self.server_url.base(region);
        base.map_or_else(|_| "https://not-served.invalid".to_owned(), |url| url.to_string())
            .trim_end_matches('/')
            .to_owned()
    }

    /// Whether the URL serves a region.
    pub fn serves(&self, region: &Region) -> bool {
        self.server_url.base(region).is_ok()
    }

    /// A summary of a response: the status and the message of a problem document.
    pub fn brief(&self, response: &Response) -> String {
        let message = [response.text("title"), response.text("detail")];
        let message = message.into_iter().find(|text| !text.is_empty());
        match message.filter(|_| !response.is_success()) {
            Some(message) => {
                let message: String = message.chars().filter(|c| !c.is_control()).take(120).collect();
                self.redact(&format!("{} ({message})", response.status))
            }
            None => response.status.to_string(),
        }
    }

    /// Destinations of a region, page by page. `query` is added to each request.
    pub fn destinations(&self, region: &Region, query: &str) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let response = self.get(region, &format!("{DESTINATIONS}?{query}{after}"))?;
            let Some(items) = response.body["data"].as_array().filter(|_| response.is_success()) else {
                return Err(format!(
                    "the list of destinations on {region} answers {}",
                    self.brief(&response)
                ));
            };
            all.extend(items.iter().cloned());
            let Some(next) = response.body["meta"]["next"].as_str() else {
                return Ok(all);
            };
            // The address itself cannot be requested.
            let cursor = next
                .split(['?', '&'])
                .find_map(|pair| {
                    pair.strip_prefix("page[after]=")
                        .or_else(|| pair.strip_prefix("page%5Bafter%5D="))
                })
                .ok_or_else(|| format!("the next page on {region} has no cursor"))?;
            let next = format!("&page[after]={cursor}");
            if next == after {
                return Err(format!("the list on {region} returns to the same page"));
            }
            after = next;
        }
        Err(format!("the list on {region} has more than {MAX_PAGES} pages"))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// A call without its query and ids, such as `GET eu /v3/audit-log-destinations/{id}`.
pub fn kind_of_call(method: &Method, region: &Region, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let is_id = |segment: &str| konnect::DestinationId::parse(segment).is_ok();
    let segments = path.split('/');
    let segments: Vec<_> = segments
        .map(|segment| if is_id(segment) { "{id}" } else { segment })
        .collect();
    format!("{method} {region} {}", segments.join("/"))
}

/// Calls until the result is `Some`, and returns it with the elapsed time. Returns `None` after the limit.
pub fn poll<T>(
    every: Duration,
    limit: Duration,
    mut call: impl FnMut() -> Result<Option<T>, String>,
) -> Result<Option<(T, Duration)>, String> {
    let began = Instant::now();
    loop {
        if let Some(met) = call()? {
            return Ok(Some((met, began.elapsed())));
        }
        if began.elapsed() > limit {
            return Ok(None);
        }
        sleep(every);
    }
}
