//! What must hold of a state after a change, whatever a resource answers.

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

/// Checks the state that a resource answered against its plan: what was planned as known must have
/// come out so, and nothing may be left unknown. What is unknown becomes null, with an error.
///
/// A difference is an error rather than a patched state: the state then tells what exists, and the
/// user learns which argument the other side does not keep as given.
#[must_use]
pub fn check_consistency(planned: &Value, state: Value, diagnostics: &mut Diagnostics) -> Value {
    compare(planned, &state, &Path::root(), diagnostics);
    known(state, &Path::root(), diagnostics)
}

fn compare(planned: &Value, state: &Value, at: &Path, diagnostics: &mut Diagnostics) {
    match (planned, state) {
        (Value::Unknown, _) | (_, Value::Unknown) => {}
        (Value::Object(planned), Value::Object(state)) => {
            for (name, planned) in planned {
                let state = state.get(name).unwrap_or(&Value::Null);
                compare(
                    planned,
                    state,
                    &at.then(Step::Attribute(name.clone().into())),
                    diagnostics,
                );
            }
        }
        (Value::Map(planned), Value::Map(state)) if planned.keys().eq(state.keys()) => {
            for (key, planned) in planned {
                compare(
                    planned,
                    &state[key],
                    &at.then(Step::Key(key.clone())),
                    diagnostics,
                );
            }
        }
        (Value::List(planned), Value::List(state)) | (Value::Tuple(planned), Value::Tuple(state))
            if planned.len() == state.len() =>
        {
            for ((planned, state), i) in planned.iter().zip(state).zip(0..) {
                compare(planned, state, &at.then(Step::Index(i)), diagnostics);
            }
        }
        // The elements of a set can't be paired while some of their parts are unknown.
        (Value::Set(elements), Value::Set(state))
            if !planned.is_wholly_known() && state.len() <= elements.len() => {}
        (planned, state) if planned == state => {}
        _ => diagnostics.push(
            Diagnostic::error(
                "The service keeps another value than the one applied",
                "The answer shows another value here than was planned, and the state holds what the service \
                 answered. If somebody else changed the object meanwhile, plan again. If it comes back, set the \
                 argument to the service's value (see `terraform state show`).",
            )
            .at(at.clone()),
        ),
    }
}

fn known(value: Value, at: &Path, diagnostics: &mut Diagnostics) -> Value {
    match value {
        value if value.is_unknown() => {
            diagnostics.push(
                Diagnostic::error(
                    "Provider left a value unknown after apply",
                    "This is a bug in the provider: please report it. The value stays empty in the state.",
                )
                .at(at.clone()),
            );
            Value::Null
        }
        Value::List(of) => Value::List(known_each(of, at, diagnostics)),
        Value::Tuple(of) => Value::Tuple(known_each(of, at, diagnostics)),
        Value::Set(of) => Value::Set(of.into_iter().map(|v| known(v, at, diagnostics)).collect()),
        Value::Map(of) => Value::Map(
            of.into_iter()
                .map(|(k, v)| {
                    let v = known(v, &at.then(Step::Key(k.clone())), diagnostics);
                    (k, v)
                })
                .collect(),
        ),
        Value::Object(of) => Value::Object(
            of.into_iter()
                .map(|(k, v)| {
                    let v = known(v, &at.then(Step::Attribute(k.clone().into())), diagnostics);
                    (k, v)
                })
                .collect(),
        ),
        Value::Dynamic(of, inner) => Value::Dynamic(of, Box::new(known(*inner, at, diagnostics))),
        value => value,
    }
}

fn known_each(of: Vec<Value>, at: &Path, diagnostics: &mut Diagnostics) -> Vec<Value> {
    of.into_iter()
        .zip(0..)
        .map(|(v, i)| known(v, &at.then(Step::Index(i)), diagnostics))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nesting;

    fn settled(planned: &Value, state: Value) -> (Value, Vec<String>) {
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
    fn what_was_unknown_may_become_anything() {
        let planned = Value::object([("id", Value::Unknown), ("n", Value::List(vec![Value::Unknown]))]);
        let state = Value::object([("id", "1".into()), ("n", Value::List(vec![Value::Null]))]);
        assert_eq!(settled(&planned, state.clone()), (state, vec![]));
    }

    #[test]
    fn what_was_known_must_come_out_so_and_the_state_stays_true() {
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
        let (after, paths) = settled(&planned, state.clone());
        assert_eq!(after, state);
        assert_eq!(paths, ["a", "m[\"k\"]"]);
    }

    #[test]
    fn nothing_unknown_is_left() {
        let planned = Value::object([("id", Value::Unknown), ("n", Value::Unknown)]);
        let state = Value::object([("id", Value::Unknown), ("n", Value::List(vec![Value::Unknown]))]);
        let (after, paths) = settled(&planned, state);
        assert!(after.is_wholly_known());
        assert_eq!(paths, ["id", "n[0]"]);
    }

    #[test]
    fn write_only_arguments_vanish_at_any_depth() {
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
