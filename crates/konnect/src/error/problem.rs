//! Reads the problem document of an error answer, whatever is missing or odd in it.

use std::fmt;

use redact::Redactor;
use serde_json::Value;

use crate::error::excerpt::{cut, readable};

/// A request parameter that the API did not accept (API descriptions, `InvalidParameters`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidParameter {
    /// The name of the field, as it stands in the request body.
    pub field: String,
    /// What is wrong with it, as a sentence or a part of one.
    pub reason: String,
    /// The rule it breaks, such as `required`; often absent.
    pub rule: Option<String>,
}

impl fmt::Display for InvalidParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)?;
        match &self.rule {
            Some(rule) if *rule != self.reason => write!(f, " ({rule})"),
            _ => Ok(()),
        }
    }
}

/// What an error answer says, redacted and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Problem {
    /// Whether the body is a problem document at all, and not what some gateway or proxy answers.
    pub document: bool,
    /// The `detail`, else the `title` or `message`, else the text of a body that is no problem document.
    pub message: Option<String>,
    pub trace_id: Option<String>,
    pub invalid_parameters: Vec<InvalidParameter>,
}

/// More invalid parameters than any request has fields.
const MOST_PARAMETERS: usize = 50;

impl Problem {
    /// Reads a body; `whole` is false where it was cut off.
    pub(crate) fn read(body: &[u8], whole: bool, redactor: &Redactor) -> Self {
        let Ok(Value::Object(document)) = serde_json::from_slice(body) else {
            return Self {
                message: excerpt(body, whole, redactor),
                ..Self::default()
            };
        };
        let text = |name: &str| document.get(name).and_then(|value| clean(value, redactor));
        let message = ["detail", "title", "message", "error_description", "error"]
            .iter()
            .find_map(|name| text(name));
        let parameters = document.get("invalid_parameters").and_then(Value::as_array);
        let invalid_parameters = parameters
            .into_iter()
            .flatten()
            .take(MOST_PARAMETERS)
            .filter_map(|entry| invalid_parameter(entry, redactor))
            .collect();
        let document = ["status", "title", "instance", "detail"]
            .iter()
            .any(|name| document.contains_key(*name));
        Self {
            document,
            message: message.or_else(|| excerpt(body, whole, redactor)),
            trace_id: text("instance").or_else(|| text("trace_id")),
            invalid_parameters,
        }
    }
}

/// A bounded piece of a body as text; `None` for an empty one.
pub(crate) fn excerpt(body: &[u8], whole: bool, redactor: &Redactor) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = if whole {
        redactor.redact(&text)
    } else {
        redactor.redact_cut(&text)
    };
    sanitize(&text, redactor)
}

/// A header or field as text: redacted before and after it is made readable, and only then cut.
pub(crate) fn sanitize(text: &str, redactor: &Redactor) -> Option<String> {
    let text = redactor.redact(&readable(&redactor.redact(text)));
    Some(cut(&text)).filter(|text| !text.is_empty())
}

fn clean(value: &Value, redactor: &Redactor) -> Option<String> {
    match value {
        Value::String(text) => sanitize(text, redactor),
        Value::Null => None,
        other => sanitize(&other.to_string(), redactor),
    }
}

fn invalid_parameter(entry: &Value, redactor: &Redactor) -> Option<InvalidParameter> {
    let text = |name: &str| entry.get(name).and_then(|value| clean(value, redactor));
    let (field, reason, rule) = (text("field"), text("reason"), text("rule"));
    if field.is_none() && reason.is_none() && rule.is_none() {
        return None;
    }
    Some(InvalidParameter {
        field: field.unwrap_or_default(),
        reason: reason
            .or_else(|| rule.clone())
            .unwrap_or_else(|| "is not valid".to_owned()),
        rule,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Problem {
        Problem::read(body.as_bytes(), true, &Redactor::new(["hunter2"]))
    }

    #[test]
    fn a_full_problem_document() {
        let problem = read(
            r#"{"status": 400, "title": "Bad Request", "detail": "Invalid endpoint", "instance": "konnect:trace:66",
                "invalid_parameters": [{"field": "endpoint", "reason": "must be a valid URL", "rule": "is_url",
                "source": "body"}, {"field": "name", "reason": "cannot be blank"}]}"#,
        );
        assert_eq!(problem.message.as_deref(), Some("Invalid endpoint"));
        assert_eq!(problem.trace_id.as_deref(), Some("konnect:trace:66"));
        assert_eq!(problem.invalid_parameters[0].rule.as_deref(), Some("is_url"));
        assert_eq!(problem.invalid_parameters[1].field, "name");
        assert_eq!(problem.invalid_parameters[1].rule, None);
    }

    #[test]
    fn anything_may_be_missing_or_mistyped() {
        assert_eq!(
            read(r#"{"title": "Not Found"}"#).message.as_deref(),
            Some("Not Found")
        );
        assert_eq!(
            read(r#"{"message": "no Route matched"}"#).message.as_deref(),
            Some("no Route matched")
        );
        assert_eq!(
            read(r#"{"detail": null, "title": 7}"#).message.as_deref(),
            Some("7")
        );
        assert_eq!(read(r#"{"x": 1}"#).message.as_deref(), Some(r#"{"x": 1}"#));
        let odd = read(
            r#"{"detail": ["a"], "instance": 5, "invalid_parameters": ["x", null, {}, {"reason": ["r"]},
                {"field": "f", "rule": "required"}]}"#,
        );
        assert_eq!(odd.message.as_deref(), Some(r#"["a"]"#));
        assert_eq!(odd.trace_id.as_deref(), Some("5"));
        assert_eq!(odd.invalid_parameters.len(), 2);
        assert_eq!(odd.invalid_parameters[1].reason, "required");
        assert_eq!(read(r#"{"invalid_parameters": "none"}"#).invalid_parameters, []);
        assert_eq!(read("").message, None);
        assert_eq!(read("[1]").message.as_deref(), Some("[1]"));
    }

    #[test]
    fn bodies_that_are_no_text_still_give_a_message() {
        let problem = Problem::read(b"\xff\xfe\0oops", true, &Redactor::new([]));
        assert!(problem.message.unwrap().ends_with("oops"));
    }

    #[test]
    fn secrets_go_before_the_text_is_cut() {
        let detail = format!("{}hunter2", "x".repeat(995));
        let message = read(&format!(r#"{{"detail": "{detail}"}}"#)).message.unwrap();
        assert!(!message.contains("hun"), "{message}");
        let spread = read(r#"{"detail": "echo hun\u0000ter2", "title": "t"}"#);
        assert!(!format!("{spread:?}").contains("hunter2"));
        let everywhere = read(
            r#"{"detail": "hunter2", "instance": "hunter2", "invalid_parameters":
                [{"field": "hunter2", "reason": "hunter2", "rule": "hunter2"}]}"#,
        );
        assert!(!format!("{everywhere:?}").contains("hunter2"), "{everywhere:?}");
    }
}
