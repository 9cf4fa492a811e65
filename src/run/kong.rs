//! States of Kong's provider in `moved` blocks. Missing and additional attributes are accepted, because its versions
//! differ.

use serde_json::Value as Json;
use terraform_plugin::MoveSource;

/// The address of this provider in `required_providers`.
pub(crate) const ADDRESS: &str = "konnect-audit/konnect";

/// Whether a state has this type of one of Kong's providers, from any registry.
pub(crate) fn is_source(source: &MoveSource, type_name: &str) -> bool {
    source.type_name == type_name && (is_of(source, "kong/konnect") || is_of(source, "kong/konnect-beta"))
}

/// Whether a state has this type of Kong's provider, which this provider does not serve, and this provider's address,
/// which `state replace-provider` has set.
pub(crate) fn is_renamed(source: &MoveSource, type_name: &str) -> bool {
    source.type_name == type_name && is_of(source, ADDRESS)
}

fn is_of(source: &MoveSource, address: &str) -> bool {
    let host = source
        .provider
        .strip_suffix(address)
        .and_then(|host| host.strip_suffix('/'));
    host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
}

/// A stored state.
pub(crate) struct State<'a>(pub(crate) &'a Json);

impl State<'_> {
    /// A string attribute, if it is set.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.0
            .get(name)?
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// A bool attribute, if it is set.
    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }
}
