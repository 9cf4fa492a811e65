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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_source_accepts_kongs_provider_only() {
        let source = |provider: &str| MoveSource {
            provider: provider.to_owned(),
            type_name: "konnect_audit_log".to_owned(),
            version: 0,
            state: Json::Null,
        };
        assert!(is_source(
            &source("registry.terraform.io/kong/konnect"),
            "konnect_audit_log"
        ));
        for address in [
            "registry.opentofu.org/kong/konnect",
            "registry.terraform.io/kong/konnect-beta",
        ] {
            assert!(is_source(&source(address), "konnect_audit_log"), "{address}");
        }
        for other in [
            "registry.terraform.io/evil/konnect",
            "evil/registry.terraform.io/kong/konnect",
            "registry.terraform.io/kong/konnect-gamma",
            "konnect",
            "",
        ] {
            assert!(!is_source(&source(other), "konnect_audit_log"), "{other}");
        }
        assert!(!is_source(
            &source("registry.terraform.io/kong/konnect"),
            "konnect_other"
        ));
        let renamed = source("registry.terraform.io/konnect-audit/konnect");
        assert!(is_renamed(&renamed, "konnect_audit_log") && !is_source(&renamed, "konnect_audit_log"));
    }
}
