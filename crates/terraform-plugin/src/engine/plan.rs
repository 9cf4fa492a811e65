//! The plan of a change, as the schema determines it.
//!
//! A configured value is planned unchanged, or as the prior value if that means the same. A value that is not configured
//! is the default. Without a default, it is the prior value or unknown if it is computed, and null otherwise. A
//! write-only argument is null.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind, Nesting};
use crate::value::Value;
use crate::value::path::{Path, Step};

/// The state that the configuration requests, before the resource's own plan. Without a change, it is the prior state.
/// With a change, the computed values that the update can change are unknown: all except those of attributes with
/// `use_state_for_unknown`.
#[must_use]
pub fn plan(schema: &Schema, prior: &Value, config: &Value) -> Value {
    let kept = object(schema.attributes(), prior, config, false);
    if kept == *prior {
        kept
    } else {
        changed(schema, prior, config)
    }
}

/// The plan of a creation, or of an update, also if no argument changes.
#[must_use]
pub fn changed(schema: &Schema, prior: &Value, config: &Value) -> Value {
    object(schema.attributes(), prior, config, true)
}

fn object(attributes: &[Attribute], prior: &Value, config: &Value, changes: bool) -> Value {
    Value::object(attributes.iter().map(|attribute| {
        let (prior, config) = (prior.get(attribute.name), config.get(attribute.name));
        (attribute.name, value(attribute, prior, config, changes))
    }))
}

fn value(attribute: &Attribute, prior: &Value, config: &Value, changes: bool) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if config.is_null() {
        return match &attribute.default {
            Some(default) if attribute.means_the_same(default, prior) => prior.clone(),
            Some(default) => default.clone(),
            None if !attribute.computed => Value::Null,
            // The change can set a value that is null in the prior state.
            None if changes && (prior.is_null() || !attribute.use_state_for_unknown) => Value::Unknown,
            None => prior.clone(),
        };
    }
    let Kind::Nested(_, inner) = &attribute.kind else {
        return if attribute.means_the_same(config, prior) {
            prior.clone()
        } else {
            config.clone()
        };
    };
    let mut planned = config.clone();
    match &mut planned {
        config @ Value::Object(_) => element(inner, Some(prior), config, changes),
        Value::List(elements) => {
            let prior = list(prior);
            for (i, config) in elements.iter_mut().enumerate() {
                element(inner, prior.get(i), config, changes);
            }
        }
        Value::Set(elements) => {
            let mut rest: Vec<&Value> = match prior {
                Value::Set(prior) => prior.iter().collect(),
                _ => Vec::new(),
            };
            for config in elements {
                let matched = rest.iter().position(|prior| comes_from(inner, prior, config));
                element(inner, matched.map(|at| rest.remove(at)), config, changes);
            }
        }
        Value::Map(entries) => {
            for (key, config) in entries {
                let prior = match prior {
                    Value::Map(prior) => prior.get(key),
                    _ => None,
                };
                element(inner, prior, config, changes);
            }
        }
        _ => {}
    }
    planned
}

/// Plans a nested object in place of its configuration. The computed values of an object without a prior one are
/// unknown.
fn element(inner: &[Attribute], prior: Option<&Value>, config: &mut Value, changes: bool) {
    let prior = prior.unwrap_or(&Value::Null);
    if config.as_object().is_some() {
        *config = object(inner, prior, config, changes || prior.is_null());
    }
}

/// Whether an element of the prior set can be the one that is configured: the configured attributes are the same, and
/// the provider may have set the others. Terraform matches the elements of sets in the same way.
fn comes_from(attributes: &[Attribute], prior: &Value, config: &Value) -> bool {
    let same = |attribute: &Attribute| {
        let (prior, config) = (prior.get(attribute.name), config.get(attribute.name));
        if attribute.write_only || config.is_null() && attribute.computed {
            return true;
        }
        let Kind::Nested(_, inner) = &attribute.kind else {
            return attribute.means_the_same(prior, config);
        };
        match (prior, config) {
            (Value::Object(_), Value::Object(_)) => comes_from(inner, prior, config),
            (Value::List(prior), Value::List(config)) => {
                prior.len() == config.len()
                    && prior
                        .iter()
                        .zip(config)
                        .all(|(prior, config)| comes_from(inner, prior, config))
            }
            (Value::Set(prior), Value::Set(config)) => {
                let one_of = |config| prior.iter().any(|prior| comes_from(inner, prior, config));
                prior.len() == config.len() && config.iter().all(one_of)
            }
            (Value::Map(prior), Value::Map(config)) => {
                let of_key = |(key, config): (&String, &Value)| {
                    prior
                        .get(key)
                        .is_some_and(|prior| comes_from(inner, prior, config))
                };
                prior.len() == config.len() && config.iter().all(of_key)
            }
            (prior, config) => prior == config,
        }
    };
    attributes.iter().all(same)
}

fn list(value: &Value) -> &[Value] {
    if let Value::List(elements) = value {
        elements
    } else {
        &[]
    }
}

/// Makes unknown again what is unknown in the configuration. A model reads an unknown object as an object of unknown
/// attributes.
#[must_use]
pub fn with_unknowns(mut planned: Value, config: &Value) -> Value {
    restore_unknowns(&mut planned, config);
    planned
}

fn restore_unknowns(planned: &mut Value, config: &Value) {
    if matches!(config, Value::Unknown) && !planned.is_null() {
        *planned = Value::Unknown;
    } else if planned.pairs_with(config) {
        for (planned, config) in planned.elements_mut().zip(config.elements()) {
            restore_unknowns(planned, config);
        }
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
        if attribute.requires_replace && !attribute.means_the_same(before, now) && !filled_in {
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

/// Checks a plan that a resource has modified: a configured value must be unchanged, or the prior value that means the
/// same; and a value that is not configured must be null unless it is computed.
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
            attribute.means_the_same(now, config)
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
