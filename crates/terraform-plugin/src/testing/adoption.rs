//! Import, move and identity calls.

use serde_json::Value as Json;

use crate::Value;
use crate::plugin::proto::tfplugin6 as tf;
use crate::testing::terraform::{Resource, State};

/// JSON as Terraform stores it.
pub fn stored(json: &Json) -> tf::RawState {
    tf::RawState {
        json: json.to_string().into_bytes(),
        flatmap: <_>::default(),
    }
}

impl Resource {
    /// Imports by ID.
    pub async fn import(&self, id: &str) -> State {
        self.imported(id.to_owned(), None).await
    }

    /// Imports by an identity with these attributes. The others are null.
    pub async fn import_identity(&self, parts: &[(&str, Value)]) -> State {
        let identity = Value::object(parts.iter().cloned());
        let identity = identity.shaped(&self.identity).unwrap();
        self.imported(String::new(), self.identify(Some(&identity))).await
    }

    async fn imported(&self, id: String, identity: Option<tf::ResourceIdentityData>) -> State {
        let request = tf::import_resource_state::Request {
            type_name: self.type_name.clone(),
            id,
            identity,
            ..<_>::default()
        };
        let response = self.provider.clone().import_resource_state(request).await;
        let response = response.unwrap().into_inner();
        assert!(response.imported_resources.len() <= 1);
        let Some(imported) = response.imported_resources.into_iter().next() else {
            return State {
                diagnostics: response.diagnostics,
                ..State::none()
            };
        };
        assert_eq!(imported.type_name, self.type_name);
        let (value, identity) = (imported.state.as_ref(), imported.identity.as_ref());
        let state = self.state(value, imported.private, identity, response.diagnostics);
        assert!(state.value.is_wholly_known());
        state
    }

    /// Converts the state of another resource type.
    pub async fn move_state(&self, provider: &str, type_name: &str, state: &Json) -> State {
        let request = tf::move_resource_state::Request {
            source_provider_address: provider.to_owned(),
            source_type_name: type_name.to_owned(),
            source_state: Some(stored(state)),
            target_type_name: self.type_name.clone(),
            ..<_>::default()
        };
        let response = self.provider.clone().move_resource_state(request).await;
        let response = response.unwrap().into_inner();
        let (value, identity) = (response.target_state.as_ref(), response.target_identity.as_ref());
        self.state(value, response.target_private, identity, response.diagnostics)
    }

    /// Upgrades a stored identity of version 0. Returns its attributes or the errors.
    pub async fn upgrade_identity(&self, raw: tf::RawState) -> Result<Value, Vec<tf::Diagnostic>> {
        self.upgrade_identity_of(0, raw).await
    }

    /// Upgrades a stored identity of any version.
    pub async fn upgrade_identity_of(
        &self,
        version: i64,
        raw: tf::RawState,
    ) -> Result<Value, Vec<tf::Diagnostic>> {
        let request = tf::upgrade_resource_identity::Request {
            type_name: self.type_name.clone(),
            version,
            raw_identity: Some(raw),
        };
        let response = self.provider.clone().upgrade_resource_identity(request).await;
        let response = response.unwrap().into_inner();
        match response.upgraded_identity {
            Some(identity) if response.diagnostics.is_empty() => {
                let decoded = crate::plugin::codec::decode(identity.identity_data.as_ref(), &self.identity);
                Ok(decoded.unwrap())
            }
            _ => Err(response.diagnostics),
        }
    }
}
