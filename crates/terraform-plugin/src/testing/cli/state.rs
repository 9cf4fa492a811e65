//! The output of `show -json` for the state.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::plan::marked;

/// The objects in a state, in all modules, by address.
#[derive(Debug)]
pub struct State {
    objects: BTreeMap<String, Value>,
    /// The outputs, by name, with `value`, `type` and `sensitive`.
    pub outputs: Value,
}

impl State {
    pub(super) fn of(document: &Value) -> Self {
        let mut objects = BTreeMap::new();
        collect(&document["values"]["root_module"], &mut objects);
        Self {
            objects,
            outputs: document["values"]["outputs"].clone(),
        }
    }

    /// The attributes of an object.
    #[track_caller]
    pub fn get(&self, address: &str) -> &Value {
        &self.object(address)["values"]
    }

    #[track_caller]
    fn object(&self, address: &str) -> &Value {
        let known: Vec<_> = self.objects.keys().collect();
        self.objects
            .get(address)
            .unwrap_or_else(|| panic!("no {address} in the state, only {known:?}"))
    }

    /// An attribute that is a text.
    #[track_caller]
    pub fn text(&self, address: &str, attribute: &str) -> String {
        match self.get(address)[attribute].as_str() {
            Some(text) => text.to_owned(),
            None => panic!("{attribute} is no text: {}", self.get(address)),
        }
    }

    /// The names of the sensitive attributes of an object.
    #[track_caller]
    pub fn sensitive(&self, address: &str) -> BTreeSet<&str> {
        marked(&self.object(address)["sensitive_values"])
    }

    /// The addresses of the objects.
    pub fn addresses(&self) -> Vec<&str> {
        self.objects.keys().map(String::as_str).collect()
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> &Value {
        &self.outputs[name]["value"]
    }
}

fn collect(module: &Value, objects: &mut BTreeMap<String, Value>) {
    for object in module["resources"].as_array().into_iter().flatten() {
        let address = object["address"].as_str().expect("an address").to_owned();
        objects.insert(address, object.clone());
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, objects);
    }
}
