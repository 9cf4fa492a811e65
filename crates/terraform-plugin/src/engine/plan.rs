//! The plan of a change, as the schema determines it.
//!
//! A configured value is planned unchanged, or as the prior value if that means the same. A value that is not configured
//! is the default. Without a default, it is the prior value or unknown if it is computed, and null otherwise. A
//! write-only argument is null.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;
use crate::value::path::Path;

/// The state that the configuration requests, before the resource's own plan. Without a change, it is the prior state.
/// With a change, the computed values that the update can change are unknown: all except those of attributes with
/// `use_state_for_unknown`.
pub(crate) fn plan(schema: &Schema, prior: &Value, config: &Value) -> Value {
    let kept = object(schema, prior, config, false);
    if kept == *prior {
        kept
    } else {
        changed(schema, prior, config)
    }
}

/// The plan of a creation, or of an update, also if no argument changes.
pub(crate) fn changed(schema: &Schema, prior: &Value, config: &Value) -> Value {
    object(schema, prior, config, true)
}

fn object(schema: &Schema, prior: &Value, config: &Value, changes: bool) -> Value {
    Value::object(schema.attributes().iter().map(|attribute| {
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
    // The elements of a set have no position: each comes from one that is configured in the same way.
    let mut set = match (prior, config) {
        (Value::Set(prior), Value::Set(_)) => prior.iter().collect(),
        _ => Vec::new(),
    };
    let mut planned = config.clone();
    for (step, config) in planned.objects_mut() {
        let matched = set.iter().position(|prior| comes_from(inner, prior, config));
        let prior = matched.map_or_else(|| prior.object_at(step.as_ref()), |at| set.remove(at));
        if config.as_object().is_some() {
            // The computed values of an object without a prior one are unknown.
            *config = object(inner, prior, config, changes || prior.is_null());
        }
    }
    planned
}

/// Whether an element of the prior set can be the one that is configured: the configured attributes are the same, and
/// the provider may have set the others. Terraform matches the elements of sets in the same way.
fn comes_from(schema: &Schema, prior: &Value, config: &Value) -> bool {
    schema.attributes().iter().all(|attribute| {
        let (prior, config) = (prior.get(attribute.name), config.get(attribute.name));
        if attribute.write_only || config.is_null() && attribute.computed {
            return true;
        }
        match (&attribute.kind, prior, config) {
            (Kind::Nested(_, inner), Value::Set(prior), Value::Set(config)) => {
                let one_of = |config| prior.iter().any(|prior| comes_from(inner, prior, config));
                prior.len() == config.len() && config.iter().all(one_of)
            }
            (Kind::Nested(_, inner), prior, config) if prior.pairs_with(config) => {
                let mut elements = config.objects().into_iter();
                elements.all(|(step, config)| comes_from(inner, prior.object_at(step.as_ref()), config))
            }
            _ => attribute.means_the_same(prior, config),
        }
    })
}

/// Makes unknown again what is unknown in the configuration. A model reads an unknown object as an object of unknown
/// attributes.
pub(crate) fn restore_unknowns(planned: &mut Value, config: &Value) {
    if matches!(config, Value::Unknown) && !planned.is_null() {
        *planned = Value::Unknown;
    } else if planned.pairs_with(config) {
        for (planned, config) in planned.elements_mut().zip(config.elements()) {
            restore_unknowns(planned, config);
        }
    }
}

/// The attributes whose change replaces the object.
pub(crate) fn replacements(schema: &Schema, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    if !prior.is_null() && !planned.is_null() {
        replaced(schema, prior, planned, &Path::root(), &mut paths);
    }
    paths
}

fn replaced(schema: &Schema, prior: &Value, planned: &Value, parent: &Path, paths: &mut Vec<Path>) {
    for attribute in schema.attributes() {
        let (before, now) = (prior.get(attribute.name), planned.get(attribute.name));
        let path = parent.attribute(attribute.name);
        // A computed value that is null, as in a state of another provider, is filled in, which is not a change.
        let filled_in = attribute.computed && before.is_null();
        if attribute.requires_replace && !attribute.means_the_same(before, now) && !filled_in {
            paths.push(path);
        } else if let Kind::Nested(_, inner) = &attribute.kind {
            for (step, now) in now.objects() {
                let before = before.object_at(step.as_ref());
                if !before.is_null() {
                    replaced(inner, before, now, &path.join(step), paths);
                }
            }
        }
    }
}

/// Checks a plan that a resource has modified: a configured value must be unchanged, or the prior value that means the
/// same; and a value that is not configured must be null unless it is computed.
pub(crate) fn check(schema: &Schema, planned: &Value, config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    check_object(schema, planned, config, &Path::root(), &mut diagnostics);
    diagnostics
}

fn check_object(
    schema: &Schema,
    planned: &Value,
    config: &Value,
    parent: &Path,
    diagnostics: &mut Diagnostics,
) {
    for attribute in schema.attributes() {
        let (now, config) = (planned.get(attribute.name), config.get(attribute.name));
        let path = parent.attribute(attribute.name);
        let valid = if attribute.write_only {
            now.is_null()
        } else if config.is_null() {
            attribute.computed || now.is_null()
        } else if let Kind::Nested(_, inner) = &attribute.kind
            && now.pairs_with(config)
        {
            // The elements of a set cannot be matched: they may have been changed.
            let is_set = matches!(config, Value::Set(_));
            for (step, config) in config.objects().into_iter().filter(|_| !is_set) {
                let now = now.object_at(step.as_ref());
                check_object(inner, now, config, &path.join(step), diagnostics);
            }
            true
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
