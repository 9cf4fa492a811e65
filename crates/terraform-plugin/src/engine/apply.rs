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

/// The state after a change: what the resource returned, and the planned value where that was known. Terraform refuses
/// any other state, and would replace the object.
///
/// A value that means the same as the planned one is no difference. Any other is reported as a warning, and the next
/// refresh shows it. An unknown value becomes null, with an error.
#[must_use]
pub fn settle(schema: &Schema, planned: &Value, state: Value, diagnostics: &mut Diagnostics) -> Value {
    let settled = settle_object(schema.attributes(), planned, state, &Path::root(), diagnostics);
    known(settled, &Path::root(), diagnostics)
}

/// The values of a response, and the values of before where these mean the same. An unknown value becomes null, with an
/// error.
#[must_use]
pub fn keep(schema: &Schema, before: &Value, state: Value, diagnostics: &mut Diagnostics) -> Value {
    known(
        keep_object(schema.attributes(), before, state),
        &Path::root(),
        diagnostics,
    )
}

fn keep_object(attributes: &[Attribute], before: &Value, mut state: Value) -> Value {
    for attribute in attributes {
        let (old, new) = (before.get(attribute.name), state.get(attribute.name));
        if let Kind::Nested(_, inner) = &attribute.kind {
            let kept = match (old, new) {
                (Value::Object(_), Value::Object(_)) => keep_object(inner, old, new.clone()),
                (Value::List(old), Value::List(new)) if old.len() == new.len() => Value::List(
                    old.iter()
                        .zip(new)
                        .map(|(old, new)| keep_object(inner, old, new.clone()))
                        .collect(),
                ),
                (Value::Map(old), Value::Map(new)) => Value::Map(
                    new.iter()
                        .map(|(key, new)| {
                            let old = old.get(key).unwrap_or(&Value::Null);
                            (key.clone(), keep_object(inner, old, new.clone()))
                        })
                        .collect(),
                ),
                _ => continue,
            };
            state.set(attribute.name, kept);
        } else if attribute.semantic_equality.is_some() && attribute.means_the_same(old, new) {
            state.set(attribute.name, old.clone());
        }
    }
    state
}

fn settle_object(
    attributes: &[Attribute],
    planned: &Value,
    mut state: Value,
    parent: &Path,
    diagnostics: &mut Diagnostics,
) -> Value {
    if planned.as_object().is_none() || state.as_object().is_none() {
        return state;
    }
    for attribute in attributes {
        let path = parent.attribute(attribute.name);
        let new = state.get(attribute.name).clone();
        let settled = settle_value(attribute, planned.get(attribute.name), new, &path, diagnostics);
        state.set(attribute.name, settled);
    }
    state
}

fn settle_value(
    attribute: &Attribute,
    planned: &Value,
    new: Value,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Value {
    if let Kind::Nested(_, inner) = &attribute.kind {
        match (planned, new) {
            (Value::Object(_), new @ Value::Object(_)) => {
                return settle_object(inner, planned, new, path, diagnostics);
            }
            (Value::List(planned), Value::List(new)) if planned.len() == new.len() => {
                let settled = planned.iter().zip(new).zip(0_i64..).map(|((planned, new), i)| {
                    settle_object(inner, planned, new, &path.then(i), diagnostics)
                });
                return Value::List(settled.collect());
            }
            (Value::Map(planned), Value::Map(new)) if planned.keys().eq(new.keys()) => {
                let settled = new.into_iter().map(|(key, new)| {
                    let path = path.then(Step::Key(key.clone()));
                    let new = settle_object(inner, &planned[&key], new, &path, diagnostics);
                    (key, new)
                });
                return Value::Map(settled.collect());
            }
            (planned, new) => return settle_plain(attribute, planned, new, path, diagnostics),
        }
    }
    settle_plain(attribute, planned, new, path, diagnostics)
}

fn settle_plain(
    attribute: &Attribute,
    planned: &Value,
    new: Value,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Value {
    if fits(planned, &new) {
        return new;
    }
    if !planned.is_wholly_known() {
        diagnostics.push(
            Diagnostic::error(
                "Provider returned a value that differs from the plan",
                "The known part of the planned value has changed. This is a bug in the provider: please report it.",
            )
            .at(path.clone()),
        );
        return new;
    }
    if !new.is_unknown() && !attribute.means_the_same(planned, &new) {
        diagnostics.push(
            Diagnostic::warning(
                "The service returned a different value than the one applied",
                "The state contains the applied value. The next plan shows the value of the service. If it does so after \
                 each apply, set the argument to that value.",
            )
            .at(path.clone()),
        );
    }
    planned.clone()
}

/// Whether a value is the planned one, with something known in place of each unknown part.
fn fits(planned: &Value, new: &Value) -> bool {
    match (planned, new) {
        (Value::Unknown, _) => true,
        (Value::List(planned), Value::List(new)) | (Value::Tuple(planned), Value::Tuple(new)) => {
            planned.len() == new.len() && planned.iter().zip(new).all(|(planned, new)| fits(planned, new))
        }
        (Value::Map(planned), Value::Map(new)) | (Value::Object(planned), Value::Object(new)) => {
            planned.keys().eq(new.keys())
                && planned
                    .values()
                    .zip(new.values())
                    .all(|(planned, new)| fits(planned, new))
        }
        // The elements of a set cannot be matched while parts of them are unknown.
        (Value::Set(elements), Value::Set(new)) if !planned.is_wholly_known() => new.len() <= elements.len(),
        (Value::Dynamic(_, planned), Value::Dynamic(_, new)) => fits(planned, new),
        (planned, new) => planned == new,
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
    use crate::{Nesting, Severity, Type};

    fn schema() -> Schema {
        let inner = || {
            [
                Attribute::string("x").optional(),
                Attribute::string("y").computed(),
            ]
        };
        let plain = |name, ty| Attribute::new(name, Kind::Plain(ty)).optional();
        Schema::new(
            "",
            [
                Attribute::string("id").computed(),
                Attribute::string("a").optional(),
                Attribute::string("url").optional().semantic_equality(same_url),
                plain("m", Type::map(Type::Number)),
                plain("n", Type::list(Type::String)),
                plain("s", Type::set(Type::String)),
                Attribute::nested("list", Nesting::List, inner()).optional(),
            ],
        )
    }

    fn same_url(a: &str, b: &str) -> bool {
        a.trim_end_matches('/') == b.trim_end_matches('/')
    }

    fn shaped<const N: usize>(attributes: [(&str, Value); N]) -> Value {
        Value::object(attributes).shaped(schema().object_type()).unwrap()
    }

    fn check(planned: &Value, state: Value) -> (Value, Vec<(Severity, String)>) {
        let mut diagnostics = Diagnostics::new();
        let state = settle(&schema(), planned, state, &mut diagnostics);
        let reported = diagnostics
            .into_iter()
            .map(|d| (d.severity, d.path.unwrap_or_default().to_string()));
        (state, reported.collect())
    }

    #[test]
    fn settle_unknown_planned_accepts_any_value() {
        let planned = shaped([("id", Value::Unknown), ("n", Value::List(vec![Value::Unknown]))]);
        let state = shaped([("id", "1".into()), ("n", Value::List(vec![Value::Null]))]);
        assert_eq!(check(&planned, state.clone()), (state, vec![]));
    }

    /// An error would taint a created object, and the next apply would replace it.
    #[test]
    fn settle_changed_value_is_warning_and_planned_value_remains() {
        let nested = |x: &str| Value::List(vec![Value::object([("x", x.into()), ("y", "1".into())])]);
        let planned = shaped([
            ("a", "x".into()),
            ("m", Value::Map([("k".to_owned(), 1_i64.into())].into())),
            ("s", Value::Set(vec!["p".into(), "q".into()])),
            ("list", nested("p")),
        ]);
        let state = shaped([
            ("a", "y".into()),
            ("m", Value::Map([("k".to_owned(), 2_i64.into())].into())),
            ("s", Value::Set(vec!["q".into(), "p".into()])),
            ("list", nested("q")),
        ]);
        let (after, reported) = check(&planned, state);
        assert_eq!(after, planned);
        let warning = |path: &str| (Severity::Warning, path.to_owned());
        assert_eq!(reported, ["a", "m", "list[0].x"].map(warning));
    }

    #[test]
    fn settle_value_that_means_the_same_is_the_planned_one() {
        let planned = shaped([("url", "https://a.example".into())]);
        let state = shaped([("url", "https://a.example/".into())]);
        assert_eq!(check(&planned, state.clone()), (planned.clone(), vec![]));
        let mut diagnostics = Diagnostics::new();
        assert_eq!(keep(&schema(), &planned, state, &mut diagnostics), planned);
        let other = shaped([("url", "https://b.example/".into())]);
        assert_eq!(keep(&schema(), &planned, other.clone(), &mut diagnostics), other);
        assert!(diagnostics.is_empty());
    }

    #[test]
    fn settle_unknown_value_becomes_null_with_error() {
        let planned = shaped([("id", Value::Unknown), ("n", Value::Unknown)]);
        let state = shaped([("id", Value::Unknown), ("n", Value::List(vec![Value::Unknown]))]);
        let (after, reported) = check(&planned, state);
        assert!(after.is_wholly_known());
        let error = |path: &str| (Severity::Error, path.to_owned());
        assert_eq!(reported, ["id", "n[0]"].map(error));
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
