//! A resource as Terraform calls it: the requests of each step, and the checks of each response.

use serde_json::Value as Json;

use crate::plugin::codec;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::proto::tfplugin6::provider_client::ProviderClient;
use crate::testing::value::{Shape, errors};
use crate::testing::{Channel, rules};
use crate::{Type, Value};

/// A resource type of a plugin.
#[derive(Clone)]
pub struct Resource {
    /// A client of the plugin.
    pub provider: ProviderClient<Channel>,
    /// The type name.
    pub type_name: String,
    /// The schema.
    pub shape: Shape,
    /// The type of the identity.
    pub identity: Type,
}

/// A plan, as Terraform stores it between plan and apply.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The current state.
    pub prior: Value,
    /// The configuration.
    pub config: Value,
    /// The planned state.
    pub planned: Value,
    /// The private data.
    pub private: Vec<u8>,
    /// The identity of the object, if it is known.
    pub identity: Option<Value>,
    /// The attributes whose change replaces the object.
    pub requires_replace: Vec<tf::AttributePath>,
    /// The diagnostics.
    pub diagnostics: Vec<tf::Diagnostic>,
}

/// A state, as Terraform stores it.
#[derive(Debug, Clone)]
pub struct State {
    /// The attributes; null without an object.
    pub value: Value,
    /// The private data.
    pub private: Vec<u8>,
    /// The identity of the object.
    pub identity: Option<Value>,
    /// The diagnostics.
    pub diagnostics: Vec<tf::Diagnostic>,
}

impl State {
    /// The state without an object.
    pub fn none() -> Self {
        Self {
            value: Value::Null,
            private: Vec::new(),
            identity: None,
            diagnostics: Vec::new(),
        }
    }

    /// The plan of a delete. The provider is not called, because it does not have the capability `plan_destroy`.
    pub fn removal(&self) -> Plan {
        Plan {
            prior: self.value.clone(),
            config: Value::Null,
            planned: Value::Null,
            private: self.private.clone(),
            identity: self.identity.clone(),
            requires_replace: Vec::new(),
            diagnostics: Vec::new(),
        }
    }
}

/// JSON as Terraform stores it.
pub fn stored(json: &Json) -> tf::RawState {
    tf::RawState {
        json: json.to_string().into_bytes(),
        flatmap: <_>::default(),
    }
}

impl Resource {
    /// Validates a configuration. Returns the diagnostics.
    pub async fn validate(&self, config: &Value) -> Vec<tf::Diagnostic> {
        self.validate_with(config, true).await
    }

    /// Validates a configuration from a host that may not support write-only arguments.
    pub async fn validate_with(&self, config: &Value, write_only: bool) -> Vec<tf::Diagnostic> {
        let request = tf::validate_resource_config::Request {
            type_name: self.type_name.clone(),
            config: self.shape.encode(config),
            client_capabilities: Some(tf::ClientCapabilities {
                deferral_allowed: false,
                write_only_attributes_allowed: write_only,
                ..<_>::default()
            }),
        };
        let response = self.provider.clone().validate_resource_config(request).await;
        response.unwrap().into_inner().diagnostics
    }

    /// Plans a create or update.
    pub async fn plan(&self, prior: &State, config: &Value) -> Plan {
        self.plan_after(prior, config, &[]).await
    }

    /// Plans a change again during apply, as Terraform 1.16 and later do: with the private data of the `first` plan.
    pub async fn plan_again(&self, prior: &State, first: &Plan) -> Plan {
        self.plan_after(prior, &first.config, &first.private).await
    }

    async fn plan_after(&self, prior: &State, config: &Value, planned_private: &[u8]) -> Plan {
        let request = tf::plan_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: self.shape.encode(&prior.value),
            proposed_new_state: self.shape.encode(&rules::proposed(
                &self.shape.attributes,
                &prior.value,
                config,
            )),
            config: self.shape.encode(config),
            prior_private: prior.private.clone(),
            prior_identity: self.identify(prior.identity.as_ref()),
            planned_private: planned_private.to_vec(),
            ..<_>::default()
        };
        let response = self.provider.clone().plan_resource_change(request).await;
        let response = response.unwrap().into_inner();
        let plan = Plan {
            prior: prior.value.clone(),
            config: config.clone(),
            planned: self.shape.decode(response.planned_state.as_ref()),
            private: response.planned_private,
            identity: self.identified(response.planned_identity.as_ref()),
            requires_replace: response.requires_replace,
            diagnostics: response.diagnostics,
        };
        assert!(
            !response.legacy_type_system,
            "that would switch Terraform's checks off"
        );
        if errors(&plan.diagnostics).is_empty() {
            rules::check_plan(&self.shape.attributes, &plan.prior, &plan.config, &plan.planned);
            if prior.identity.is_some() && plan.requires_replace.is_empty() {
                assert_eq!(plan.identity, prior.identity, "an update changes the identity");
            }
        }
        plan
    }

    /// Applies a plan.
    pub async fn apply(&self, plan: &Plan) -> State {
        let request = tf::apply_resource_change::Request {
            type_name: self.type_name.clone(),
            prior_state: self.shape.encode(&plan.prior),
            planned_state: self.shape.encode(&plan.planned),
            config: self.shape.encode(&plan.config),
            planned_private: plan.private.clone(),
            planned_identity: self.identify(plan.identity.as_ref()),
            ..<_>::default()
        };
        let response = self.provider.clone().apply_resource_change(request).await;
        let response = response.unwrap().into_inner();
        let (value, identity) = (response.new_state.as_ref(), response.new_identity.as_ref());
        let state = self.state(value, response.private, identity, response.diagnostics);
        assert!(
            !response.legacy_type_system,
            "that would switch Terraform's checks off"
        );
        assert!(state.value.is_wholly_known(), "{:?}", state.value);
        if errors(&state.diagnostics).is_empty() {
            self.check_apply(plan, &state);
        }
        state
    }

    /// Refreshes a state.
    pub async fn read(&self, state: &State) -> State {
        let request = tf::read_resource::Request {
            type_name: self.type_name.clone(),
            current_state: self.shape.encode(&state.value),
            private: state.private.clone(),
            current_identity: self.identify(state.identity.as_ref()),
            ..<_>::default()
        };
        let response = self.provider.clone().read_resource(request).await;
        let response = response.unwrap().into_inner();
        let (value, identity) = (response.new_state.as_ref(), response.new_identity.as_ref());
        let read = self.state(value, response.private, identity, response.diagnostics);
        if state.identity.is_some() && !read.value.is_null() {
            assert_eq!(read.identity, state.identity, "a read changes the identity");
        }
        read
    }

    /// Decodes the parts of a response.
    pub(super) fn state(
        &self,
        value: Option<&tf::DynamicValue>,
        private: Vec<u8>,
        identity: Option<&tf::ResourceIdentityData>,
        diagnostics: Vec<tf::Diagnostic>,
    ) -> State {
        State {
            value: self.shape.decode(value),
            private,
            identity: self.identified(identity),
            diagnostics,
        }
    }

    /// Encodes an identity.
    pub fn identify(&self, identity: Option<&Value>) -> Option<tf::ResourceIdentityData> {
        let identity_data = Some(codec::encode(identity?, &self.identity));
        Some(tf::ResourceIdentityData { identity_data })
    }

    /// Decodes an identity. Asserts that it is wholly known, and that not all parts are null.
    pub fn identified(&self, wire: Option<&tf::ResourceIdentityData>) -> Option<Value> {
        let identity = codec::decode(wire?.identity_data.as_ref(), &self.identity).unwrap();
        let parts = identity.as_object().expect("attributes");
        assert!(identity.is_wholly_known(), "{identity:?}");
        assert!(parts.values().any(|part| !part.is_null()), "{identity:?}");
        Some(identity)
    }

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
                let decoded = codec::decode(identity.identity_data.as_ref(), &self.identity);
                Ok(decoded.unwrap())
            }
            _ => Err(response.diagnostics),
        }
    }

    /// Upgrades a stored state.
    pub async fn upgrade(
        &self,
        version: i64,
        raw_state: tf::RawState,
    ) -> tf::upgrade_resource_state::Response {
        let request = tf::upgrade_resource_state::Request {
            type_name: self.type_name.clone(),
            version,
            raw_state: Some(raw_state),
        };
        let response = self.provider.clone().upgrade_resource_state(request).await;
        response.unwrap().into_inner()
    }

    fn check_apply(&self, plan: &Plan, state: &State) {
        assert_eq!(
            state.value.is_null(),
            state.identity.is_none(),
            "an object without identity, or the reverse"
        );
        if let (Some(planned), Some(new)) = (&plan.identity, &state.identity) {
            assert_eq!(planned, new, "the identity was planned as another");
        }
        assert_eq!(
            plan.planned.is_null(),
            state.value.is_null(),
            "an object came or went"
        );
        rules::check_apply(&self.shape.attributes, &plan.planned, &state.value);
    }
}
