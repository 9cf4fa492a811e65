//! Plain requests to Konnect, without the provider's client, and a record of what was answered.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use konnect::{DestinationId, Region, ServerUrl};
use redact::Redactor;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::session::PREFIX;

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

/// The fields of a response that the report shows. The others can be personal data.
const SHOWN: [&str; 8] = [
    "audit_log_destination_id",
    "enabled",
    "endpoint",
    "updated_at",
    "status",
    "webhook_status",
    "webhook_enabled",
    "last_response_code",
];
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
    /// The steps since the last question, each with the number of times that it was repeated.
    steps: RefCell<Vec<(String, usize)>>,
    calls: RefCell<BTreeMap<String, BTreeSet<u16>>>,
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

    /// A summary: the status and the message of a problem document.
    pub fn brief(&self) -> String {
        let message = [self.text("title"), self.text("detail")];
        let message = message.into_iter().find(|text| !text.is_empty());
        match message.filter(|_| !self.is_success()) {
            Some(message) => {
                let message: String = message.chars().filter(|c| !c.is_control()).take(120).collect();
                format!("{} ({message})", self.status)
            }
            None => self.status.to_string(),
        }
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
            steps: RefCell::default(),
            calls: RefCell::default(),
        })
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    /// The statuses so far, by kind of call, such as `GET eu /v3/audit-log-destinations/{id}`.
    pub fn calls(&self) -> BTreeMap<String, BTreeSet<u16>> {
        self.calls.borrow().clone()
    }

    /// Records a step. Requests are recorded without it.
    pub fn note(&self, step: impl Into<String>) {
        let (step, mut steps) = (step.into().replace('\n', " "), self.steps.borrow_mut());
        match steps.last_mut() {
            Some((last, times)) if *last == step => *times += 1,
            _ => steps.push((step, 1)),
        }
    }

    /// The steps since the last call.
    pub fn take_steps(&self) -> Vec<String> {
        let steps = self.steps.take().into_iter();
        let text = |(step, times)| match times {
            1 => step,
            times => format!("{step} ({times} times)"),
        };
        steps.map(text).collect()
    }

    /// `GET`.
    pub fn get(&self, region: &Region, path: &str) -> Result<Response, String> {
        self.send(&Method::GET, region, path, None)
    }

    /// `DELETE`.
    pub fn delete(&self, region: &Region, path: &str) -> Result<Response, String> {
        self.send(&Method::DELETE, region, path, None)
    }

    /// `PATCH`, which must succeed.
    pub fn patch(&self, region: &Region, path: &str, body: &Value) -> Result<Response, String> {
        let response = self.send(&Method::PATCH, region, path, Some(body))?;
        if response.is_success() {
            Ok(response)
        } else {
            Err(format!("PATCH {region} answers {}", response.brief()))
        }
    }

    /// Sends a request, records its response, and repeats it after a 429.
    pub fn send(
        &self,
        method: &Method,
        region: &Region,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response, String> {
        let mut repeats = 0;
        loop {
            let (response, wait) = self
                .runtime
                .block_on(self.once(method, region, path, body))
                .map_err(|error| {
                    // The error contains the URL, which may contain secrets.
                    format!("{method} {region} {path}: {}", chain(&error.without_url()))
                })?;
            self.record(method, region, path, &response);
            if response.status != 429 || repeats == MAX_REPEATS {
                return Ok(response);
            }
            repeats += 1;
            sleep(wait.min(LONGEST_WAIT));
        }
    }

    /// Sends a request. Also returns how long to wait before it is repeated.
    async fn once(
        &self,
        method: &Method,
        region: &Region,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Response, Duration), reqwest::Error> {
        // The address for a region that the URL does not serve does not resolve, and the call fails.
        let base = self.server_url.base(region).map(|url| url.to_string());
        let base = base.unwrap_or_else(|_| "https://not-served.invalid".to_owned());
        let url = format!("{}{path}", base.trim_end_matches('/'));
        let mut request = self.http.request(method.clone(), url);
        if path != JWKS {
            request = request.header(AUTHORIZATION, self.token.clone());
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let response = request.send().await?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wait = header(RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok());
        let date = header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        let status = response.status().as_u16();
        let text = response.text().await?;
        let response = Response {
            status,
            body: serde_json::from_str(&text).unwrap_or_default(),
            at: date.unwrap_or_else(SystemTime::now),
        };
        Ok((response, wait.map_or(USUAL_WAIT, Duration::from_secs)))
    }

    /// Records a call without its query and ids, and the response.
    fn record(&self, method: &Method, region: &Region, path: &str, response: &Response) {
        let segments = path.split('?').next().unwrap_or_default().split('/');
        let segments = segments.map(|segment| match DestinationId::parse(segment) {
            Ok(_) => "{id}",
            Err(_) => segment,
        });
        let call = format!("{method} {region} {}", segments.collect::<Vec<_>>().join("/"));
        // The endpoint of another user is not shown.
        let is_shown = |name: &str, value: &Value| {
            let is_ours = |text: String| text.contains(PREFIX) || text == "\"unconfigured\"";
            name != "endpoint" || is_ours(value.to_string().to_lowercase())
        };
        let fields = SHOWN.iter().filter_map(|name| {
            let value = response.body.get(name)?;
            is_shown(name, value).then(|| format!("{name} {value}"))
        });
        let fields: Vec<_> = fields.filter(|_| response.is_success()).collect();
        let separator = if fields.is_empty() { "" } else { ": " };
        self.note(format!(
            "{call} -> {}{separator}{}",
            response.brief(),
            fields.join(", ")
        ));
        let mut calls = self.calls.borrow_mut();
        calls.entry(call).or_default().insert(response.status);
    }

    /// Whether the URL serves a region.
    pub fn serves(&self, region: &Region) -> bool {
        self.server_url.base(region).is_ok()
    }

    /// Destinations of a region, page by page. `query` is added to each request.
    pub fn destinations(&self, region: &Region, query: &str) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let response = self.get(region, &format!("{DESTINATIONS}?{query}{after}"))?;
            let Some(items) = response.body["data"].as_array().filter(|_| response.is_success()) else {
                let brief = response.brief();
                return Err(format!("the list of destinations on {region} answers {brief}"));
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
