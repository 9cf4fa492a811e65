//! The sensitive values that no message to the user, log or text of a service may contain.
//!
//! A text can contain the response of a service, and a service can repeat any value that it has received, for instance
//! the value in the state that an update replaces, or that of another object. Therefore the process remembers the
//! sensitive values in the configurations, plans and states of all its calls.

use serde_json::Value as Json;

use crate::schema::{Attribute, Kind, Schema};
use crate::secrets::remember_secret;
use crate::value::Value;
use crate::value::secret::Secret;

/// Remembers the sensitive and write-only values in values of this schema.
pub(crate) fn remember<'a>(schema: &Schema, values: impl IntoIterator<Item = &'a Value>) {
    for value in values {
        collect(schema, value);
    }
}

/// Remembers the sensitive values in a stored state, which may have another version or type: every value with the name of
/// an attribute that is sensitive in this schema.
pub(crate) fn remember_stored(schema: &Schema, state: &Json) {
    let mut names = Vec::new();
    sensitive_names(schema, &mut names);
    collect_stored(&names, state, false);
    for attribute in schema.attributes() {
        let text = state.get(attribute.name).and_then(Json::as_str);
        if let (Some(parts), Some(text)) = (attribute.redact_parts, text) {
            remember_parts(parts, text);
        }
    }
}

fn remember_parts(parts: fn(&str) -> Vec<String>, text: &str) {
    for part in parts(text) {
        remember_secret(Secret::from(part).expose());
    }
}

fn is_secret(attribute: &Attribute) -> bool {
    attribute.sensitive || attribute.write_only
}

fn collect(schema: &Schema, value: &Value) {
    for (_, object) in value.objects() {
        for attribute in schema.attributes() {
            let value = object.get(attribute.name);
            // Of a write-only text with secret parts, the rest is public.
            if let Some(parts) = attribute.redact_parts.filter(|_| !attribute.sensitive) {
                each_text(value, &|text| remember_parts(parts, text));
            } else if is_secret(attribute) {
                each_text(value, &remember_secret);
            } else if let Kind::Nested(_, inner) = &attribute.kind {
                collect(inner, value);
            }
        }
    }
}

fn each_text(value: &Value, call: &impl Fn(&str)) {
    match value {
        Value::String(text) => call(text),
        Value::Dynamic(_, inner) => each_text(inner, call),
        value => value.elements().for_each(|element| each_text(element, call)),
    }
}

fn sensitive_names(schema: &Schema, names: &mut Vec<&'static str>) {
    for attribute in schema.attributes() {
        if is_secret(attribute) {
            names.push(attribute.name);
        } else if let Kind::Nested(_, inner) = &attribute.kind {
            sensitive_names(inner, names);
        }
    }
}

/// Remembers the strings of the named attributes. `serde_json` limits the depth of the JSON.
fn collect_stored(names: &[&str], state: &Json, inside: bool) {
    match state {
        Json::String(text) if inside => remember_secret(text),
        Json::Array(elements) => {
            for value in elements {
                collect_stored(names, value, inside);
            }
        }
        Json::Object(entries) => {
            for (name, value) in entries {
                collect_stored(names, value, inside || names.contains(&name.as_str()));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Nesting;
    use crate::secrets::without_sensitive;

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

    #[test]
    fn redact_nested_sensitive_values_are_removed_and_others_remain() {
        let part = Value::object([("key", "deep-s3cret".into()), ("label", "harmless".into())]);
        let value = Value::object([
            ("name", "visible".into()),
            ("password", "Splunk hunter2".into()),
            ("password_wo", "wr1te-only".into()),
            ("parts", Value::List(vec![part, Value::Null])),
        ]);
        remember(&schema(), [&Value::Null, &value]);
        assert_eq!(
            without_sensitive("visible harmless: Splunk hunter2, hunter2, wr1te-only, deep-s3cret"),
            "visible harmless: [redacted], [redacted], [redacted], [redacted]"
        );
    }

    #[test]
    fn remember_stored_other_version_finds_values_by_attribute_name() {
        let state = json!({"name": "visible", "old": {"password": ["0ld-s3cret"], "label": "harmless"}});
        remember_stored(&schema(), &state);
        assert_eq!(
            without_sensitive("visible harmless 0ld-s3cret"),
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
        let value = Value::object([("url", "host/first-part".into())]);
        remember(&schema, [&value]);
        remember_stored(&schema, &json!({"url": "host/other-part"}));
        assert_eq!(
            without_sensitive("host refused first-part and other-part"),
            "host refused [redacted] and [redacted]"
        );
    }

    #[test]
    fn redact_short_value_is_removed_only_where_it_stands_alone() {
        let value = |text: &str| Value::object([("password", text.into())]);
        remember(
            &schema(),
            [&value("a"), &value("xyz"), &value("Bearer zq"), &value("zqxj")],
        );
        assert_eq!(
            without_sensitive("a webhook xyz, zq, zqxj zqxjs the-zqxj"),
            "a webhook xyz, zq, [redacted] zqxjs the-zqxj"
        );
    }

    /// A service can repeat the value of another object, at any time.
    #[test]
    fn without_sensitive_after_the_call_removes_values_of_all_calls() {
        let value = Value::object([("password_wo", "an-0ther-call".into())]);
        remember(&schema(), [&value]);
        remember_secret("fr0m-environment");
        let text = "log: an-0ther-call fr0m-environment";
        assert_eq!(without_sensitive(text), "log: [redacted] [redacted]");
    }
}
