//! A command of the CLI that has ended.

use std::path::Path;
use std::process::Output;

use serde::Deserialize;
use serde_json::Value;

use super::Diagnostic;

/// An ended command with its output.
#[derive(Debug)]
pub struct Run {
    command: String,
    /// The exit code. Terraform ends with 1 after an error.
    pub code: Option<i32>,
    /// The standard output.
    pub stdout: String,
    /// The standard error.
    pub stderr: String,
    /// With `-json` only.
    pub diagnostics: Vec<Diagnostic>,
}

/// A result of `terraform query`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Found {
    /// The address of the `list` block.
    pub address: String,
    /// The name for the user.
    pub display_name: String,
    /// The identity of the object.
    pub identity: Value,
    /// The object, if the `list` block has `include_resource`. Otherwise null.
    #[serde(default)]
    pub resource_object: Value,
}

impl Run {
    pub(super) fn of(arguments: &[&str], output: &Output, folder: &Path) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let diagnostics = if arguments.contains(&"-json") {
            diagnostics(&stdout, folder)
        } else {
            Vec::new()
        };
        Self {
            command: arguments.join(" "),
            code: output.status.code(),
            stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            diagnostics,
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.report());
        self
    }

    /// Asserts success.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// Asserts failure, and returns the errors.
    #[track_caller]
    pub fn errors(self) -> Vec<Diagnostic> {
        let failed = self.ends_with(1);
        let report = failed.report();
        let errors: Vec<_> = failed
            .diagnostics
            .into_iter()
            .filter(Diagnostic::is_error)
            .collect();
        assert!(!errors.is_empty(), "no error is reported: {report}");
        errors
    }

    /// Asserts failure with one error, and returns it.
    #[track_caller]
    pub fn error(self) -> Diagnostic {
        let report = self.report();
        let mut errors = self.errors();
        assert_eq!(errors.len(), 1, "{report}");
        errors.remove(0)
    }

    /// The warnings.
    pub fn warnings(&self) -> Vec<&Diagnostic> {
        self.diagnostics.iter().filter(|d| !d.is_error()).collect()
    }

    /// The results of `query -json`.
    pub fn found(&self) -> Vec<Found> {
        let found = messages(&self.stdout, "list_resource_found");
        found
            .map(|found| serde_json::from_value(found).expect("a result"))
            .collect()
    }

    /// A report for failed assertions.
    pub fn report(&self) -> String {
        format!(
            "`{}` ended with {:?}\n{}\n{}",
            self.command, self.code, self.stdout, self.stderr
        )
    }
}

/// Parses diagnostics from one document, as of `validate`, or from one document per line.
fn diagnostics(stdout: &str, folder: &Path) -> Vec<Diagnostic> {
    let document: Value = serde_json::from_str(stdout).unwrap_or_default();
    if let Some(all) = document["diagnostics"].as_array() {
        return all.iter().map(|json| Diagnostic::read(json, folder)).collect();
    }
    let messages = messages(stdout, "diagnostic");
    messages.map(|json| Diagnostic::read(&json, folder)).collect()
}

/// The content of the messages of a type, of which each is a line.
fn messages<'a>(stdout: &'a str, of: &'a str) -> impl Iterator<Item = Value> + 'a {
    let lines = stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(move |line| line["type"] == of)
        .map(move |mut line| line[of].take())
}
