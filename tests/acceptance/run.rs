//! A run, from the first request to the report.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use konnect::{Region, ServerUrl};
use reqwest::Method;
use serde_json::Value;

use crate::api::{Api, Response, kind_of_call};
use crate::question::Question;
use crate::receiver::Receiver;
use crate::report::{Conclusion, Entry, Report};
use crate::session::Session;
use crate::workspace::cli;
use crate::{deliveries, lifecycle, probes};

/// The target of a run.
pub struct Target {
    /// A part of the report's file name.
    pub name: &'static str,
    /// Its description in the report.
    pub about: &'static str,
    pub server_url: ServerUrl,
    pub token: String,
    /// The role of the token, from its owner. No API returns that of a system account.
    pub role: Option<String>,
    pub pace: Pace,
    /// The receiver of deliveries. Without it, the questions about deliveries are skipped.
    pub receiver: Option<Receiver>,
}

/// The waits for asynchronous operations of Konnect.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The polling interval.
    pub poll: Duration,
    /// For the deletion of a destination after its webhook no longer uses it.
    pub in_use_limit: Duration,
    /// For a new destination to be known.
    pub known_limit: Duration,
    /// For a replay job to end.
    pub replay_limit: Duration,
    /// For an event to be delivered.
    pub delivery_limit: Duration,
    /// The time without a delivery after which retries have ended. Longer than the longest wait between two retries.
    pub quiet: Duration,
}

impl Pace {
    /// For the real Konnect, which documents that events may take a minute, and waits of up to 30 s between retries.
    pub const REAL: Self = Self {
        poll: Duration::from_millis(500),
        in_use_limit: Duration::from_mins(3),
        known_limit: Duration::from_mins(2),
        replay_limit: Duration::from_mins(3),
        delivery_limit: Duration::from_mins(5),
        quiet: Duration::from_secs(45),
    };
}

/// The reason why a question has no answer.
#[derive(Debug)]
pub enum Stop {
    /// A condition is not met.
    NotTried(String),
    /// An error.
    Failed(String),
}

impl From<String> for Stop {
    fn from(error: String) -> Self {
        Self::Failed(error)
    }
}

/// The steps of a question, and their results.
pub struct Steps<'a> {
    api: &'a Api,
    lines: Vec<String>,
}

impl Steps<'_> {
    /// Records a step.
    pub fn push(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Records a response with the relevant fields.
    pub fn note(&mut self, what: &str, answer: &Response, fields: &[&str]) {
        let shown = fields.iter().map(|field| match &answer.body[*field] {
            Value::Null => format!("{field} absent"),
            value => format!("{field} {value}"),
        });
        let shown: Vec<_> = shown.filter(|_| answer.is_success()).collect();
        let shown = shown.join(", ");
        let separator = if shown.is_empty() { "" } else { ": " };
        self.push(format!("{what} -> {}{separator}{shown}", self.api.brief(answer)));
    }

    /// Sends a request, and records the response with the relevant fields.
    pub fn send(
        &mut self,
        method: &Method,
        region: &Region,
        path: &str,
        body: Option<&Value>,
        fields: &[&str],
    ) -> Result<Response, String> {
        let answer = self.api.send(method, region, path, body)?;
        self.note(&kind_of_call(method, region, path), &answer, fields);
        Ok(answer)
    }

    /// `GET`, with the relevant fields.
    pub fn get(&mut self, region: &Region, path: &str, fields: &[&str]) -> Result<Response, String> {
        self.send(&Method::GET, region, path, None, fields)
    }

    /// `DELETE`.
    pub fn delete(&mut self, region: &Region, path: &str) -> Result<Response, String> {
        self.send(&Method::DELETE, region, path, None, &[])
    }
}

/// The answers of a run.
pub struct Book<'a> {
    session: &'a Session<'a>,
    entries: Vec<Entry>,
}

impl Book<'_> {
    /// Asks a question. Records an error or a panic as its result. The run continues.
    pub fn ask(&mut self, question: Question, probe: impl FnOnce(&mut Steps<'_>) -> Result<String, Stop>) {
        let api = self.session.api;
        let mut steps = Steps {
            api,
            lines: Vec::new(),
        };
        let result = catch_unwind(AssertUnwindSafe(|| probe(&mut steps)));
        let conclusion = match result {
            Ok(Ok(answer)) => Conclusion::Answered(api.redact(&answer)),
            Ok(Err(Stop::NotTried(reason))) => Conclusion::NotTried(api.redact(&reason)),
            Ok(Err(Stop::Failed(error))) => Conclusion::Failed(api.redact(&error)),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().map(String::as_str);
                let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
                Conclusion::Failed(api.redact(message.unwrap_or("a panic")))
            }
        };
        let steps = steps.lines.iter().map(|step| api.redact(step)).collect();
        self.entries.push(Entry {
            question,
            conclusion,
            steps,
        });
    }
}

/// Asks every question, and removes the created objects.
///
/// # Errors
/// When the client cannot be created. The report contains other errors.
pub fn run(target: &Target) -> Result<Report, String> {
    let authorization = format!("Bearer acc-{:032x}", fastrand::u128(..));
    // The URL of a receiver may be its only protection.
    let endpoint = target.receiver.as_ref().map(Receiver::endpoint);
    let secrets: Vec<_> = endpoint.into_iter().chain([authorization.as_str()]).collect();
    let api = Api::new(target.server_url.clone(), &target.token, &secrets)?;
    let session = Session::open(&api, target.pace, &authorization);
    let mut book = Book {
        session: &session,
        entries: Vec::new(),
    };
    probes::before_webhook(&session, &mut book);
    lifecycle::ask(target, &session, &mut book);
    probes::webhook(&session, &mut book);
    deliveries::ask(target.receiver.as_ref(), &session, &mut book);
    probes::after_webhook(&session, target.role.as_deref(), &mut book);
    let mut entries = book.entries;
    entries.sort_by_key(|entry| entry.question);
    let left_behind = session.clean_up();
    Ok(Report {
        name: format!("{}-{}", target.name, session.prefix.trim_end_matches('-')),
        facts: vec![
            ("Target", target.about.to_owned()),
            ("Server", target.server_url.to_string()),
            (
                "Ended",
                humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            ),
            ("Provider", env!("CARGO_PKG_VERSION").to_owned()),
            ("CLI", format!("{:?} {}", cli().product, cli().version)),
            ("Prefix of the objects", format!("`{}`", session.prefix)),
            ("Requests answered with 429", api.rate_limited().to_string()),
        ],
        regions: session.regions.clone(),
        entries,
        calls: api.calls(),
        left_behind,
    })
}
