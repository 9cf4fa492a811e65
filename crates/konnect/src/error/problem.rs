//! What a response says: its problem document (RFC 9457), of which any field may be absent or have another type, or an
//! excerpt of another body. Redacted and of bounded length.

use std::fmt;

use redact::{Redactor, single_line};
use serde_json::{Map, Value};

use crate::types::text::truncate;

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
    /// Whether the body is a problem document of the audit log API: it repeats the status, and its `instance` is a trace
    /// id of Kong's. Gateways and proxies send other bodies, and other problem documents.
    pub document: bool,
    /// The `detail`, or the `title` or `message`, or the text of the body.
    pub message: Option<String>,
    pub trace_id: Option<String>,
    pub invalid_parameters: Vec<InvalidParameter>,
}

/// The maximum number of parameters to report. No request has as many fields.
const MAX_PARAMETERS: usize = 50;

/// How the `instance` of a problem document begins (API descriptions, `BaseError`, and their examples).
const TRACE_IDS: [&str; 2] = ["kong:trace:", "konnect:trace:"];

impl Problem {
    /// Parses the body of a response with this status. `whole` is false if it was truncated.
    pub(crate) fn parse(status: u16, body: &[u8], whole: bool, redactor: &Redactor) -> Self {
        let Ok(Value::Object(document)) = serde_json::from_slice(body) else {
            return Self {
                message: excerpt(body, whole, redactor),
                ..Self::default()
            };
        };
        let text = |name| field(&document, name, sanitize, redactor);
        let id = |name| field(&document, name, sanitize_id, redactor);
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
        let instance = document
            .get("instance")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_trace_id = TRACE_IDS.iter().any(|prefix| instance.starts_with(prefix));
        let repeats_status = document.get("status").and_then(Value::as_u64) == Some(status.into());
        Self {
            document: is_trace_id && repeats_status,
            message: message.or_else(|| excerpt(body, whole, redactor)),
            trace_id: id("instance").or_else(|| id("trace_id")),
            invalid_parameters,
        }
    }
}

/// The text of a field, or a value of another type as JSON.
fn field(
    document: &Map<String, Value>,
    name: &str,
    clean: fn(&str, &Redactor) -> Option<String>,
    redactor: &Redactor,
) -> Option<String> {
    match document.get(name)? {
        Value::String(text) => clean(text, redactor),
        Value::Null => None,
        other => clean(&other.to_string(), redactor),
    }
}

fn invalid_parameter(entry: &Value, redactor: &Redactor) -> Option<InvalidParameter> {
    let entry = entry.as_object()?;
    let text = |name| field(entry, name, sanitize, redactor);
    let id = |name| field(entry, name, sanitize_id, redactor);
    let (field, reason, rule) = (id("field"), text("reason"), id("rule"));
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

/// A header or field as text. It is redacted before and after its conversion to one line, and then truncated.
///
/// Returns `None` if the result is empty.
pub(crate) fn sanitize(text: &str, redactor: &Redactor) -> Option<String> {
    let text = redactor.redact(&single_line(&redactor.redact(text)));
    Some(truncate(&text)).filter(|text| !text.is_empty())
}

/// Like [`sanitize`], for the name of a field or an id, in which a short secret occurs by chance.
pub(crate) fn sanitize_id(text: &str, redactor: &Redactor) -> Option<String> {
    let text = redactor.redact_id(&single_line(text));
    Some(truncate(&text)).filter(|text| !text.is_empty())
}

/// The beginning of a body as text, or a description of an HTML page. Returns `None` for an empty body.
///
/// `whole` is false if the body was truncated.
pub(crate) fn excerpt(body: &[u8], whole: bool, redactor: &Redactor) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = if whole {
        redactor.redact(&text)
    } else {
        redactor.redact_cut(&text)
    };
    if !is_html(&text) {
        return sanitize(&text, redactor);
    }
    let size = if whole {
        format!("{} bytes", body.len())
    } else {
        format!("more than {} bytes", body.len())
    };
    let title = title(&text).and_then(|title| sanitize(title, redactor));
    Some(title.map_or_else(
        || format!("an HTML page ({size})"),
        |title| format!("an HTML page (title: {title}, {size})"),
    ))
}

fn is_html(text: &str) -> bool {
    let start: String = text
        .trim_start()
        .chars()
        .take(200)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with('<')
        && ["<!doctype html", "<html", "<head", "<body", "<h1"]
            .iter()
            .any(|tag| start.contains(tag))
}

/// The text of the `title` element.
fn title(html: &str) -> Option<&str> {
    // ASCII lower case does not change positions.
    let lower = html.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    Some(&html[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Problem {
        Problem::parse(404, body.as_bytes(), true, &Redactor::new(["hunter2"]))
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
    fn parse_document_of_another_system_is_recognized() {
        for document in [
            r#"{"status": 404, "title": "Not Found", "instance": "kong:trace:68", "detail": "Not found"}"#,
            r#"{"status": 404, "instance": "konnect:trace:68"}"#,
        ] {
            assert!(parse(document).document, "{document}");
        }
        for other in [
            "",
            "{}",
            "<html>404</html>",
            r#"{"message": "no Route matched with those values", "request_id": "1f"}"#,
            r#"{"status": 404, "title": "Not Found", "detail": "x"}"#,
            r#"{"type": "about:blank", "title": "Not Found", "status": 404, "instance": "/v3/v3/audit-log-webhook"}"#,
            r#"{"title": "Not Found", "instance": "kong:trace:68"}"#,
            r#"{"status": 200, "title": "Not Found", "instance": "kong:trace:68"}"#,
            r#"{"statusCode": 404, "message": "Resource not found"}"#,
        ] {
            assert!(!parse(other).document, "{other}");
        }
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
        let problem = Problem::parse(404, b"\xff\xfe\0oops", true, &Redactor::new([]));
        assert!(problem.message.unwrap().ends_with("oops"));
    }

    #[test]
    fn parse_secrets_are_redacted_before_the_text_is_cut() {
        let detail = format!("{} hunter2", "x".repeat(994));
        let message = parse(&format!(r#"{{"detail": "{detail}"}}"#)).message.unwrap();
        assert!(!message.contains("hun"), "{message}");
        let spread = parse(r#"{"detail": "echo hun\u0000ter2", "title": "t"}"#);
        assert!(!format!("{spread:?}").contains("hunter2"));
        let everywhere = |secret: &str| {
            let body = r#"{"detail": "S", "instance": "S", "invalid_parameters": [{"field": "S", "reason": "S", "rule": "S"}]}"#;
            let body = body.replace('S', secret);
            Problem::parse(404, body.as_bytes(), true, &Redactor::new([secret]))
        };
        let long = format!("{:?}", everywhere("hunter2-hunter2"));
        assert!(!long.contains("hunter2"), "{long}");
        // A short secret can be the name of a field, by which the attribute of the error is found.
        let short = everywhere("endp");
        assert_eq!(short.message.as_deref(), Some("[redacted]"));
        assert_eq!(short.invalid_parameters[0].field, "endp");
    }

    #[test]
    fn parse_every_text_is_one_line_without_characters_that_control_a_terminal() {
        for bad in [
            "\\u001b[2J",
            "\\u0007",
            "\\u009b",
            "\\u202e",
            "\\u2067",
            "\\r\\n",
            "\\u2028",
            "\\u200b",
            "\u{e0041}",
        ] {
            let body = r#"{"detail": "aXb", "instance": "aXb", "invalid_parameters": [{"field": "aXb", "reason": "aXb", "rule": "aXb"}]}"#;
            let found = parse(&body.replace('X', bad));
            let parameter = &found.invalid_parameters[0];
            let texts = [
                found.message.as_ref(),
                found.trace_id.as_ref(),
                Some(&parameter.field),
                Some(&parameter.reason),
                parameter.rule.as_ref(),
            ];
            for text in texts {
                let text = text.unwrap().replace("[2J", "");
                assert_eq!(text.replace(' ', ""), "ab", "{bad}");
            }
        }
    }

    fn of(body: &str) -> Option<String> {
        excerpt(body.as_bytes(), true, &Redactor::new(["hunter2"]))
    }

    #[test]
    fn excerpt_html_is_described_by_title_and_size() {
        let page = "<!DOCTYPE html>\n<HTML><head><Title lang='en'>502 Bad\n Gateway</title></head><body>x";
        assert_eq!(
            of(page).unwrap(),
            format!("an HTML page (title: 502 Bad Gateway, {} bytes)", page.len())
        );
        assert_eq!(of("<html><body>x").unwrap(), "an HTML page (13 bytes)");
        assert_eq!(of("<html><title></title>").unwrap(), "an HTML page (21 bytes)");
        assert_eq!(
            of("<html><title>never closed").unwrap(),
            "an HTML page (25 bytes)"
        );
    }

    #[test]
    fn excerpt_secret_in_html_title_is_redacted() {
        let text = of("<html><title>Hello hunter2</title>").unwrap();
        assert!(text.contains("Hello [redacted]"), "{text}");
    }

    #[test]
    fn excerpt_cut_html_gives_a_lower_bound_of_its_size() {
        let text = excerpt(b"<html><title>T</title>", false, &Redactor::new([])).unwrap();
        assert_eq!(text, "an HTML page (title: T, more than 22 bytes)");
    }

    #[test]
    fn excerpt_other_text_is_kept() {
        assert_eq!(of("size < 3 and > 1").unwrap(), "size < 3 and > 1");
        assert_eq!(of(""), None);
    }
}
