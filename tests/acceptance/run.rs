//! A run, from the first request to the report.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use konnect::ServerUrl;

use crate::api::Api;
use crate::receiver::Receiver;
use crate::session::Session;
use crate::workspace::cli;
use crate::{deliveries, forms, lifecycle, probes};

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
    /// For a destination to be known or no longer in use, and for a replay job to end.
    pub limit: Duration,
    /// For an event to be delivered.
    pub delivery_limit: Duration,
    /// The time without a delivery after which retries have ended. Longer than the longest wait between two retries.
    pub quiet: Duration,
}

impl Pace {
    /// For the real Konnect, which documents that events may take a minute, and waits of up to 30 s between retries.
    pub const REAL: Self = Self {
        poll: Duration::from_millis(500),
        limit: Duration::from_mins(3),
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

/// The result of a question.
#[derive(Debug, Clone)]
pub enum Conclusion {
    /// The behavior of Konnect.
    Answered(String),
    /// The reason why the question was not asked.
    NotTried(String),
    /// The error.
    Failed(String),
}

/// A question with its steps and result.
#[derive(Debug, Clone)]
pub struct Entry {
    pub question: &'static str,
    pub conclusion: Conclusion,
    pub steps: Vec<String>,
}

/// The report of one run.
pub struct Report {
    name: String,
    /// The page, in Markdown, without secrets.
    pub page: String,
    pub entries: Vec<Entry>,
    /// Whether no question failed and no objects remain.
    pub is_success: bool,
}

impl Report {
    /// Writes the page below cargo's target folder, and returns its path.
    pub fn write(&self) -> Result<PathBuf, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acceptance");
        let path = folder.join(format!("{}.md", self.name));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, &self.page))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
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
    lifecycle::ask(target, &session);
    probes::before_webhook(&session);
    forms::before_webhook(&session);
    probes::webhook(&session);
    deliveries::ask(target.receiver.as_ref(), &session);
    probes::after_webhook(&session, target.role.as_deref());
    let left_behind = session.clean_up();
    let entries = session.entries.take();
    let failed = |entry: &Entry| matches!(entry.conclusion, Conclusion::Failed(_));
    Ok(Report {
        name: format!("{}-{}", target.name, session.prefix.trim_end_matches('-')),
        page: api.redact(&page(target, &session, &entries, &left_behind)),
        is_success: left_behind.is_empty() && !entries.iter().any(failed),
        entries,
    })
}

fn page(target: &Target, session: &Session<'_>, entries: &[Entry], left_behind: &[String]) -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    let mut page = format!(
        "# Acceptance report\n\n- Target: {}\n- Server: {}\n- Ended: {now}\n- Provider: {}\n- CLI: {:?} {}\n- Prefix of the \
         objects: `{}`\n\n## Regions\n\n",
        target.about,
        target.server_url,
        env!("CARGO_PKG_VERSION"),
        cli().product,
        cli().version,
        session.prefix
    );
    for (region, what) in &session.regions {
        let _ = writeln!(page, "- `{region}`: {what}");
    }
    for entry in entries {
        let result = match &entry.conclusion {
            Conclusion::Answered(answer) => format!("**{answer}**"),
            Conclusion::NotTried(reason) => format!("Not tried: {reason}"),
            Conclusion::Failed(error) => format!("Not answered, because of an error: {error}"),
        };
        let _ = writeln!(page, "\n## {}\n\n{result}\n", entry.question);
        for step in &entry.steps {
            let _ = writeln!(page, "- {step}");
        }
    }
    page.push_str("\n## Plain requests\n\nThose of the CLI are not among them.\n\n");
    for (call, statuses) in session.calls() {
        let statuses: Vec<_> = statuses.iter().map(u16::to_string).collect();
        let _ = writeln!(page, "- `{call}`: {}", statuses.join(", "));
    }
    page.push_str("\n## Left behind\n\n");
    if left_behind.is_empty() {
        page.push_str("Nothing.\n");
    }
    for object in left_behind {
        let _ = writeln!(page, "- {object}");
    }
    page
}
