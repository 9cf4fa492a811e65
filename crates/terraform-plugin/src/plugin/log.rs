//! Logs in the format of the host: one JSON object per line on stderr.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::SystemTime;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::secrets::foreign_text;

/// The target of the events of this crate.
const OWN_TARGET: &str = env!("CARGO_CRATE_NAME");

/// The level that the user requests: `TF_LOG_PROVIDER_<NAME>` takes precedence over `TF_LOG_PROVIDER`, and that over
/// `TF_LOG`. Off if none is set. As in Terraform, `JSON` and unknown words mean trace.
pub fn level(name: &str, variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", name.to_uppercase());
    let set = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|v| variable(v).filter(|v| !v.is_empty()));
    match set.map(|v| v.to_uppercase()).as_deref() {
        None | Some("OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some(_) => LevelFilter::TRACE,
    }
}

/// Writes the events of this crate and of the crates in `targets` with at least this level to stderr. Other crates are
/// not logged: an HTTP library logs request headers, which contain credentials, at its finest level. Call this once in
/// a process; further calls have no effect.
pub fn start(level: LevelFilter, targets: &'static [&'static str]) {
    if level != LevelFilter::OFF {
        let filter = FilterFn::new(move |meta| {
            let target = meta.target().split("::").next().unwrap_or_default();
            *meta.level() <= level && (target == OWN_TARGET || targets.contains(&target))
        });
        let layer = HostLayer.with_filter(filter.with_max_level_hint(level));
        let _ = tracing_subscriber::registry().with(layer).try_init();
    }
}

/// A log line for an error that prevents serving, which does not depend on the level.
pub fn error_line(message: &str) -> String {
    let message = [("@message".to_owned(), message.into())];
    line(Level::ERROR, "plugin", Fields(Map::from_iter(message)))
}

struct HostLayer;

impl<S: Subscriber> Layer<S> for HostLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = line(*event.metadata().level(), event.metadata().target(), fields);
        // A single write keeps the lines of several threads separate. An error means that the host has ended.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

fn line(level: Level, module: &str, Fields(mut fields): Fields) -> String {
    let time = humantime::format_rfc3339_micros(SystemTime::now()).to_string();
    fields.insert("@level".to_owned(), level.as_str().to_lowercase().into());
    fields.entry("@message").or_insert_with(|| "".into());
    fields.insert("@module".to_owned(), module.into());
    fields.insert("@timestamp".to_owned(), time.into());
    format!("{}\n", Json::Object(fields))
}

/// The fields of an event by name, the message as `@message`.
#[derive(Default)]
struct Fields(Map<String, Json>);

impl Fields {
    fn text(&mut self, name: &str, text: &str) {
        let name = if name == "message" { "@message" } else { name };
        self.0.insert(name.to_owned(), foreign_text(text).into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.text(field.name(), &text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(set: &[(&str, &str)]) -> LevelFilter {
        level("example", |name| {
            set.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned())
        })
    }

    #[test]
    fn level_most_specific_variable_takes_precedence() {
        assert_eq!(level_of(&[]), LevelFilter::OFF);
        assert_eq!(level_of(&[("TF_LOG", "debug")]), LevelFilter::DEBUG);
        assert_eq!(
            level_of(&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "ERROR")]),
            LevelFilter::ERROR
        );
        let all = [("TF_LOG_PROVIDER", "error"), ("TF_LOG_PROVIDER_EXAMPLE", "warn")];
        assert_eq!(level_of(&all), LevelFilter::WARN);
        assert_eq!(level_of(&[("TF_LOG", "json")]), LevelFilter::TRACE);
        assert_eq!(
            level_of(&[("TF_LOG", ""), ("TF_LOG_PROVIDER", "off")]),
            LevelFilter::OFF
        );
    }

    /// The host prints the text of a line, decoded, to a terminal.
    #[test]
    fn texts_are_one_line_without_characters_that_control_a_terminal() {
        let mut fields = Fields::default();
        for name in ["message", "path"] {
            fields.text(name, "a\u{1b}[2J\u{7}\u{9b}\u{202e}\r\n\nApply complete!");
        }
        for name in ["@message", "path"] {
            assert_eq!(fields.0[name], "a [2J Apply complete!");
        }
    }

    #[test]
    fn error_line_is_json_of_go_plugin() {
        let line = error_line("no room\nfor a socket");
        assert_eq!(line.matches('\n').count(), 1);
        let json: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&json["@level"], &json["@message"]),
            (&"error".into(), &"no room\nfor a socket".into())
        );
        assert!(humantime::parse_rfc3339(json["@timestamp"].as_str().unwrap()).is_ok());
    }
}
