//! Builders for blocks of a configuration.

use std::fmt::{self, Display, Write as _};
use std::ops::Add;

use serde_json::Value;

use super::AUTHORIZATION;

/// A resource, data source or provider block.
#[derive(Debug, Clone)]
pub struct Block {
    head: String,
    /// Names and expressions.
    attributes: Vec<(String, String)>,
    /// The blocks after it.
    rest: String,
}

impl Block {
    /// A block by its first line, such as `provider "konnect"`.
    pub fn new(head: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            attributes: Vec::new(),
            rest: String::new(),
        }
    }

    /// The same block with another label.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        let (head, _) = self.head.rsplit_once(" \"").expect("a label");
        self.head = format!("{head} \"{label}\"");
        self
    }

    /// A destination with only its required attributes.
    pub fn destination(label: &str) -> Self {
        Self::new(format!("resource \"konnect_audit_log_destination\" \"{label}\""))
            .with("name", label)
            .with("endpoint", "https://siem.example.com/audit")
            .with("authorization", AUTHORIZATION)
    }

    /// A webhook without any attribute.
    pub fn webhook(label: &str) -> Self {
        Self::new(format!("resource \"konnect_audit_log_webhook\" \"{label}\""))
    }

    /// A webhook that delivers to a destination of the same configuration.
    pub fn webhook_to(label: &str, destination: &str) -> Self {
        let id = format!("konnect_audit_log_destination.{destination}.id");
        Self::webhook(label)
            .with("region", "eu")
            .expression("audit_log_destination_id", id)
    }

    /// A webhook with an endpoint.
    pub fn webhook_with_endpoint(label: &str) -> Self {
        Self::webhook(label)
            .with("region", "eu")
            .with("endpoint", "https://siem.example.com/eu")
            .with("authorization", AUTHORIZATION)
    }

    /// Sets an attribute to a value, or replaces it.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<Value>) -> Self {
        // JSON values are valid expressions if no text contains a template.
        self.expression(name, value.into().to_string())
    }

    /// Sets an attribute to an expression, or replaces it.
    #[must_use]
    pub fn expression(mut self, name: &str, expression: impl Into<String>) -> Self {
        let expression = expression.into();
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = expression,
            None => self.attributes.push((name.to_owned(), expression)),
        }
        self
    }

    /// Removes an attribute.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.attributes.retain(|(known, _)| known != name);
        self
    }

    /// Adds a `lifecycle` block with `create_before_destroy`. Call this after all attributes are set.
    #[must_use]
    pub fn create_before_destroy(self) -> Self {
        self.expression("lifecycle", "{ create_before_destroy = true }")
    }
}

/// Adds the blocks that follow.
impl<T: Display> Add<T> for Block {
    type Output = Self;

    fn add(mut self, other: T) -> Self {
        let _ = write!(self.rest, "{other}");
        self
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {{", self.head)?;
        for (name, expression) in &self.attributes {
            let sign = if name == "lifecycle" { "" } else { " =" };
            writeln!(f, "  {name}{sign} {expression}")?;
        }
        write!(f, "}}\n{}", self.rest)
    }
}
