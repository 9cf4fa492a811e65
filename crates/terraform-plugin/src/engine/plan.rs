//! The plan engine: what a change would make of a state, by the schema alone.
//!
//! The protocol's rules for plans live here and nowhere else (plugin protocol, what Terraform
//! checks): a value that the configuration gives is planned as given; one that it does not give
//! is the default, or if computed the prior value or unknown, or else null; a write-only argument
//! is null.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind, Nesting};
use crate::value::Value;
use crate::value::path::{Path, Step};

/// The state that the configuration asks for, before anything is known of what the change as a
/// whole touches: computed values are the proposed ones for an update, unknown for a creation.
#[must_use]
pub fn propose(schema: &Schema, prior: &Value, proposed: &Value, config: &Value) -> Value {
    propose_attributes(schema.attributes(), prior.is_null(), proposed, config)
}

fn propose_attributes(declared: &[Attribute], creating: bool, proposed: &Value, config: &Value) -> Value {
    Value::object(declared.iter().map(|attribute| {
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
        (Value::List(of), _) => {
            let before = if let Value::List(before) = proposed {
                before.as_slice()
            } else {
                &[]
            };
            Value::List(propose_elements(inner, creating, before, of))
        }
        (Value::Set(of), _) => {
            // Terraform pairs the elements of a proposed set with the configured ones by itself,
            // and leaves what they do not tell null.
            let before = if let Value::Set(before) = proposed {
                before.as_slice()
            } else {
                &[]
            };
            Value::Set(propose_elements(inner, creating, before, of))
        }
        (Value::Map(of), _) => Value::Map(
            of.iter()
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

/// Where an update changes anything, what it may touch is no longer known: every computed value
/// that still is the prior one, unless its attribute keeps it or the resource has decided it.
/// Without a change nothing is touched, so that the plan is empty.
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
    let mut touched = mark_attributes(schema.attributes(), prior, planned.clone(), config);
    for name in keep_planned {
        touched.set(name, planned.get(name).clone());
    }
    touched
}

fn mark_attributes(declared: &[Attribute], prior: &Value, mut planned: Value, config: &Value) -> Value {
    for attribute in declared {
        let (before, given) = (prior.get(attribute.name), config.get(attribute.name));
        let now = planned.get(attribute.name).clone();
        let told_by_provider = attribute.computed && attribute.default.is_none() && given.is_null();
        let touched = if told_by_provider {
            // A prior null is no value to keep: the object may well get one.
            let kept = attribute.use_state_for_unknown && !before.is_null();
            if kept || now != *before {
                now
            } else {
                Value::Unknown
            }
        } else {
            match (&attribute.kind, now) {
                (Kind::Nested(Nesting::Single, inner), now @ Value::Object(_)) => {
                    mark_attributes(inner, before, now, given)
                }
                (Kind::Nested(_, inner), Value::List(now)) => {
                    let (before, given) = (list(before), list(given));
                    let touch = |(i, now)| match (before.get(i), given.get(i)) {
                        (Some(before), Some(given)) => mark_attributes(inner, before, now, given),
                        _ => now,
                    };
                    Value::List(now.into_iter().enumerate().map(touch).collect())
                }
                (Kind::Nested(_, inner), Value::Map(now)) => {
                    let touch = |(key, now): (String, Value)| match (before, given) {
                        (Value::Map(before), Value::Map(given)) if before.contains_key(&key) => {
                            let now = mark_attributes(inner, &before[&key], now, &given[&key]);
                            (key, now)
                        }
                        _ => (key, now),
                    };
                    Value::Map(now.into_iter().map(touch).collect())
                }
                (_, now) => now,
            }
        };
        planned.set(attribute.name, touched);
    }
    planned
}

fn list(value: &Value) -> &[Value] {
    if let Value::List(of) = value { of } else { &[] }
}

/// The attributes whose change needs another object.
#[must_use]
pub fn replacements(schema: &Schema, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    if !prior.is_null() && !planned.is_null() {
        replaced(schema.attributes(), prior, planned, &Path::root(), &mut found);
    }
    found
}

fn replaced(declared: &[Attribute], prior: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
    for attribute in declared {
        let (before, now) = (prior.get(attribute.name), planned.get(attribute.name));
        let path = at.then(Step::Attribute(attribute.name.into()));
        // A computed value that was never told, as in a state taken over from elsewhere, is learnt rather
        // than changed.
        let learnt = attribute.computed && before.is_null();
        if attribute.requires_replace && before != now && !learnt {
            found.push(path);
        } else if let Kind::Nested(nesting, inner) = &attribute.kind {
            match (nesting, before, now) {
                (Nesting::Single, Value::Object(_), Value::Object(_)) => {
                    replaced(inner, before, now, &path, found);
                }
                (_, Value::List(before), Value::List(now)) => {
                    for ((before, now), i) in before.iter().zip(now).zip(0..) {
                        replaced(inner, before, now, &path.then(Step::Index(i)), found);
                    }
                }
                (_, Value::Map(before), Value::Map(now)) => {
                    for (key, before) in before {
                        if let Some(now) = now.get(key) {
                            replaced(inner, before, now, &path.then(Step::Key(key.clone())), found);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Checks a plan that a resource has had its say in: a value that the configuration gives must
/// stand as given, and one that it does not give stays null unless computed.
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
    declared: &[Attribute],
    planned: &Value,
    config: &Value,
    at: &Path,
    diagnostics: &mut Diagnostics,
) {
    for attribute in declared {
        let (now, given) = (planned.get(attribute.name), config.get(attribute.name));
        let path = at.then(Step::Attribute(attribute.name.into()));
        let sound = if attribute.write_only {
            now.is_null()
        } else if given.is_null() {
            attribute.computed || now.is_null()
        } else if let Kind::Nested(_, inner) = &attribute.kind {
            match (now, given) {
                (Value::Object(_), Value::Object(_)) => {
                    check_attributes(inner, now, given, &path, diagnostics);
                    true
                }
                (Value::List(now), Value::List(given)) if now.len() == given.len() => {
                    for ((now, given), i) in now.iter().zip(given).zip(0..) {
                        check_attributes(inner, now, given, &path.then(Step::Index(i)), diagnostics);
                    }
                    true
                }
                (Value::Map(now), Value::Map(given)) if now.keys().eq(given.keys()) => {
                    for (key, now) in now {
                        let path = path.then(Step::Key(key.clone()));
                        check_attributes(inner, now, &given[key], &path, diagnostics);
                    }
                    true
                }
                (Value::Set(now), Value::Set(given)) => now.len() == given.len(),
                _ => now == given,
            }
        } else {
            now == given
        };
        if !sound {
            diagnostics.push(
                Diagnostic::error(
                    "Provider planned another value than the configuration gives",
                    "This is a bug in the provider: please report it with the configuration of this block.",
                )
                .at(path),
            );
        }
    }
}

#[cfg(test)]
mod tests;
