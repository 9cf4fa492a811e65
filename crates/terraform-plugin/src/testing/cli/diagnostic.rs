//! Errors and warnings as the CLI prints them with `-json`.

use std::path::Path;

use serde_json::Value;

use crate::Severity;

/// The source line of a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The line of an attribute.
    Attribute(String),
    /// The head of a block: the diagnostic is about the whole block, or on an attribute that is not set.
    Block(String),
    /// No line: the diagnostic is not about the configuration.
    Nowhere,
}

/// An error or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// The title.
    pub summary: String,
    /// The text below the title.
    pub detail: String,
    /// The address of the resource.
    pub address: String,
    /// The place in the configuration.
    pub place: Place,
    /// The file of the configuration.
    pub file: String,
}

impl Diagnostic {
    /// Parses a diagnostic. `folder` contains the configuration.
    pub(super) fn read(json: &Value, folder: &Path) -> Self {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self {
            severity: match json["severity"].as_str() {
                Some("error") => Severity::Error,
                Some("warning") => Severity::Warning,
                other => panic!("the severity {other:?}"),
            },
            summary: text("summary"),
            detail: text("detail"),
            address: text("address"),
            place: place(&json["range"], folder),
            file: json["range"]["filename"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Summary and detail.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.summary, self.detail)
    }

    /// The attribute, if it is set in the configuration.
    pub fn attribute(&self) -> Option<&str> {
        match &self.place {
            Place::Attribute(name) => Some(name),
            _ => None,
        }
    }
}

fn place(range: &Value, folder: &Path) -> Place {
    let (Some(file), Some(line)) = (range["filename"].as_str(), range["start"]["line"].as_u64()) else {
        return Place::Nowhere;
    };
    let source = std::fs::read_to_string(folder.join(file)).expect("the file that a diagnostic names");
    let index = usize::try_from(line - 1).expect("a line");
    let line = source.lines().nth(index).expect("a line of the file").trim();
    match line.split_once('=') {
        Some((name, _)) if !line.ends_with('{') => Place::Attribute(name.trim().to_owned()),
        _ => Place::Block(line.trim_end_matches('{').trim().to_owned()),
    }
}
