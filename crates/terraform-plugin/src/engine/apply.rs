//! The rules for the state after a change, whatever a resource returns.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;
use crate::value::path::Path;

/// Sets every write-only argument to null: no state and no plan contains one.
pub(crate) fn without_write_only(schema: &Schema, mut value: Value) -> Value {
    remove(schema, &mut value, |attribute| attribute.write_only);
    value
}

/// Sets every sensitive or write-only attribute to null, for values that the host prints.
pub(crate) fn without_secrets(schema: &Schema, mut value: Value) -> Value {
    remove(schema, &mut value, |attribute| {
        attribute.write_only || attribute.sensitive
    });
    value
}

fn remove(schema: &Schema, value: &mut Value, removed: fn(&Attribute) -> bool) {
    for (_, object) in value.objects_mut() {
        for attribute in schema.attributes() {
            match (object.get_mut(attribute.name), &attribute.kind) {
                (Some(value), _) if removed(attribute) => *value = Value::Null,
                (Some(value), Kind::Nested(_, inner)) => remove(inner, value, removed),
                _ => {}
            }
        }
    }
}

/// The state after a change: what the resource returned, and the planned value where that was known. Terraform refuses
/// any other state, and would replace the object.
///
/// A value that means the same as the planned one is no difference. Any other is reported as a warning, and the next
/// refresh shows it. An unknown value becomes null, with an error.
pub(crate) fn settle(
    schema: &Schema,
    planned: &Value,
    mut state: Value,
    diagnostics: &mut Diagnostics,
) -> Value {
    let root = Path::root();
    settle_object(schema, planned, &mut state, &root, diagnostics);
    known(&mut state, &root, diagnostics);
    state
}

/// The values of a response, and the values of before where these mean the same. An unknown value becomes null, with an
/// error.
pub(crate) fn keep(
    schema: &Schema,
    before: &Value,
    mut state: Value,
    diagnostics: &mut Diagnostics,
) -> Value {
    keep_object(schema, before, &mut state);
    known(&mut state, &Path::root(), diagnostics);
    state
}

fn keep_object(schema: &Schema, before: &Value, state: &mut Value) {
    for attribute in schema.attributes() {
        let old = before.get(attribute.name);
        let Some(new) = state.get_mut(attribute.name) else {
            continue;
        };
        if let Kind::Nested(_, inner) = &attribute.kind {
            for (step, new) in new.objects_mut() {
                keep_object(inner, old.object_at(step.as_ref()), new);
            }
        } else if attribute.semantic_equality.is_some() && attribute.means_the_same(old, new) {
            new.clone_from(old);
        }
    }
}

fn settle_object(
    schema: &Schema,
    planned: &Value,
    state: &mut Value,
    parent: &Path,
    diagnostics: &mut Diagnostics,
) {
    if planned.as_object().is_none() {
        return;
    }
    for attribute in schema.attributes() {
        let planned = planned.get(attribute.name);
        let Some(new) = state.get_mut(attribute.name) else {
            continue;
        };
        let path = parent.attribute(attribute.name);
        let is_set = matches!(planned, Value::Set(_));
        match &attribute.kind {
            Kind::Nested(_, inner) if planned.pairs_with(new) && !is_set => {
                for (step, new) in new.objects_mut() {
                    let planned = planned.object_at(step.as_ref());
                    settle_object(inner, planned, new, &path.join(step), diagnostics);
                }
            }
            _ => settle_plain(attribute, planned, new, &path, diagnostics),
        }
    }
}

fn settle_plain(
    attribute: &Attribute,
    planned: &Value,
    new: &mut Value,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if fits(planned, new) {
        return;
    }
    if !planned.is_wholly_known() {
        diagnostics.push(
            Diagnostic::error(
                "Provider returned a value that differs from the plan",
                "The known part of the planned value has changed. This is a bug in the provider: please report it.",
            )
            .at(path.clone()),
        );
        return;
    }
    if !new.is_unknown() && !attribute.means_the_same(planned, new) {
        diagnostics.push(
            Diagnostic::warning(
                "The service returned a different value than the one applied",
                "The state contains the applied value. The next plan shows the value of the service. If it does so after \
                 each apply, set the argument to that value.",
            )
            .at(path.clone()),
        );
    }
    new.clone_from(planned);
}

/// Whether a value is the planned one, with something known in place of each unknown part.
fn fits(planned: &Value, new: &Value) -> bool {
    match (planned, new) {
        (Value::Unknown, _) => true,
        // The elements of a set cannot be matched while parts of them are unknown.
        (Value::Set(elements), Value::Set(new)) if !planned.is_wholly_known() => new.len() <= elements.len(),
        (Value::Set(_), new) => planned == new,
        (Value::Dynamic(_, planned), Value::Dynamic(_, new)) => fits(planned, new),
        (planned, new) if planned.pairs_with(new) => planned
            .elements()
            .zip(new.elements())
            .all(|(planned, new)| fits(planned, new)),
        (planned, new) => planned == new,
    }
}

fn known(value: &mut Value, path: &Path, diagnostics: &mut Diagnostics) {
    if value.is_unknown() {
        diagnostics.push(
            Diagnostic::error(
                "Provider returned an unknown value",
                "This is a bug in the provider: please report it. The value is null in the state.",
            )
            .at(path.clone()),
        );
        *value = Value::Null;
        return;
    }
    if let Value::Dynamic(_, inner) = value {
        return known(inner, path, diagnostics);
    }
    for (step, child) in value.children_mut() {
        known(child, &path.join(step), diagnostics);
    }
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
