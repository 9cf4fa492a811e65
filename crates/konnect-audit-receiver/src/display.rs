//! The output of an event: a line of text or a JSON object.

use std::collections::BTreeMap;

use konnect_event::{Event, Kind};
use serde::Serialize;

use super::received::{Received, Verification};

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

/// The JSON output of an event.
#[derive(Serialize)]
struct Json<'a> {
    format: &'static str,
    kind: &'static str,
    timestamp: Option<&'a str>,
    vendor: &'a str,
    product: &'a str,
    version: &'a str,
    event_class_id: &'a str,
    name: &'a str,
    severity: Option<i64>,
    fields: &'a BTreeMap<String, String>,
    signature: Option<&'a str>,
    verification: &'static str,
}

/// The JSON output of a line that is not an event.
#[derive(Serialize)]
struct JsonError<'a> {
    error: &'a str,
    line: &'a str,
}

impl Style {
    /// The output of a received line, with a line break.
    pub(crate) fn render(self, received: &Received<'_>) -> String {
        let mut line = match self {
            Self::Json => json(received),
            Self::Text { color } => text(received, color),
        };
        line.push('\n');
        line
    }
}

fn json(received: &Received<'_>) -> String {
    let line = match &received.event {
        Ok(event) => serde_json::to_string(&Json {
            format: event.format.as_str(),
            kind: event.kind.as_str(),
            timestamp: event.timestamp.as_deref(),
            vendor: &event.vendor,
            product: &event.product,
            version: &event.version,
            event_class_id: &event.event_class_id,
            name: &event.name,
            severity: event.severity,
            fields: &event.fields,
            signature: event.signature.as_deref(),
            verification: received.verification.as_str(),
        }),
        Err(error) => serde_json::to_string(&JsonError {
            error,
            line: received.line,
        }),
    };
    // Serialization of strings and numbers does not fail.
    line.unwrap_or_default()
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
        event.timestamp.as_ref().unwrap_or(&String::new()),
        who.unwrap_or(&String::new()),
        &what(event),
        &outcome(event),
    ]
    .map(|text| printable(text));
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

/// The outcome of the event.
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

/// A text of a sender for a terminal: without control characters, of limited length, and `-` if it is empty.
fn printable(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "-".to_owned();
    }
    let mut printable = String::with_capacity(text.len().min(4 * MAX_CHARACTERS));
    for (index, character) in text.chars().enumerate() {
        if index == MAX_CHARACTERS {
            printable.push('…');
            break;
        }
        // Characters that change the writing direction can make a line look like another.
        let turns =
            matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
            printable.extend(character.escape_unicode());
        } else {
            printable.push(character);
        }
    }
    printable
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
    fn render_text_escapes_terminal_control_characters() {
        let line = r#"{"name":"\u001b[2J\r\nfake\u202e\u009b","principal_id":"x"}"#;
        let shown = Style::Text { color: false }.render(&received(line, Verification::Unsigned));
        assert!(!shown.trim_end().contains(char::is_control), "{shown:?}");
        assert!(
            shown.contains(r"\u{1b}[2J\u{d}\u{a}fake\u{202e}\u{9b}"),
            "{shown:?}"
        );

        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(10_000));
        let shown = Style::Text { color: false }.render(&received(&long, Verification::Unsigned));
        assert!(shown.chars().count() < 200, "{shown}");
    }

    #[test]
    fn render_unreadable_line_does_not_quote_it_to_a_terminal() {
        let shown = Style::Text { color: false }.render(&received("s3cret", Verification::Unchecked));
        assert!(shown.starts_with("unreadable line of 6 bytes: "), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn render_json_is_an_object_on_a_line() {
        let line = r#"{"name":"Ingress","trace_id":3895213347334635099,"severity":1}"#;
        let shown = Style::Json.render(&received(line, Verification::Unsigned));
        let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown.matches('\n').count(), 1);
        assert_eq!(value["kind"], "access");
        assert_eq!(value["fields"]["trace_id"], "3895213347334635099");
        assert_eq!(value["verification"], "unsigned");

        let shown = Style::Json.render(&received("x\u{1b}", Verification::Unchecked));
        let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(value["line"], "x\u{1b}");
        assert!(value["error"].as_str().unwrap().contains("CEF"));
    }
}
