//! The identity that a response contains.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::value::Value;
use crate::value::path::Path;

/// The identity of the object in a state: derived from the state, or the stored one if the state lacks a part of it.
/// Returns `None` without an object. Terraform stores what a response contains: a response without an identity deletes
/// the stored one.
///
/// An identity must not change, but a null part can be filled in. A change is an error, and the stored identity
/// remains.
pub(crate) fn after(
    schema: &Schema,
    state: &Value,
    stored: Option<Value>,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    if state.is_null() {
        return None;
    }
    let Some(derived) = schema.identity_of(state) else {
        return stored;
    };
    let Some(stored) = stored else {
        return Some(derived);
    };
    let is_known = |part: &Value| !part.is_null() && part.is_wholly_known();
    let changed = schema.identity_attributes().find(|part| {
        let before = stored.get(part.name);
        is_known(before) && !part.means_the_same(before, derived.get(part.name))
    });
    let Some(part) = changed else {
        let parts = schema.identity_attributes().map(|part| {
            let before = stored.get(part.name);
            let value = if is_known(before) {
                before
            } else {
                derived.get(part.name)
            };
            (part.name, value.clone())
        });
        return Some(Value::object(parts));
    };
    diagnostics.push(
        Diagnostic::error(
            "Resource identity changed",
            format!(
                "The provider returned another value for \"{}\", which is part of the identity of the object. The \
                 object may have been replaced outside Terraform. Otherwise, this is a bug in the provider: please \
                 report it.",
                part.name
            ),
        )
        .at(Path::from(part.name)),
    );
    Some(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attribute;

    fn schema() -> Schema {
        let id = Attribute::string("id").computed().identity(true);
        Schema::new(
            "A thing.",
            [
                id.semantic_equality(str::eq_ignore_ascii_case),
                Attribute::string("region").optional().computed().identity(false),
                Attribute::string("portal").optional().identity(false),
            ],
        )
    }

    fn value(id: &str, region: Value) -> Value {
        Value::object([("id", id.into()), ("region", region), ("portal", Value::Null)])
    }

    #[test]
    fn after_keeps_what_is_stored_and_reports_a_change() {
        let of = |id: &str| Some(value(id, "eu".into()));
        let incomplete = value("1", Value::Null);
        for (what, state, stored, expected, errors) in [
            ("derived", value("1", "eu".into()), None, of("1"), 0),
            ("no object", Value::Null, of("1"), None, 0),
            ("incomplete, stored", incomplete.clone(), of("1"), of("1"), 0),
            ("incomplete", incomplete.clone(), None, None, 0),
            ("filled in", value("1", "eu".into()), Some(incomplete), of("1"), 0),
            ("another form", value("a", "eu".into()), of("A"), of("A"), 0),
            ("changed", value("2", "eu".into()), of("1"), of("1"), 1),
        ] {
            let mut diagnostics = Diagnostics::new();
            let identity = after(&schema(), &state, stored, &mut diagnostics);
            assert_eq!(
                (identity, diagnostics.iter().count()),
                (expected, errors),
                "{what}"
            );
        }
    }
}
