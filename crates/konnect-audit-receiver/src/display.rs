//! The output of an event: a line of text or a JSON object.

use std::fmt::Write;

use konnect_event::{Event, Kind};
use redact::is_visible;
use serde::Serialize;
use serde_json::json;

use crate::received::{Received, Verification};

/// The maximum length of a value in a line of text.
const MAX_CHARACTERS: usize = 100;

/// The style of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A line of text: time, kind, principal, action, outcome, severity and signature.
    Text {
        /// Whether severity and signature are colored with ANSI escapes.
        color: bool,
    },
    /// A JSON object on one line.
    Json,
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    event: &'a Event,
    verification: Verification,
}

impl Style {
    /// The output of a received line, with a line break.
    pub(crate) fn render(self, received: &Received<'_>) -> String {
        let line = match (self, &received.event) {
            (Self::Text { color }, _) => text(received, color),
            (Self::Json, Ok(event)) => json(&Json {
                event,
                verification: received.verification,
            }),
            (Self::Json, Err(error)) => json(&json!({ "error": error, "line": received.line })),
        };
        line + "\n"
    }

    /// The output of further lines of a delivery that are not events, with a line break.
    pub(crate) fn render_further_unreadable(self, count: u64) -> String {
        let error = format!("{count} further unreadable lines");
        let line = match self {
            Self::Text { .. } => error,
            Self::Json => json(&json!({ "error": error, "line": null })),
        };
        line + "\n"
    }
}

fn json(value: &impl Serialize) -> String {
    // Serialization of strings and numbers does not fail.
    escape(&serde_json::to_string(value).unwrap_or_default())
}

fn text(received: &Received<'_>, color: bool) -> String {
    let paint = |code: &str, text: &str| {
        if color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    let event = match &received.event {
        Ok(event) => event,
        Err(error) => {
            let bytes = received.line.len();
            return paint("33", &format!("unreadable line of {bytes} bytes: {error}"));
        }
    };
    let severity = match event.severity {
        None => "severity -".to_owned(),
        Some(severity) => {
            let code = match severity {
                7.. => "1;31",
                4..=6 => "33",
                _ => "32",
            };
            paint(code, &format!("severity {severity}"))
        }
    };
    let verification = match received.verification {
        Verification::Verified => paint("32", "verified"),
        Verification::Unsigned => paint("33", "unsigned"),
        Verification::Bad => paint("1;31", "BAD SIGNATURE"),
        Verification::Unchecked => "unchecked".to_owned(),
    };
    let who = ["principal_name", "principal_id"]
        .iter()
        .filter_map(|name| event.fields.get(*name))
        .find(|value| !value.is_empty());
    let [timestamp, who, what, outcome] = [
        event.timestamp.as_deref().unwrap_or_default(),
        who.map_or("", String::as_str),
        &what(event),
        &outcome(event),
    ]
    .map(printable);
    let kind = event.kind.as_str();
    format!("{timestamp}  {kind:<14}  {who}  {what}  {outcome}  {severity}  {verification}")
}

/// The action of the event.
fn what(event: &Event) -> String {
    let field = |name: &str| event.fields.get(name).map_or("", String::as_str);
    match event.kind {
        Kind::Authentication => {
            let means = event.event_class_id.strip_prefix("AUTHENTICATION_TYPE_");
            let means = means.unwrap_or(&event.event_class_id).to_ascii_lowercase();
            format!("{means} {}", field("request"))
        }
        Kind::Authorization => {
            let resource = event.name.strip_prefix("Authz.").unwrap_or(&event.name);
            format!("{} {resource}", field("action"))
        }
        Kind::Access => format!("{} {}", field("act"), field("request")),
        Kind::Other => event.name.clone(),
    }
}

fn outcome(event: &Event) -> String {
    let field = |name: &str| event.fields.get(name).map_or("", String::as_str);
    match event.kind {
        Kind::Authentication => {
            let outcome = event.name.strip_prefix("AUTHENTICATION_OUTCOME_");
            let words = outcome.unwrap_or(&event.name).replace('_', " ");
            words.to_ascii_lowercase()
        }
        Kind::Authorization => match field("granted") {
            "true" => "granted".to_owned(),
            "false" => "denied".to_owned(),
            other => other.to_owned(),
        },
        Kind::Access => field("status").to_owned(),
        Kind::Other => String::new(),
    }
}

/// A text of a sender for a line of text: escaped, of limited length, and `-` if it is empty.
fn printable(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_CHARACTERS) {
        None if text.is_empty() => "-".to_owned(),
        None => escape(text),
        Some((end, _)) => escape(&text[..end]) + "…",
    }
}

/// A text with foreign parts, in which characters that change other output or are invisible are escaped as in JSON
/// (`\u001b`). In a JSON text, this does not change any value.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_visible(character) {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // A write to a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use konnect_event::parse;

    use super::*;

    fn received(line: &str, verification: Verification) -> Received<'_> {
        Received {
            line,
            event: parse(line).map_err(|error| error.to_string()),
            verification,
        }
    }

    #[test]
    fn render_text_shows_principal_action_and_outcome() {
        let cases = [
            (
                r#"{"event_ts":"2026-06-12T08:00:00Z","name":"Authz.portals","action":"list","granted":true,"principal_id":"p","severity":1}"#,
                "2026-06-12T08:00:00Z  authorization   p  list portals  granted  severity 1  verified\n",
            ),
            (
                r#"{"event_ts":"yesterday","name":"Ingress","act":"POST","request":"/v3/x","status":500,"principal_name":"A B (a@b)","severity":10}"#,
                "-  access          A B (a@b)  POST /v3/x  500  severity 10  verified\n",
            ),
            (
                r#"{"event_class_id":"AUTHENTICATION_TYPE_PAT","name":"AUTHENTICATION_OUTCOME_TOKEN_EXPIRED","request":"/r"}"#,
                "-  authentication  -  pat /r  token expired  severity -  verified\n",
            ),
            (
                r#"{"name":"x"}"#,
                "-  other           -  x  -  severity -  verified\n",
            ),
        ];
        for (line, expected) in cases {
            let shown = Style::Text { color: false }.render(&received(line, Verification::Verified));
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn render_text_in_color_paints_severity_and_signature() {
        let line = r#"{"name":"x","severity":6}"#;
        let shown = Style::Text { color: true }.render(&received(line, Verification::Bad));
        assert!(shown.contains("\x1b[33mseverity 6\x1b[0m"), "{shown:?}");
        assert!(shown.ends_with("\x1b[1;31mBAD SIGNATURE\x1b[0m\n"), "{shown:?}");
    }

    #[test]
    fn render_text_is_limited_in_length() {
        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(10_000));
        let shown = Style::Text { color: false }.render(&received(&long, Verification::Unsigned));
        assert!(shown.chars().count() < 200, "{shown}");
    }

    #[test]
    fn render_escapes_control_and_invisible_characters() {
        let hidden = "\u{1b}\u{7}\u{7f}\u{9b}\r\n\u{85}\u{2028}\u{200b}\u{2060}\u{feff}\u{ad}\u{202a}\u{202e}\u{2066}\u{2069}\u{3164}\u{e0041}";
        let value = format!("a{hidden}b");
        let line = serde_json::json!({"name": "Ingress", "act": value, "principal_id": value}).to_string();
        for style in [Style::Text { color: false }, Style::Json] {
            let shown = style.render(&received(&line, Verification::Unsigned));
            let shown = shown.strip_suffix('\n').unwrap();
            assert!(!shown.contains(|c| hidden.contains(c)), "{shown:?}");
            let escaped = r"\u007f\u009b";
            assert!(
                shown.contains(escaped) && shown.contains(r"\udb40\udc41b"),
                "{shown:?}"
            );
        }
        // The values of JSON are the same.
        let shown = Style::Json.render(&received(&line, Verification::Unsigned));
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(
            (&shown["fields"]["act"], &shown["kind"]),
            (&json!(value), &json!("access"))
        );

        let unreadable = format!("{value}x");
        let shown = Style::Json.render(&received(&unreadable, Verification::Unchecked));
        assert!(!shown.trim_end().contains(|c| hidden.contains(c)), "{shown:?}");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["line"], unreadable);
    }

    #[test]
    fn render_unreadable_line_does_not_quote_it_to_a_terminal() {
        let shown = Style::Text { color: false }.render(&received("s3cret", Verification::Unchecked));
        assert!(shown.starts_with("unreadable line of 6 bytes: "), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
