//! Terraform's checks of each response. Does not support nested attributes.

use std::collections::BTreeMap;

use terraform_plugin::{Path, Schema, Value};

/// A configured value is planned unchanged or as before. A value without configuration is null unless computed. A
/// write-only value is null.
pub fn plan(schema: &Schema, prior: &Value, config: &Value, planned: &Value) {
    assert_eq!(
        planned.as_object().map(BTreeMap::len),
        Some(schema.attributes().len()),
        "every attribute, and no other"
    );
    for attribute in schema.attributes() {
        let name = attribute.name;
        let (before, configured, planned) = (prior.get(name), config.get(name), planned.get(name));
        let sound = if attribute.write_only {
            planned.is_null()
        } else if configured.is_null() {
            attribute.computed || planned.is_null()
        } else {
            planned == configured || planned == before
        };
        assert!(
            sound,
            "{name} is given as {configured:?}, and planned as {planned:?}"
        );
        // A null value must be sensitive too.
        assert!(
            !planned.is_unknown() || configured.is_unknown() || attribute.computed,
            "{name} is planned as unknown"
        );
    }
}

/// An update keeps the identity of the object.
pub fn update(schema: &Schema, prior: &Value, planned: &Value) {
    let identifying = ["id", "region", "created_at"];
    for name in identifying.into_iter().filter(|name| !prior.get(name).is_null()) {
        assert!(
            planned.get(name) == prior.get(name),
            "{name} changes without a replacement"
        );
    }
    assert_eq!(schema.identity_of(planned), schema.identity_of(prior));
}

/// A replacement is planned only if an attribute that requires it differs.
pub fn replacement(prior: &Value, planned: &Value, replaces: &[Path]) {
    for path in replaces {
        let name = path.to_string();
        assert_eq!(name, "region", "nothing else needs another object");
        assert!(prior.get(&name) != planned.get(&name), "{name} stays as it was");
    }
}

/// The plan of an apply, with all values known, may only replace unknown values.
pub fn compatible(planned: &Value, again: &Value) {
    for (name, planned) in planned.as_object().unwrap() {
        let again = again.get(name);
        assert!(
            planned.is_unknown() || planned == again,
            "{name} was planned as {planned:?}, now {again:?}"
        );
    }
}

/// The state after an apply equals the plan, and is wholly known.
pub fn applied(schema: &Schema, planned: &Value, state: &Value) {
    assert_eq!(planned.is_null(), state.is_null(), "an object came or went");
    for attribute in schema.attributes() {
        let name = attribute.name;
        let (planned, state) = (planned.get(name), state.get(name));
        assert!(
            planned.is_unknown() || planned == state,
            "{name} came out as another value"
        );
    }
    check_state(schema, state);
    assert!(state.is_null() || schema.identity_of(state).is_some());
}

/// The rules for every state.
pub fn check_state(schema: &Schema, state: &Value) {
    assert!(state.is_wholly_known(), "{state:?}");
    for attribute in schema.attributes().iter().filter(|a| a.write_only) {
        assert!(
            state.get(attribute.name).is_null(),
            "{} is write-only, but stored",
            attribute.name
        );
    }
}
