//! The plan of a change, as the schema determines it.
//!
//! A configured value is planned unchanged. A value that is not configured is the default. Without a default, it is the
//! prior value or unknown if it is computed, and null otherwise. A write-only argument is null.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind, Nesting};
use crate::value::Value;
use crate::value::path::{Path, Step};

/// The state that the configuration requests. Computed values are the proposed ones for an update, and unknown for a
/// create; [`mark_computed_unknown`] then determines which of them the update can change.
#[must_use]
pub fn propose(schema: &Schema, prior: &Value, proposed: &Value, config: &Value) -> Value {
    propose_attributes(schema.attributes(), prior.is_null(), proposed, config)
}

fn propose_attributes(attributes: &[Attribute], creating: bool, proposed: &Value, config: &Value) -> Value {
    Value::object(attributes.iter().map(|attribute| {
        let (proposed, config) = (proposed.get(attribute.name), config.get(attribute.name));
        (
            attribute.name,
            propose_attribute(attribute, creating, proposed, config),
        )
    }))
}

fn propose_attribute(attribute: &Attribute, creating: bool, proposed: &Value, config: &Value) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if config.is_null() {
        return match &attribute.default {
            Some(default) => default.clone(),
            None if !attribute.computed => Value::Null,
            None if creating => Value::Unknown,
            None => proposed.clone(),
        };
    }
    let Kind::Nested(_, inner) = &attribute.kind else {
        return config.clone();
    };
    match (config, proposed) {
        (Value::Object(_), _) => propose_attributes(inner, creating || proposed.is_null(), proposed, config),
        (Value::List(elements), _) => {
            let before = if let Value::List(before) = proposed {
                before.as_slice()
            } else {
                &[]
            };
            Value::List(propose_elements(inner, creating, before, elements))
        }
        (Value::Set(elements), _) => {
            // Terraform matches the elements of a proposed set with the configured ones.
            let before = if let Value::Set(before) = proposed {
                before.as_slice()
            } else {
                &[]
            };
            Value::Set(propose_elements(inner, creating, before, elements))
        }
        (Value::Map(entries), _) => Value::Map(
            entries
                .iter()
                .map(|(key, config)| {
                    let before = match proposed {
                        Value::Map(before) => before.get(key).unwrap_or(&Value::Null),
                        _ => &Value::Null,
                    };
                    let planned = propose_element(inner, creating || before.is_null(), before, config);
                    (key.clone(), planned)
                })
                .collect(),
        ),
        _ => config.clone(),
    }
}

fn propose_elements(inner: &[Attribute], creating: bool, before: &[Value], config: &[Value]) -> Vec<Value> {
    let elements = config.iter().enumerate().map(|(i, config)| {
        let before = before.get(i).unwrap_or(&Value::Null);
        propose_element(inner, creating || before.is_null(), before, config)
    });
    elements.collect()
}

fn propose_element(inner: &[Attribute], creating: bool, before: &Value, config: &Value) -> Value {
    match config {
        Value::Object(_) => propose_attributes(inner, creating, before, config),
        other => other.clone(),
    }
}

/// Marks the computed values that an update can change as unknown: those that equal the prior value, except for
/// attributes with `use_state_for_unknown` and those in `keep_planned`. Without a change, the plan remains empty.
#[must_use]
pub fn mark_computed_unknown(
    schema: &Schema,
    prior: &Value,
    planned: Value,
    config: &Value,
    keep_planned: &[&str],
) -> Value {
    if prior.is_null() || planned == *prior {
        return planned;
    }
    let mut marked = mark_attributes(schema.attributes(), prior, planned.clone(), config);
    for name in keep_planned {
        marked.set(name, planned.get(name).clone());
    }
    marked
}

fn mark_attributes(attributes: &[Attribute], prior: &Value, mut planned: Value, config: &Value) -> Value {
    for attribute in attributes {
        let (before, config) = (prior.get(attribute.name), config.get(attribute.name));
        let now = planned.get(attribute.name).clone();
        let set_by_provider = attribute.computed && attribute.default.is_none() && config.is_null();
        let marked = if set_by_provider {
            // The update can set a value that is null in the prior state.
            let keep = attribute.use_state_for_unknown && !before.is_null();
            if keep || now != *before {
                now
            } else {
                Value::Unknown
            }
        } else {
            match (&attribute.kind, now) {
                (Kind::Nested(Nesting::Single, inner), now @ Value::Object(_)) => {
                    mark_attributes(inner, before, now, config)
                }
                (Kind::Nested(_, inner), Value::List(now)) => {
                    let (before, config) = (list(before), list(config));
                    let mark = |(i, now)| match (before.get(i), config.get(i)) {
                        (Some(before), Some(config)) => mark_attributes(inner, before, now, config),
                        _ => now,
                    };
                    Value::List(now.into_iter().enumerate().map(mark).collect())
                }
                (Kind::Nested(_, inner), Value::Map(now)) => {
                    let mark = |(key, now): (String, Value)| match (before, config) {
                        (Value::Map(before), Value::Map(config)) if before.contains_key(&key) => {
                            let now = mark_attributes(inner, &before[&key], now, &config[&key]);
                            (key, now)
                        }
                        _ => (key, now),
                    };
                    Value::Map(now.into_iter().map(mark).collect())
                }
                (_, now) => now,
            }
        };
        planned.set(attribute.name, marked);
    }
    planned
}

fn list(value: &Value) -> &[Value] {
    if let Value::List(elements) = value {
        elements
    } else {
        &[]
    }
}

/// The attributes whose change replaces the object.
#[must_use]
pub fn replacements(schema: &Schema, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    if !prior.is_null() && !planned.is_null() {
        replaced(schema.attributes(), prior, planned, &Path::root(), &mut paths);
    }
    paths
}

fn replaced(attributes: &[Attribute], prior: &Value, planned: &Value, parent: &Path, paths: &mut Vec<Path>) {
    for attribute in attributes {
        let (before, now) = (prior.get(attribute.name), planned.get(attribute.name));
        let path = parent.then(Step::Attribute(attribute.name.into()));
        // A computed value that is null, as in a state of another provider, is filled in, which is not a change.
        let filled_in = attribute.computed && before.is_null();
        if attribute.requires_replace && before != now && !filled_in {
            paths.push(path);
        } else if let Kind::Nested(nesting, inner) = &attribute.kind {
            match (nesting, before, now) {
                (Nesting::Single, Value::Object(_), Value::Object(_)) => {
                    replaced(inner, before, now, &path, paths);
                }
                (_, Value::List(before), Value::List(now)) => {
                    for ((before, now), i) in before.iter().zip(now).zip(0..) {
                        replaced(inner, before, now, &path.then(Step::Index(i)), paths);
                    }
                }
                (_, Value::Map(before), Value::Map(now)) => {
                    for (key, before) in before {
                        if let Some(now) = now.get(key) {
                            replaced(inner, before, now, &path.then(Step::Key(key.clone())), paths);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Checks a plan that a resource has modified: a configured value must be unchanged, and a value that is not configured
/// must be null unless it is computed.
#[must_use]
pub fn check(schema: &Schema, planned: &Value, config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    check_attributes(
        schema.attributes(),
        planned,
        config,
        &Path::root(),
        &mut diagnostics,
    );
    diagnostics
}

fn check_attributes(
    attributes: &[Attribute],
    planned: &Value,
    config: &Value,
    parent: &Path,
    diagnostics: &mut Diagnostics,
) {
    for attribute in attributes {
        let (now, config) = (planned.get(attribute.name), config.get(attribute.name));
        let path = parent.then(Step::Attribute(attribute.name.into()));
        let valid = if attribute.write_only {
            now.is_null()
        } else if config.is_null() {
            attribute.computed || now.is_null()
        } else if let Kind::Nested(_, inner) = &attribute.kind {
            match (now, config) {
                (Value::Object(_), Value::Object(_)) => {
                    check_attributes(inner, now, config, &path, diagnostics);
                    true
                }
                (Value::List(now), Value::List(config)) if now.len() == config.len() => {
                    for ((now, config), i) in now.iter().zip(config).zip(0..) {
                        check_attributes(inner, now, config, &path.then(Step::Index(i)), diagnostics);
                    }
                    true
                }
                (Value::Map(now), Value::Map(config)) if now.keys().eq(config.keys()) => {
                    for (key, now) in now {
                        let path = path.then(Step::Key(key.clone()));
                        check_attributes(inner, now, &config[key], &path, diagnostics);
                    }
                    true
                }
                (Value::Set(now), Value::Set(config)) => now.len() == config.len(),
                _ => now == config,
            }
        } else {
            now == config
        };
        if !valid {
            diagnostics.push(
                Diagnostic::error(
                    "Provider planned a value that differs from the configuration",
                    "This is a bug in the provider: please report it with the configuration of this block.",
                )
                .at(path),
            );
        }
    }
}

#[cfg(test)]
mod tests;
