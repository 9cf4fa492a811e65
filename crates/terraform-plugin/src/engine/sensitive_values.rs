//! Removes sensitive values from messages to the user and from logs.
//!
//! A message can contain the response of a service, and a service can repeat any value that it has received, for
//! instance the value in the state that an update replaces. Therefore the sensitive values in the configuration, plan
//! and state of a call are removed from all its messages and logs.

use std::sync::{Arc, OnceLock};

use redact::Redactor;
use serde_json::Value as Json;

use crate::diagnostics::Diagnostics;
use crate::engine::request::{ConfigResponse, PlanResponse, StateResponse};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind};
use crate::value::Value;
use crate::value::secret::Secret;

/// The length of the shortest value that is removed, in characters. Shorter values are parts of ordinary words: their
/// removal makes a message unreadable, and the gaps reveal them.
const MIN_LENGTH: usize = 4;

tokio::task_local! {
    static SENSITIVE_VALUES: SensitiveValues;
}

/// The sensitive values that a call works with.
#[derive(Clone, Default)]
pub(crate) struct SensitiveValues(Arc<Inner>);

#[derive(Default)]
struct Inner {
    values: Vec<Secret>,
    /// Created with the first message: most calls have none.
    redactor: OnceLock<Redactor>,
}

/// A response with messages to the user.
pub(crate) trait HasDiagnostics {
    fn diagnostics(&mut self) -> &mut Diagnostics;
}

impl HasDiagnostics for Diagnostics {
    fn diagnostics(&mut self) -> &mut Diagnostics {
        self
    }
}

impl HasDiagnostics for PlanResponse {
    fn diagnostics(&mut self) -> &mut Diagnostics {
        &mut self.diagnostics
    }
}

impl HasDiagnostics for ConfigResponse {
    fn diagnostics(&mut self) -> &mut Diagnostics {
        &mut self.diagnostics
    }
}

impl HasDiagnostics for StateResponse {
    fn diagnostics(&mut self) -> &mut Diagnostics {
        &mut self.diagnostics
    }
}

impl SensitiveValues {
    /// The sensitive and write-only values in values of this schema.
    pub(crate) fn of<'a>(schema: &Schema, values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut secrets = Vec::new();
        for value in values {
            collect(schema.attributes(), value, &mut secrets);
        }
        Self::from(secrets)
    }

    /// The sensitive values in a stored state, which may have another version or type: every value with the name of an
    /// attribute that is sensitive in this schema.
    pub(crate) fn of_stored(schema: &Schema, state: &Json) -> Self {
        let mut names = Vec::new();
        sensitive_names(schema.attributes(), &mut names);
        let mut secrets = Vec::new();
        collect_stored(&names, state, false, &mut secrets);
        for attribute in schema.attributes() {
            let text = state.get(attribute.name()).and_then(Json::as_str);
            if let (Some(parts), Some(text)) = (attribute.redact_parts, text) {
                secrets.extend(parts(text).into_iter().map(Secret::from));
            }
        }
        Self::from(secrets)
    }

    /// The union of both.
    pub(crate) fn and(&self, others: &Self) -> Self {
        match (self.0.values.is_empty(), others.0.values.is_empty()) {
            (true, _) => others.clone(),
            (_, true) => self.clone(),
            _ => Self::from([self.0.values.as_slice(), &others.0.values].concat()),
        }
    }

    /// Runs a call, and removes the values from its messages and logs.
    pub(crate) async fn during<A: HasDiagnostics>(self, call: impl Future<Output = A>) -> A {
        let mut response = SENSITIVE_VALUES.scope(self.clone(), call).await;
        self.redact(response.diagnostics());
        response
    }

    /// Runs a synchronous call, and removes the values from its messages and logs.
    pub(crate) fn during_sync<A: HasDiagnostics>(self, call: impl FnOnce() -> A) -> A {
        let mut response = SENSITIVE_VALUES.sync_scope(self.clone(), call);
        self.redact(response.diagnostics());
        response
    }

    fn redact(&self, diagnostics: &mut Diagnostics) {
        if !self.0.values.is_empty() {
            diagnostics.rewrite(|text| self.redacted(text));
        }
    }

    fn redacted(&self, text: &str) -> String {
        let values = || self.0.values.iter().map(Secret::expose);
        let redactor = self
            .0
            .redactor
            .get_or_init(|| Redactor::from_length(MIN_LENGTH, values()));
        redactor.redact(text)
    }
}

impl From<Vec<Secret>> for SensitiveValues {
    fn from(mut values: Vec<Secret>) -> Self {
        values.sort_unstable_by(|a, b| a.expose().cmp(b.expose()));
        values.dedup();
        let redactor = OnceLock::new();
        Self(Arc::new(Inner { values, redactor }))
    }
}

/// Removes the sensitive values of the current call from a text for a log.
#[must_use]
pub fn without_sensitive(text: String) -> String {
    let redacted = SENSITIVE_VALUES
        .try_with(|sensitive| (!sensitive.0.values.is_empty()).then(|| sensitive.redacted(&text)));
    redacted.ok().flatten().unwrap_or(text)
}

fn is_secret(attribute: &Attribute) -> bool {
    attribute.is_sensitive() || attribute.is_write_only()
}

fn collect(attributes: &[Attribute], value: &Value, secrets: &mut Vec<Secret>) {
    match value {
        Value::Object(values) => {
            for attribute in attributes {
                let Some(value) = values.get(attribute.name()) else {
                    continue;
                };
                if is_secret(attribute) {
                    collect_strings(value, secrets);
                } else if let Some(parts) = attribute.redact_parts {
                    let mut whole = Vec::new();
                    collect_strings(value, &mut whole);
                    secrets.extend(
                        whole
                            .iter()
                            .flat_map(|text| parts(text.expose()))
                            .map(Secret::from),
                    );
                } else if let Kind::Nested(_, inner) = attribute.kind() {
                    collect(inner, value, secrets);
                }
            }
        }
        Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => {
            for value in elements {
                collect(attributes, value, secrets);
            }
        }
        Value::Map(entries) => {
            for value in entries.values() {
                collect(attributes, value, secrets);
            }
        }
        _ => {}
    }
}

fn collect_strings(value: &Value, secrets: &mut Vec<Secret>) {
    match value {
        Value::String(text) => secrets.push(Secret::from(text.clone())),
        Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => {
            for value in elements {
                collect_strings(value, secrets);
            }
        }
        Value::Map(entries) | Value::Object(entries) => {
            for value in entries.values() {
                collect_strings(value, secrets);
            }
        }
        Value::Dynamic(_, inner) => collect_strings(inner, secrets),
        Value::Null | Value::Unknown | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn sensitive_names(attributes: &[Attribute], names: &mut Vec<&'static str>) {
    for attribute in attributes {
        if is_secret(attribute) {
            names.push(attribute.name());
        } else if let Kind::Nested(_, inner) = attribute.kind() {
            sensitive_names(inner, names);
        }
    }
}

/// Collects the strings of the named attributes. `serde_json` limits the depth of the JSON.
fn collect_stored(names: &[&str], state: &Json, inside: bool, secrets: &mut Vec<Secret>) {
    match state {
        Json::String(text) if inside => secrets.push(Secret::from(text.clone())),
        Json::Array(elements) => {
            for value in elements {
                collect_stored(names, value, inside, secrets);
            }
        }
        Json::Object(entries) => {
            for (name, value) in entries {
                collect_stored(names, value, inside || names.contains(&name.as_str()), secrets);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Diagnostic;
    use crate::Nesting;

    fn schema() -> Schema {
        let inner = [
            Attribute::string("key").optional().sensitive(),
            Attribute::string("label").optional(),
        ];
        Schema::new(
            "",
            [
                Attribute::string("name").required(),
                Attribute::string("password").optional().sensitive(),
                Attribute::string("password_wo").optional().write_only(),
                Attribute::nested("parts", Nesting::List, inner).optional(),
            ],
        )
    }

    fn redact(sensitive: SensitiveValues, text: &str) -> String {
        let diagnostics = sensitive.during_sync(|| Diagnostics::from(Diagnostic::error(text, text)));
        let diagnostic = diagnostics.into_iter().next().unwrap();
        assert_eq!(diagnostic.summary, diagnostic.detail);
        diagnostic.detail
    }

    #[test]
    fn redact_nested_sensitive_values_are_removed_and_others_remain() {
        let part = Value::object([("key", "deep-s3cret".into()), ("label", "harmless".into())]);
        let value = Value::object([
            ("name", "visible".into()),
            ("password", "Splunk hunter2".into()),
            ("password_wo", "wr1te-only".into()),
            ("parts", Value::List(vec![part, Value::Null])),
        ]);
        let sensitive = SensitiveValues::of(&schema(), [&Value::Null, &value]);
        assert_eq!(
            redact(
                sensitive,
                "visible harmless: Splunk hunter2, hunter2, wr1te-only, deep-s3cret"
            ),
            "visible harmless: [redacted], [redacted], [redacted], [redacted]"
        );
    }

    #[test]
    fn of_stored_other_version_finds_values_by_attribute_name() {
        let state = json!({"name": "visible", "old": {"password": ["0ld-s3cret"], "label": "harmless"}});
        let sensitive = SensitiveValues::of_stored(&schema(), &state);
        assert_eq!(
            redact(sensitive, "visible harmless 0ld-s3cret"),
            "visible harmless [redacted]"
        );
    }

    #[test]
    fn redact_parts_hides_the_parts_and_shows_the_rest() {
        let after_slash = |text: &str| {
            let parts = text.split_once('/');
            parts.map(|(_, rest)| rest.to_owned()).into_iter().collect()
        };
        let url = Attribute::string("url").required().redact_parts(after_slash);
        let schema = Schema::new("", [url]);
        let value = Value::object([("url", "host/s3cret".into())]);
        let expected = "host refused [redacted]";
        let values = SensitiveValues::of(&schema, [&value]);
        assert_eq!(redact(values, "host refused s3cret"), expected);
        let stored = SensitiveValues::of_stored(&schema, &json!({"url": "host/s3cret"}));
        assert_eq!(redact(stored, "host refused s3cret"), expected);
    }

    #[test]
    fn redact_short_value_remains() {
        let value = |text: &str| Value::object([("password", text.into())]);
        let short = SensitiveValues::of(&schema(), [&value("a"), &value("abc"), &value("Bearer ab")]);
        assert_eq!(redact(short, "a webhook abc, ab"), "a webhook abc, ab");
        let long_enough = SensitiveValues::of(&schema(), [&value("abcd")]);
        assert_eq!(redact(long_enough, "a webhook abcd"), "a webhook [redacted]");
    }

    #[tokio::test]
    async fn without_sensitive_inside_call_removes_values() {
        let text = || "log: wr1te-only".to_owned();
        let value = Value::object([("password_wo", "wr1te-only".into())]);
        let mut inside = String::new();
        let call = async {
            tokio::task::yield_now().await;
            inside = without_sensitive(text());
            Diagnostics::new()
        };
        SensitiveValues::of(&schema(), [&value]).during(call).await;
        assert_eq!(inside, "log: [redacted]");
        assert_eq!(without_sensitive(text()), text());
    }

    #[test]
    fn and_removes_values_of_both() {
        let of = |text: &str| SensitiveValues::of(&schema(), [&Value::object([("password", text.into())])]);
        let both = of("s3cret-one")
            .and(&of("s3cret-two"))
            .and(&SensitiveValues::default());
        assert_eq!(redact(both, "s3cret-one s3cret-two"), "[redacted] [redacted]");
    }
}
