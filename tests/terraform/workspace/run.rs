//! A command of the CLI that has ended.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::diagnostic::Diagnostic;

/// An ended command with its output.
#[derive(Debug)]
pub struct Run {
    command: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// With `-json` only.
    pub diagnostics: Vec<Diagnostic>,
}

impl Run {
    pub fn of(arguments: &[&str], output: &Output, folder: &Path) -> Self {
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
    stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["type"] == "diagnostic")
        .map(|line| Diagnostic::read(&line["diagnostic"], folder))
        .collect()
}
