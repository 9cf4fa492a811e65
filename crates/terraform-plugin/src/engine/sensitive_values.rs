//! Removes sensitive values from messages to the user, from logs and from texts of a service.
//!
//! A text can contain the response of a service, and a service can repeat any value that it has received, for instance
//! the value in the state that an update replaces, or that of another object. Therefore the process remembers the
//! sensitive values in the configurations, plans and states of all its calls.

use serde_json::Value as Json;

use crate::diagnostics::Diagnostics;
use crate::engine::request::{ConfigResponse, PlanResponse, StateResponse};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind};
use crate::secrets::{remember_secret, without_sensitive};
use crate::value::Value;
use crate::value::secret::Secret;

/// Adds the sensitive values of a call to those that the process remembers.
#[derive(Clone, Default)]
pub(crate) struct SensitiveValues(());

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
        Self::remember(&secrets)
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
        Self::remember(&secrets)
    }

    fn remember(secrets: &[Secret]) -> Self {
        for secret in secrets {
            remember_secret(secret.expose());
        }
        Self(())
    }

    /// Runs a call, and removes the values from its messages.
    pub(crate) async fn during<A: HasDiagnostics>(self, call: impl Future<Output = A>) -> A {
        let response = call.await;
        self.during_sync(|| response)
    }

    /// Runs a synchronous call, and removes the values from its messages.
    pub(crate) fn during_sync<A: HasDiagnostics>(self, call: impl FnOnce() -> A) -> A {
        let Self(()) = self;
        let mut response = call();
        response.diagnostics().rewrite(without_sensitive);
        response
    }
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
                // Of a write-only text with secret parts, the rest is public.
                let parts = attribute.redact_parts.filter(|_| !attribute.is_sensitive());
                if is_secret(attribute) && parts.is_none() {
                    collect_strings(value, secrets);
                } else if let Some(parts) = parts {
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
    fn redact_short_value_is_removed_only_where_it_stands_alone() {
        let value = |text: &str| Value::object([("password", text.into())]);
        let short = SensitiveValues::of(&schema(), [&value("a"), &value("xyz"), &value("Bearer zq")]);
        assert_eq!(redact(short, "a webhook xyz, zq"), "a webhook xyz, zq");
        let longer = SensitiveValues::of(&schema(), [&value("zqxj")]);
        assert_eq!(
            redact(longer, "a webhook zqxj zqxjs the-zqxj"),
            "a webhook [redacted] zqxjs the-zqxj"
        );
    }

    /// A service can repeat the value of another object, at any time.
    #[test]
    fn without_sensitive_after_the_call_removes_values_of_all_calls() {
        let value = Value::object([("password_wo", "an-0ther-call".into())]);
        SensitiveValues::of(&schema(), [&value]).during_sync(Diagnostics::new);
        remember_secret("fr0m-environment");
        let text = "log: an-0ther-call fr0m-environment";
        assert_eq!(without_sensitive(text), "log: [redacted] [redacted]");
        assert_eq!(redact(SensitiveValues::default(), text), without_sensitive(text));
    }
}
