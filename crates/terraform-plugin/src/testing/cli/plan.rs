//! The output of `show -json` for a plan.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Diagnostic;

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
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    /// The actions, such as `["update"]` or `["delete", "create"]`.
    pub actions: Vec<String>,
    /// The values of the state.
    pub before: Value,
    /// The planned values, without those that are known only after the apply.
    pub after: Value,
    /// True for the values that are known only after the apply.
    pub after_unknown: Value,
    /// True for the values that are sensitive after the apply.
    pub after_sensitive: Value,
    /// The paths of the attributes that require a replacement.
    pub replace_paths: Value,
    /// The id or the identity that is imported, or null.
    pub importing: Value,
}

impl Plan {
    pub(super) fn of(document: &Value, diagnostics: Vec<Diagnostic>, pending: bool) -> Self {
        Self {
            changes: changes(&document["resource_changes"]),
            drift: changes(&document["resource_drift"]),
            diagnostics,
            pending,
        }
    }

    /// The change of an object.
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
        let all = [&self.before, &self.after, &self.after_unknown];
        let names = all.into_iter().filter_map(Value::as_object).flat_map(Map::keys);
        names
            .map(String::as_str)
            .filter(|name| self.after_unknown[*name] == true || self.before[*name] != self.after[*name])
            .collect()
    }

    /// The names of the attributes that are known only after the apply.
    pub fn unknown(&self) -> BTreeSet<&str> {
        marked(&self.after_unknown)
    }

    /// The names of the sensitive attributes.
    pub fn sensitive(&self) -> BTreeSet<&str> {
        marked(&self.after_sensitive)
    }
}

/// The names of the attributes that are marked with true.
pub(super) fn marked(marks: &Value) -> BTreeSet<&str> {
    let marks = marks.as_object().into_iter().flatten();
    let marked = marks.filter(|(_, marked)| **marked == true);
    marked.map(|(name, _)| name.as_str()).collect()
}

/// A list of changes, by address.
fn changes(list: &Value) -> BTreeMap<String, Change> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .map(|entry| {
            let address = entry["address"].as_str().expect("an address");
            let change = Change::deserialize(&entry["change"]).expect("a change");
            (address.to_owned(), change)
        })
        .collect()
}
