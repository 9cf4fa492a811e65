//! The rules for the state after a change, whatever a resource returns.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind};
use crate::value::Value;
use crate::value::path::{Path, Step};

/// Sets every write-only argument to null: no state and no plan contains one.
#[must_use]
pub fn without_write_only(schema: &Schema, value: Value) -> Value {
    without(schema.attributes(), value, |attribute| attribute.write_only)
}

/// Sets every sensitive or write-only attribute to null, for values that the host prints.
#[must_use]
pub(crate) fn without_secrets(schema: &Schema, value: Value) -> Value {
    without(schema.attributes(), value, |attribute| {
        attribute.write_only || attribute.sensitive
    })
}

fn without(attributes: &[Attribute], mut value: Value, removed: fn(&Attribute) -> bool) -> Value {
    for attribute in attributes {
        if value.as_object().is_none() {
            return value;
        }
        if removed(attribute) {
            value.set(attribute.name, Value::Null);
        } else if let Kind::Nested(_, inner) = &attribute.kind {
            let element = |value| without(inner, value, removed);
            let cleaned = match value.get(attribute.name).clone() {
                object @ Value::Object(_) => element(object),
                Value::List(elements) => Value::List(elements.into_iter().map(element).collect()),
                Value::Set(elements) => Value::Set(elements.into_iter().map(element).collect()),
                Value::Map(entries) => Value::Map(
                    entries
                        .into_iter()
                        .map(|(key, value)| (key, element(value)))
                        .collect(),
                ),
                other => other,
            };
            value.set(attribute.name, cleaned);
        }
    }
    value
}

/// Checks the state that a resource returned against its plan: known planned values must be unchanged, and no value may
/// be unknown. An unknown value becomes null, with an error.
///
/// A difference is an error, and the state remains as the resource returned it: the state shows what exists, and the
/// error shows which argument the service changed.
#[must_use]
pub fn check_consistency(planned: &Value, state: Value, diagnostics: &mut Diagnostics) -> Value {
    compare(planned, &state, &Path::root(), diagnostics);
    known(state, &Path::root(), diagnostics)
}

fn compare(planned: &Value, state: &Value, path: &Path, diagnostics: &mut Diagnostics) {
    match (planned, state) {
        (Value::Unknown, _) | (_, Value::Unknown) => {}
        (Value::Object(planned), Value::Object(state)) => {
            for (name, planned) in planned {
                let state = state.get(name).unwrap_or(&Value::Null);
                compare(
                    planned,
                    state,
                    &path.then(Step::Attribute(name.clone().into())),
                    diagnostics,
                );
            }
        }
        (Value::Map(planned), Value::Map(state)) if planned.keys().eq(state.keys()) => {
            for (key, planned) in planned {
                compare(
                    planned,
                    &state[key],
                    &path.then(Step::Key(key.clone())),
                    diagnostics,
                );
            }
        }
        (Value::List(planned), Value::List(state)) | (Value::Tuple(planned), Value::Tuple(state))
            if planned.len() == state.len() =>
        {
            for ((planned, state), i) in planned.iter().zip(state).zip(0..) {
                compare(planned, state, &path.then(Step::Index(i)), diagnostics);
            }
        }
        // The elements of a set cannot be matched while parts of them are unknown.
        (Value::Set(elements), Value::Set(state))
            if !planned.is_wholly_known() && state.len() <= elements.len() => {}
        (planned, state) if planned == state => {}
        _ => diagnostics.push(
            Diagnostic::error(
                "The service returned a different value than the one applied",
                "The state contains the value that the service returned. If another process or user changed the \
                 object, plan again. If the error persists, set the argument to the value of the service (see \
                 `terraform state show`).",
            )
            .at(path.clone()),
        ),
    }
}

fn known(value: Value, path: &Path, diagnostics: &mut Diagnostics) -> Value {
    match value {
        value if value.is_unknown() => {
            diagnostics.push(
                Diagnostic::error(
                    "Provider returned an unknown value",
                    "This is a bug in the provider: please report it. The value is null in the state.",
                )
                .at(path.clone()),
            );
            Value::Null
        }
        Value::List(elements) => Value::List(known_each(elements, path, diagnostics)),
        Value::Tuple(elements) => Value::Tuple(known_each(elements, path, diagnostics)),
        Value::Set(elements) => Value::Set(
            elements
                .into_iter()
                .map(|v| known(v, path, diagnostics))
                .collect(),
        ),
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(k, v)| {
                    let v = known(v, &path.then(Step::Key(k.clone())), diagnostics);
                    (k, v)
                })
                .collect(),
        ),
        Value::Object(attributes) => Value::Object(
            attributes
                .into_iter()
                .map(|(k, v)| {
                    let v = known(v, &path.then(Step::Attribute(k.clone().into())), diagnostics);
                    (k, v)
                })
                .collect(),
        ),
        Value::Dynamic(ty, inner) => Value::Dynamic(ty, Box::new(known(*inner, path, diagnostics))),
        value => value,
    }
}

fn known_each(elements: Vec<Value>, path: &Path, diagnostics: &mut Diagnostics) -> Vec<Value> {
    elements
        .into_iter()
        .zip(0..)
        .map(|(v, i)| known(v, &path.then(Step::Index(i)), diagnostics))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nesting;

    fn check(planned: &Value, state: Value) -> (Value, Vec<String>) {
        let mut diagnostics = Diagnostics::new();
        let state = check_consistency(planned, state, &mut diagnostics);
        (
            state,
            diagnostics
                .into_iter()
                .map(|d| d.path.unwrap_or_default().to_string())
                .collect(),
        )
    }

    #[test]
    fn check_consistency_unknown_planned_accepts_any_value() {
        let planned = Value::object([("id", Value::Unknown), ("n", Value::List(vec![Value::Unknown]))]);
        let state = Value::object([("id", "1".into()), ("n", Value::List(vec![Value::Null]))]);
        assert_eq!(check(&planned, state.clone()), (state, vec![]));
    }

    #[test]
    fn check_consistency_changed_value_is_error_and_state_remains() {
        let planned = Value::object([
            ("a", "x".into()),
            ("m", Value::Map([("k".to_owned(), 1_i64.into())].into())),
            ("s", Value::Set(vec!["p".into(), "q".into()])),
        ]);
        let state = Value::object([
            ("a", "y".into()),
            ("m", Value::Map([("k".to_owned(), 2_i64.into())].into())),
            ("s", Value::Set(vec!["q".into(), "p".into()])),
        ]);
        let (after, paths) = check(&planned, state.clone());
        assert_eq!(after, state);
        assert_eq!(paths, ["a", "m[\"k\"]"]);
    }

    #[test]
    fn check_consistency_unknown_value_becomes_null_with_error() {
        let planned = Value::object([("id", Value::Unknown), ("n", Value::Unknown)]);
        let state = Value::object([("id", Value::Unknown), ("n", Value::List(vec![Value::Unknown]))]);
        let (after, paths) = check(&planned, state);
        assert!(after.is_wholly_known());
        assert_eq!(paths, ["id", "n[0]"]);
    }

    #[test]
    fn without_write_only_nested_argument_becomes_null() {
        let secret = || Attribute::string("secret").optional().write_only();
        let schema = Schema::new(
            "",
            [secret(), Attribute::nested("list", Nesting::List, [secret()])],
        );
        let inner = Value::object([("secret", "s".into())]);
        let value = Value::object([("secret", "s".into()), ("list", Value::List(vec![inner]))]);
        let clean = without_write_only(&schema, value);
        let none = Value::object([("secret", Value::Null)]);
        assert_eq!(
            clean,
            Value::object([("secret", Value::Null), ("list", Value::List(vec![none]))])
        );
    }
}
