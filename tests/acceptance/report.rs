//! The result of a run, as a page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::question::Question;

/// The result of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub question: Question,
    pub conclusion: Conclusion,
    pub steps: Vec<String>,
}

/// The statuses of the responses to each kind of call, such as `GET eu /v3/audit-log-destinations/{id}`.
pub type Calls = BTreeMap<String, BTreeSet<u16>>;

/// The report of one run.
#[derive(Debug)]
pub struct Report {
    /// A part of the file's name.
    pub name: String,
    /// Facts about the run: label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Each region and its result.
    pub regions: Vec<(String, String)>,
    pub entries: Vec<Entry>,
    pub calls: Calls,
    /// Objects of this run that could not be removed.
    pub left_behind: Vec<String>,
}

impl Report {
    /// The result of a question.
    pub fn conclusion(&self, question: Question) -> Option<&Conclusion> {
        let entry = self.entries.iter().find(|entry| entry.question == question);
        entry.map(|entry| &entry.conclusion)
    }

    /// Whether no question failed and no objects remain.
    pub fn is_success(&self) -> bool {
        let failed = |entry: &Entry| matches!(entry.conclusion, Conclusion::Failed(_));
        self.left_behind.is_empty() && !self.entries.iter().any(failed)
    }

    /// The page, in Markdown.
    pub fn text(&self) -> String {
        let mut page = String::from("# Acceptance report\n\n");
        for (label, value) in &self.facts {
            let _ = writeln!(page, "- {label}: {value}");
        }
        page.push_str("\n## Regions\n\n");
        for (region, what) in &self.regions {
            let _ = writeln!(page, "- `{region}`: {what}");
        }
        for entry in &self.entries {
            let _ = writeln!(page, "\n## {}\n", entry.question.text());
            let _ = match &entry.conclusion {
                Conclusion::Answered(answer) => writeln!(page, "**{answer}**"),
                Conclusion::NotTried(reason) => writeln!(page, "Not tried: {reason}"),
                Conclusion::Failed(error) => writeln!(page, "Not answered, because of an error: {error}"),
            };
            if !entry.steps.is_empty() {
                page.push('\n');
            }
            for step in &entry.steps {
                let _ = writeln!(page, "- {step}");
            }
        }
        page.push_str("\n## Plain requests\n\nThose of the CLI are not among them.\n\n");
        for (call, statuses) in &self.calls {
            let statuses: Vec<_> = statuses.iter().map(u16::to_string).collect();
            let _ = writeln!(page, "- `{call}`: {}", statuses.join(", "));
        }
        page.push_str("\n## Left behind\n\n");
        if self.left_behind.is_empty() {
            page.push_str("Nothing.\n");
        }
        for object in &self.left_behind {
            let _ = writeln!(page, "- {object}");
        }
        page
    }

    /// Writes the page below cargo's target folder, and returns its path.
    pub fn write(&self) -> Result<PathBuf, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acceptance");
        let path = folder.join(format!("{}.md", self.name));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, self.text()))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}
