//! Rules for a change. The SDK refuses a plan that differs from the configuration, and a state that differs from the plan.

use terraform_plugin::{Path, Schema, Value};

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
