//! The output of `show -json` for a plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::diagnostic::Diagnostic;

/// A saved plan.
#[derive(Debug)]
pub struct Plan {
    /// By address.
    pub changes: BTreeMap<String, Change>,
    /// The drift that the refresh detected, by address.
    pub drift: BTreeMap<String, Change>,
    /// The warnings of the plan.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether `-detailed-exitcode` reported changes.
    pub pending: bool,
}

/// The planned change of one object.
#[derive(Debug)]
pub struct Change {
    /// The actions, such as `["update"]` or `["delete", "create"]`.
    pub actions: Vec<String>,
    pub before: Value,
    pub after: Value,
    /// True for values that are known only after the apply.
    pub unknown: Value,
    /// The attributes that require a replacement.
    pub replaced_by: Value,
}

impl Plan {
    pub fn of(document: &Value, diagnostics: Vec<Diagnostic>, pending: bool) -> Self {
        Self {
            changes: changes(&document["resource_changes"]),
            drift: changes(&document["resource_drift"]),
            diagnostics,
            pending,
        }
    }

    #[track_caller]
    pub fn change(&self, address: &str) -> &Change {
        let known: Vec<_> = self.changes.keys().collect();
        self.changes
            .get(address)
            .unwrap_or_else(|| panic!("no change of {address}, only of {known:?}"))
    }

    /// The actions on each object that has any, without data sources.
    pub fn actions(&self) -> BTreeMap<&str, String> {
        self.changes
            .iter()
            .filter(|(_, change)| change.actions != ["no-op"] && change.actions != ["read"])
            .map(|(address, change)| (address.as_str(), change.actions.join(", ")))
            .collect()
    }
}

impl Change {
    /// The names of the attributes with a new or unknown value.
    pub fn changed(&self) -> BTreeSet<&str> {
        let all = [&self.before, &self.after, &self.unknown];
        let names = all.into_iter().filter_map(Value::as_object).flat_map(Map::keys);
        names
            .map(String::as_str)
            .filter(|name| self.unknown[*name] == json!(true) || self.before[*name] != self.after[*name])
            .collect()
    }

    /// The names of the attributes that are known only after the apply.
    pub fn unknown(&self) -> BTreeSet<&str> {
        let Value::Object(unknown) = &self.unknown else {
            return BTreeSet::new();
        };
        let unknown = unknown.iter().filter(|(_, unknown)| **unknown == json!(true));
        unknown.map(|(name, _)| name.as_str()).collect()
    }
}

fn changes(list: &Value) -> BTreeMap<String, Change> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .map(|entry| {
            let address = entry["address"].as_str().expect("an address").to_owned();
            let change = &entry["change"];
            let actions = change["actions"].as_array().expect("actions");
            let change = Change {
                actions: actions
                    .iter()
                    .map(|a| a.as_str().unwrap_or_default().to_owned())
                    .collect(),
                before: change["before"].clone(),
                after: change["after"].clone(),
                unknown: change["after_unknown"].clone(),
                replaced_by: change["replace_paths"].clone(),
            };
            (address, change)
        })
        .collect()
}
