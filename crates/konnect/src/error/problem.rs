//! Parses the problem document of an error response (RFC 9457). Any field may be absent or have another type.

use std::fmt;

use redact::Redactor;
use serde_json::Value;

use crate::error::excerpt::{excerpt, sanitize};

/// A request parameter that the API rejected (API descriptions, `InvalidParameters`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidParameter {
    /// The name of the field, as in the request body.
    pub field: String,
    /// The reason, as a sentence or a part of one.
    pub reason: String,
    /// The rule that it violates, such as `required`. Often absent.
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

/// The content of an error response, redacted and of bounded length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Problem {
    /// Whether the body is a problem document. A gateway or proxy sends other bodies.
    pub document: bool,
    /// The `detail`, or the `title` or `message`, or the text of the body.
    pub message: Option<String>,
    pub trace_id: Option<String>,
    pub invalid_parameters: Vec<InvalidParameter>,
}

/// The maximum number of parameters to report. No request has as many fields.
const MAX_PARAMETERS: usize = 50;

impl Problem {
    /// Parses a body. `whole` is false if it was truncated.
    pub(crate) fn parse(body: &[u8], whole: bool, redactor: &Redactor) -> Self {
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
            .take(MAX_PARAMETERS)
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

    fn parse(body: &str) -> Problem {
        Problem::parse(body.as_bytes(), true, &Redactor::new(["hunter2"]))
    }

    #[test]
    fn parse_full_document_keeps_every_field() {
        let problem = parse(
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
    fn parse_missing_or_mistyped_fields_are_tolerated() {
        assert_eq!(
            parse(r#"{"title": "Not Found"}"#).message.as_deref(),
            Some("Not Found")
        );
        assert_eq!(
            parse(r#"{"message": "no Route matched"}"#).message.as_deref(),
            Some("no Route matched")
        );
        assert_eq!(
            parse(r#"{"detail": null, "title": 7}"#).message.as_deref(),
            Some("7")
        );
        assert_eq!(parse(r#"{"x": 1}"#).message.as_deref(), Some(r#"{"x": 1}"#));
        let odd = parse(
            r#"{"detail": ["a"], "instance": 5, "invalid_parameters": ["x", null, {}, {"reason": ["r"]},
                {"field": "f", "rule": "required"}]}"#,
        );
        assert_eq!(odd.message.as_deref(), Some(r#"["a"]"#));
        assert_eq!(odd.trace_id.as_deref(), Some("5"));
        assert_eq!(odd.invalid_parameters.len(), 2);
        assert_eq!(odd.invalid_parameters[1].reason, "required");
        assert_eq!(parse(r#"{"invalid_parameters": "none"}"#).invalid_parameters, []);
        assert_eq!(parse("").message, None);
        assert_eq!(parse("[1]").message.as_deref(), Some("[1]"));
    }

    #[test]
    fn parse_body_that_is_not_text_still_gives_a_message() {
        let problem = Problem::parse(b"\xff\xfe\0oops", true, &Redactor::new([]));
        assert!(problem.message.unwrap().ends_with("oops"));
    }

    #[test]
    fn parse_secrets_are_redacted_before_the_text_is_cut() {
        let detail = format!("{} hunter2", "x".repeat(994));
        let message = parse(&format!(r#"{{"detail": "{detail}"}}"#)).message.unwrap();
        assert!(!message.contains("hun"), "{message}");
        let spread = parse(r#"{"detail": "echo hun\u0000ter2", "title": "t"}"#);
        assert!(!format!("{spread:?}").contains("hunter2"));
        let everywhere = parse(
            r#"{"detail": "hunter2", "instance": "hunter2", "invalid_parameters":
                [{"field": "hunter2", "reason": "hunter2", "rule": "hunter2"}]}"#,
        );
        assert!(!format!("{everywhere:?}").contains("hunter2"), "{everywhere:?}");
    }
}
