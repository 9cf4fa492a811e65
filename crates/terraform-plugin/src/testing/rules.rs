//! What Terraform proposes for a plan, and what it checks in each response, also in nested objects.

use crate::Value;
use crate::plugin::proto::tfplugin6::schema::Attribute;

/// The state that Terraform proposes: the configuration, and where that is null for a computed attribute, the prior
/// value. It takes the prior elements of a list by position, of a map by key, and of a set by what is configured in them.
pub(super) fn proposed(attributes: &[Attribute], prior: &Value, config: &Value) -> Value {
    if config.as_object().is_none() {
        return config.clone();
    }
    Value::object(attributes.iter().map(|attribute| {
        let (prior, config) = (prior.get(&attribute.name), config.get(&attribute.name));
        let value = match &attribute.nested_type {
            _ if attribute.write_only => Value::Null,
            _ if config.is_null() && attribute.computed => prior.clone(),
            Some(nested) => proposed_elements(&nested.attributes, prior, config),
            None => config.clone(),
        };
        (attribute.name.clone(), value)
    }))
}

fn proposed_elements(attributes: &[Attribute], prior: &Value, config: &Value) -> Value {
    let mut set = match (prior, config) {
        (Value::Set(prior), Value::Set(_)) => prior.iter().collect(),
        _ => Vec::new(),
    };
    let mut elements = config.clone();
    for (step, config) in elements.objects_mut() {
        let matched = set.iter().position(|prior| comes_from(attributes, prior, config));
        let prior = matched.map_or_else(|| prior.object_at(step.as_ref()), |at| set.remove(at));
        *config = proposed(attributes, prior, config);
    }
    elements
}

/// Whether a value can be what became of this configuration: the computed attributes that it does not set can differ.
fn comes_from(attributes: &[Attribute], value: &Value, config: &Value) -> bool {
    attributes.iter().all(|attribute| {
        let (value, config) = (value.get(&attribute.name), config.get(&attribute.name));
        let nested = attribute.nested_type.as_ref();
        attribute.write_only && value.is_null()
            || config.is_null() && attribute.computed
            || value == config
            || nested.zip(pairs(value, config)).is_some_and(|(nested, pairs)| {
                let mut pairs = pairs.into_iter();
                pairs.all(|(value, config)| comes_from(&nested.attributes, value, config))
            })
    })
}

/// The nested objects of two values of the same shape, beside each other. Those of sets have no order.
fn pairs<'a>(a: &'a Value, b: &'a Value) -> Option<Vec<(&'a Value, &'a Value)>> {
    let objects = |value: &'a Value| value.objects().into_iter().map(|(_, object)| object);
    let beside = a.pairs_with(b) && !matches!(a, Value::Set(_));
    beside.then(|| objects(a).zip(objects(b)).collect())
}

/// Asserts that a plan has each configured value, or the prior value for it, and no other value except computed ones.
pub(super) fn check_plan(attributes: &[Attribute], prior: &Value, config: &Value, planned: &Value) {
    for attribute in attributes {
        let name = attribute.name.as_str();
        let (prior, config, planned) = (prior.get(name), config.get(name), planned.get(name));
        if attribute.write_only {
            assert!(planned.is_null(), "{name} is write-only, but planned");
            continue;
        }
        if config.is_null() {
            let valid = attribute.computed || planned.is_null();
            assert!(valid, "{name} is neither configured nor computed, but planned");
            continue;
        }
        let nested = attribute.nested_type.as_ref().map(|nested| &nested.attributes);
        match (nested, planned, config) {
            (Some(nested), Value::Set(planned), Value::Set(config)) => {
                let found = |config| planned.iter().any(|planned| comes_from(nested, planned, config));
                let valid = planned.len() == config.len() && config.iter().all(found);
                assert!(valid, "{name} is configured, but planned as another");
            }
            // The prior value of a nested object is not known here: only a whole value can be planned as before.
            _ => match nested.zip(pairs(planned, config)) {
                Some((nested, pairs)) => {
                    for (planned, config) in pairs {
                        check_plan(nested, &Value::Null, config, planned);
                    }
                }
                None => assert!(
                    planned == config || planned == prior,
                    "{name} is configured, but planned as another"
                ),
            },
        }
    }
}

/// Asserts that a state has the planned values, anything in place of the unknown ones, and no write-only value.
pub(super) fn check_apply(attributes: &[Attribute], planned: &Value, state: &Value) {
    for attribute in attributes {
        let name = attribute.name.as_str();
        let (planned, new) = (planned.get(name), state.get(name));
        assert!(fits(planned, new), "{name} was planned as another value");
        assert!(
            !attribute.write_only || new.is_null(),
            "{name} is write-only, but stored"
        );
    }
}

fn fits(planned: &Value, new: &Value) -> bool {
    match (planned, new) {
        (Value::Unknown, _) => true,
        (Value::Set(planned), Value::Set(new)) => {
            let found = |planned| new.iter().any(|new| fits(planned, new));
            planned.len() == new.len() && planned.iter().all(found)
        }
        (planned, new) if planned.pairs_with(new) => {
            let mut pairs = planned.elements().zip(new.elements());
            pairs.all(|(planned, new)| fits(planned, new))
        }
        (planned, new) => planned == new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::proto::tfplugin6::schema::Object;

    fn attribute(name: &str, computed: bool) -> Attribute {
        Attribute {
            name: name.to_owned(),
            computed,
            ..Attribute::default()
        }
    }

    fn block() -> Vec<Attribute> {
        let inner = vec![attribute("port", false), attribute("id", true)];
        let nested = |name| Attribute {
            nested_type: Some(Object {
                attributes: inner.clone(),
                ..Object::default()
            }),
            ..attribute(name, false)
        };
        vec![attribute("id", true), nested("list"), nested("set")]
    }

    fn element(port: &str, id: Value) -> Value {
        Value::object([("port", port.into()), ("id", id)])
    }

    fn object(list: Vec<Value>, set: Vec<Value>) -> Value {
        Value::object([
            ("id", Value::Null),
            ("list", Value::List(list)),
            ("set", Value::Set(set)),
        ])
    }

    /// Terraform proposes the prior computed values of the elements that it recognizes, and null for the others.
    #[test]
    fn proposed_nested_elements_have_the_prior_computed_values() {
        let prior = object(
            vec![element("1", "a".into())],
            vec![element("1", "x".into()), element("2", "y".into())],
        );
        let mut prior_with_id = prior.clone();
        prior_with_id.set("id", "i".into());
        let unset = |port| element(port, Value::Null);
        let config = object(vec![unset("9"), unset("1")], vec![unset("3"), unset("2")]);
        let mut expected = object(
            vec![element("9", "a".into()), unset("1")],
            vec![unset("3"), element("2", "y".into())],
        );
        expected.set("id", "i".into());
        assert_eq!(proposed(&block(), &prior_with_id, &config), expected);
        assert_eq!(proposed(&block(), &Value::Null, &config), config);
    }

    #[test]
    fn check_plan_computed_value_of_a_nested_object_is_valid() {
        let config = object(vec![element("1", Value::Null)], vec![element("2", Value::Null)]);
        let planned = object(vec![element("1", Value::Unknown)], vec![element("2", "y".into())]);
        check_plan(&block(), &Value::Null, &config, &planned);
    }

    #[test]
    #[should_panic(expected = "port is configured, but planned as another")]
    fn check_plan_configured_value_of_a_nested_object_changed_panics() {
        let config = object(vec![element("1", Value::Null)], vec![]);
        check_plan(
            &block(),
            &Value::Null,
            &config,
            &object(vec![element("2", Value::Null)], vec![]),
        );
    }

    #[test]
    #[should_panic(expected = "list was planned as another value")]
    fn check_apply_known_value_of_a_nested_object_changed_panics() {
        let planned = |id| object(vec![element("1", id)], vec![]);
        check_apply(&block(), &planned(Value::Unknown), &planned("new".into()));
        check_apply(&block(), &planned("a".into()), &planned("b".into()));
    }
}
