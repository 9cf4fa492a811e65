//! The software bill of materials of a release, in `CycloneDX` 1.6.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{Failure, NAME, Project, TOOLS};

/// Describes every crate that is compiled into one of the programs, or that takes part in building it, with its licence
/// and what it depends on. Two descriptions of one commit are the same.
pub fn describe(project: &Project) -> Result<Value, Failure> {
    let packages = by_id(&project.metadata["packages"]);
    let nodes = by_id(&project.metadata["resolve"]["nodes"]);
    let roots: Vec<&str> = packages
        .iter()
        .filter(|(_, package)| {
            package["source"].is_null() && package["name"].as_str().is_some_and(is_released)
        })
        .map(|(id, _)| *id)
        .collect();
    let mut used = BTreeSet::new();
    let mut pending = roots;
    while let Some(id) = pending.pop() {
        if used.insert(id) {
            pending.extend(dependencies(nodes.get(id).copied()));
        }
    }

    let mut components = Vec::new();
    let mut edges = Vec::new();
    let mut provider = Value::Null;
    for id in &used {
        let Some(package) = packages.get(id) else {
            return Err(Failure::of(*id, "cargo metadata does not describe it"));
        };
        let component = component(package);
        edges.push(json!({
            "ref": component["bom-ref"],
            "dependsOn": dependencies(nodes.get(id).copied())
                .into_iter()
                .filter_map(|id| packages.get(id).map(|package| reference(package)))
                .collect::<BTreeSet<_>>(),
        }));
        if package["name"] == NAME {
            provider = component;
        } else {
            components.push(component);
        }
    }
    let time = jiff::Timestamp::from_second(project.time).map_err(|e| Failure::of("the time", e))?;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": time.to_string(), "component": provider },
        "components": components,
        "dependencies": edges,
    }))
}

fn is_released(name: &str) -> bool {
    name == NAME || TOOLS.contains(&name)
}

fn by_id(list: &Value) -> BTreeMap<&str, &Value> {
    let entries = list.as_array().map_or(&[][..], Vec::as_slice);
    entries
        .iter()
        .filter_map(|entry| Some((entry["id"].as_str()?, entry)))
        .collect()
}

/// The ids of the crates that a crate needs, those of its tests excepted.
fn dependencies(node: Option<&Value>) -> Vec<&str> {
    let deps = node.and_then(|node| node["deps"].as_array());
    deps.into_iter()
        .flatten()
        .filter(|dep| {
            let kinds = dep["dep_kinds"].as_array();
            kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
        })
        .filter_map(|dep| dep["pkg"].as_str())
        .collect()
}

fn component(package: &Value) -> Value {
    let released = package["name"].as_str().is_some_and(is_released);
    let mut component = json!({
        "type": if released { "application" } else { "library" },
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
    });
    if let Some(licence) = package["license"].as_str() {
        // Older manifests separate alternatives by a slash.
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    component
}

/// The package URL.
fn reference(package: &Value) -> String {
    let text = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
    format!("pkg:cargo/{}@{}", text("name"), text("version"))
}
