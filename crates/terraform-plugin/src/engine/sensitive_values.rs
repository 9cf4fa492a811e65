//! Sensitive values stay out of all that is told: messages to the user, and logs.
//!
//! A resource may tell what a service answered, and a service may echo what it was ever sent: also a value
//! that this call did not send, such as the one of the state that is about to be replaced. So nothing leaves
//! the framework before the sensitive values of the call's configuration, plan and state are taken out of it.

use std::sync::{Arc, OnceLock};

use redact::Redactor;
use serde_json::Value as Json;

use crate::diagnostics::Diagnostics;
use crate::engine::request::{ConfigResponse, PlanResponse, StateResponse};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind};
use crate::value::Value;
use crate::value::secret::Secret;

/// The fewest characters that are hidden. Shorter values stand in ordinary words: to take them out would make
/// a message unreadable and show by the gaps what they are, and anybody can guess them.
const SHORTEST: usize = 4;

tokio::task_local! {
    static SENSITIVE_VALUES: SensitiveValues;
}

/// The sensitive values that a call works with.
#[derive(Clone, Default)]
pub(crate) struct SensitiveValues(Arc<Inner>);

#[derive(Default)]
struct Inner {
    values: Vec<Secret>,
    /// Made where there is something to tell, which is rare.
    redactor: OnceLock<Redactor>,
}

/// An answer that tells something.
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
    /// What is sensitive or write-only in values of this schema.
    pub(crate) fn of<'a>(schema: &Schema, values: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut found = Vec::new();
        for value in values {
            sensitive(schema.attributes(), value, &mut found);
        }
        Self::from(found)
    }

    /// What is sensitive in a stored state, which may be of another version or another type: whatever stands
    /// under the name of an attribute that is sensitive in this schema.
    pub(crate) fn of_stored(schema: &Schema, state: &Json) -> Self {
        let mut names = Vec::new();
        sensitive_names(schema.attributes(), &mut names);
        let mut found = Vec::new();
        stored(&names, state, false, &mut found);
        for attribute in schema.attributes() {
            if let (Some(parts), Some(text)) = (
                attribute.redact_parts,
                state.get(attribute.name()).and_then(Json::as_str),
            ) {
                found.extend(parts(text).into_iter().map(Secret::from));
            }
        }
        Self::from(found)
    }

    /// These values and those.
    pub(crate) fn and(&self, others: &Self) -> Self {
        match (self.0.values.is_empty(), others.0.values.is_empty()) {
            (true, _) => others.clone(),
            (_, true) => self.clone(),
            _ => Self::from([self.0.values.as_slice(), &others.0.values].concat()),
        }
    }

    /// Runs a call, and takes the values out of what it tells and logs.
    pub(crate) async fn during<A: HasDiagnostics>(self, call: impl Future<Output = A>) -> A {
        let mut answer = SENSITIVE_VALUES.scope(self.clone(), call).await;
        self.leave(answer.diagnostics());
        answer
    }

    /// The same for a call that waits for nothing.
    pub(crate) fn during_sync<A: HasDiagnostics>(self, call: impl FnOnce() -> A) -> A {
        let mut answer = SENSITIVE_VALUES.sync_scope(self.clone(), call);
        self.leave(answer.diagnostics());
        answer
    }

    fn leave(&self, diagnostics: &mut Diagnostics) {
        if !self.0.values.is_empty() {
            diagnostics.rewrite(|text| self.redacted(text));
        }
    }

    fn redacted(&self, text: &str) -> String {
        let values = || self.0.values.iter().map(Secret::expose);
        let redactor = self
            .0
            .redactor
            .get_or_init(|| Redactor::from_length(SHORTEST, values()));
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

/// A text for a log, without the sensitive values of the call that it comes from.
#[must_use]
pub fn without_sensitive(text: String) -> String {
    let redacted =
        SENSITIVE_VALUES.try_with(|hidden| (!hidden.0.values.is_empty()).then(|| hidden.redacted(&text)));
    redacted.ok().flatten().unwrap_or(text)
}

fn is_hidden(attribute: &Attribute) -> bool {
    attribute.is_sensitive() || attribute.is_write_only()
}

fn sensitive(declared: &[Attribute], value: &Value, found: &mut Vec<Secret>) {
    match value {
        Value::Object(attributes) => {
            for attribute in declared {
                let Some(value) = attributes.get(attribute.name()) else {
                    continue;
                };
                if is_hidden(attribute) {
                    texts(value, found);
                } else if let Some(parts) = attribute.redact_parts {
                    let mut whole = Vec::new();
                    texts(value, &mut whole);
                    found.extend(
                        whole
                            .iter()
                            .flat_map(|text| parts(text.expose()))
                            .map(Secret::from),
                    );
                } else if let Kind::Nested(_, inner) = attribute.kind() {
                    sensitive(inner, value, found);
                }
            }
        }
        Value::List(of) | Value::Set(of) | Value::Tuple(of) => {
            for value in of {
                sensitive(declared, value, found);
            }
        }
        Value::Map(of) => {
            for value in of.values() {
                sensitive(declared, value, found);
            }
        }
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<Secret>) {
    match value {
        Value::String(text) => found.push(Secret::from(text.clone())),
        Value::List(of) | Value::Set(of) | Value::Tuple(of) => {
            for value in of {
                texts(value, found);
            }
        }
        Value::Map(of) | Value::Object(of) => {
            for value in of.values() {
                texts(value, found);
            }
        }
        Value::Dynamic(_, inner) => texts(inner, found),
        Value::Null | Value::Unknown | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn sensitive_names(declared: &[Attribute], names: &mut Vec<&'static str>) {
    for attribute in declared {
        if is_hidden(attribute) {
            names.push(attribute.name());
        } else if let Kind::Nested(_, inner) = attribute.kind() {
            sensitive_names(inner, names);
        }
    }
}

/// `serde_json` bounds the depth of what it reads.
fn stored(names: &[&str], state: &Json, hidden: bool, found: &mut Vec<Secret>) {
    match state {
        Json::String(text) if hidden => found.push(Secret::from(text.clone())),
        Json::Array(of) => {
            for value in of {
                stored(names, value, hidden, found);
            }
        }
        Json::Object(of) => {
            for (name, value) in of {
                stored(names, value, hidden || names.contains(&name.as_str()), found);
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

    fn told(hidden: SensitiveValues, text: &str) -> String {
        let answer = hidden.during_sync(|| Diagnostics::from(Diagnostic::error(text, text)));
        let told = answer.into_iter().next().unwrap();
        assert_eq!(told.summary, told.detail);
        told.detail
    }

    #[test]
    fn what_is_sensitive_at_any_depth_is_taken_out_and_nothing_else() {
        let part = Value::object([("key", "deep-s3cret".into()), ("label", "harmless".into())]);
        let value = Value::object([
            ("name", "visible".into()),
            ("password", "Splunk hunter2".into()),
            ("password_wo", "wr1te-only".into()),
            ("parts", Value::List(vec![part, Value::Null])),
        ]);
        let hidden = SensitiveValues::of(&schema(), [&Value::Null, &value]);
        assert_eq!(
            told(
                hidden,
                "visible harmless: Splunk hunter2, hunter2, wr1te-only, deep-s3cret"
            ),
            "visible harmless: [redacted], [redacted], [redacted], [redacted]"
        );
    }

    #[test]
    fn a_stored_state_of_another_shape_is_searched_by_the_names_of_attributes() {
        let state = json!({"name": "visible", "old": {"password": ["0ld-s3cret"], "label": "harmless"}});
        let hidden = SensitiveValues::of_stored(&schema(), &state);
        assert_eq!(
            told(hidden, "visible harmless 0ld-s3cret"),
            "visible harmless [redacted]"
        );
    }

    #[test]
    fn redact_parts_of_a_shown_attribute_are_redacted_and_the_rest_stays() {
        let after_slash = |text: &str| {
            text.split_once('/')
                .map(|(_, rest)| rest.to_owned())
                .into_iter()
                .collect()
        };
        let url = Attribute::string("url").required().redact_parts(after_slash);
        let schema = Schema::new("", [url]);
        let value = Value::object([("url", "host/s3cret".into())]);
        let expected = "host refused [redacted]";
        assert_eq!(
            told(SensitiveValues::of(&schema, [&value]), "host refused s3cret"),
            expected
        );
        let stored = SensitiveValues::of_stored(&schema, &json!({"url": "host/s3cret"}));
        assert_eq!(told(stored, "host refused s3cret"), expected);
    }

    #[test]
    fn a_value_of_a_few_characters_leaves_the_words_readable() {
        let value = |text: &str| Value::object([("password", text.into())]);
        let short = SensitiveValues::of(&schema(), [&value("a"), &value("abc"), &value("Bearer ab")]);
        assert_eq!(told(short, "a webhook abc, ab"), "a webhook abc, ab");
        let long_enough = SensitiveValues::of(&schema(), [&value("abcd")]);
        assert_eq!(told(long_enough, "a webhook abcd"), "a webhook [redacted]");
    }

    #[tokio::test]
    async fn what_a_call_logs_is_free_of_them_and_other_texts_stay() {
        let text = || "told: wr1te-only".to_owned();
        let value = Value::object([("password_wo", "wr1te-only".into())]);
        let mut inside = String::new();
        let call = async {
            tokio::task::yield_now().await;
            inside = without_sensitive(text());
            Diagnostics::new()
        };
        SensitiveValues::of(&schema(), [&value]).during(call).await;
        assert_eq!(inside, "told: [redacted]");
        assert_eq!(without_sensitive(text()), text());
    }

    #[test]
    fn both_of_two_calls_values_are_taken_out() {
        let of = |text: &str| SensitiveValues::of(&schema(), [&Value::object([("password", text.into())])]);
        let both = of("s3cret-one")
            .and(&of("s3cret-two"))
            .and(&SensitiveValues::default());
        assert_eq!(told(both, "s3cret-one s3cret-two"), "[redacted] [redacted]");
    }
}
