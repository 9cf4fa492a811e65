//! States of Kong's own provider, as `moved` blocks hand them over. Attributes that a version lacks, or
//! has beyond these, do no harm.

use serde_json::Value as Json;

use super::ADDRESS;
use crate::framework::MoveSource;

/// The address of Kong's provider, without a registry.
const KONG: &str = "kong/konnect";

/// Whether a state comes from this type of Kong's provider. The registry it was installed from may be
/// any. `terraform state replace-provider` puts our address on the states of all types, which makes them
/// no less Kong's.
pub(super) fn is_source(source: &MoveSource, type_name: &str) -> bool {
    let provider = source
        .provider
        .split_once('/')
        .map(|(_registry, address)| address);
    source.type_name == type_name && matches!(provider, Some(KONG | ADDRESS))
}

/// A state as stored.
pub(super) struct State<'a>(pub(super) &'a Json);

impl State<'_> {
    /// A text that is set.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0
            .get(name)?
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// A bool that is set.
    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kongs_provider_is_a_source() {
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
        assert!(is_source(
            &source("registry.opentofu.org/kong/konnect"),
            "konnect_audit_log"
        ));
        assert!(is_source(
            &source("registry.terraform.io/konnect-audit/konnect"),
            "konnect_audit_log"
        ));
        for other in [
            "registry.terraform.io/evil/konnect",
            "evil/registry.terraform.io/kong/konnect",
            "registry.terraform.io/kong/konnect-beta",
            "konnect",
            "",
        ] {
            assert!(!is_source(&source(other), "konnect_audit_log"), "{other}");
        }
        assert!(!is_source(
            &source("registry.terraform.io/kong/konnect"),
            "konnect_other"
        ));
    }
}
