//! The trait of a managed resource.

pub(crate) mod private;

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::resource::private::Private;
use crate::schema::Schema;
use crate::value::path::Path;

/// A type of object that Terraform creates, reads, updates and deletes.
///
/// A resource consists of a schema, a model and four functions. The other functions are hooks with a default. The crate
/// enforces the rules of the protocol: a resource handles typed models, and does not need to remove write-only values
/// from states, restore the state after a failure, or check for unknown values.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync;
    /// The model of the configuration, plan and state.
    type Model: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The type name, for instance `example_thing`.
    fn type_name(&self) -> &'static str;

    /// The attributes.
    fn schema(&self) -> Schema;

    /// Observes every state that the host sends to a configured provider, before the call that uses it. A resource can
    /// record the objects of the run in the provider's data.
    fn on_state_seen(&self, _provider: &Self::Data, _state: &Self::Model) {}

    /// Checks rules over several arguments, any of which may be unknown. The schema contains the rules for a single
    /// argument. Must not make requests.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Modifies the plan of a create or update after the schema has been applied. Diagnostics go into the call.
    async fn plan(&self, _call: &mut PlanCall<'_, Self>) {}

    /// Observes the plan of a delete, for warnings. Must not fail.
    async fn plan_delete(
        &self,
        _provider: &Self::Data,
        _state: &Self::Model,
        _diagnostics: &mut Diagnostics,
    ) {
    }

    /// Creates the object and returns its state.
    ///
    /// # Errors
    /// The reason of the failure. If the object exists, set [`CreateCall::partial_state`].
    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Self::Model, Diagnostics>;

    /// Removes an object whose creation no state records, because the host ended before it received the response.
    /// [`ConfigureCall::stop`](crate::ConfigureCall::stop) is already cancelled: the removal must ignore it, and end
    /// within seconds. Default: does nothing.
    async fn rollback_create(&self, _provider: &Self::Data, _state: &Self::Model) {}

    /// Returns the current state, or `None` if the object no longer exists.
    ///
    /// # Errors
    /// The reason why the object cannot be read. The stored state remains.
    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Self::Model>, Diagnostics>;

    /// Updates the object in place and returns its new state.
    ///
    /// # Errors
    /// The reason of the failure. The prior state remains unless [`UpdateCall::partial_state`] is set.
    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Self::Model, Diagnostics>;

    /// Deletes the object. An object that no longer exists is not an error.
    ///
    /// # Errors
    /// The reason of the failure. The prior state remains.
    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics>;

    /// Returns as much of the state of an existing object as [`Resource::read`] needs.
    ///
    /// # Errors
    /// The reason why the object cannot be imported. Default: the resource does not support import.
    async fn import(&self, _call: &mut ImportCall<'_, Self>) -> Result<Self::Model, Diagnostics> {
        let detail = format!("{} does not support import.", self.type_name());
        Err(Diagnostic::error("Resource cannot be imported", detail).into())
    }

    /// Converts a stored state of an older schema version to the current one.
    ///
    /// # Errors
    /// The reason why the state cannot be converted. Default: the state is used unchanged; attributes that the schema
    /// lacks are ignored.
    fn upgrade_state(&self, _version: i64, state: Json) -> Result<Json, Diagnostics> {
        Ok(state)
    }

    /// Removes from a state what a generated configuration must not contain, such as the arguments that conflict with
    /// others. Default: returns the state unchanged.
    ///
    /// The crate then removes computed and write-only attributes, attributes that equal the default, empty optional
    /// values, deprecated and sensitive attributes.
    fn generate_config(&self, state: Self::Model) -> Self::Model {
        state
    }

    /// The resource types whose state [`Resource::move_state`] converts, for messages.
    fn moves_from(&self) -> &'static [&'static str] {
        &[]
    }

    /// Converts the state of another resource type, which may belong to another provider. Returns `None` for a type
    /// that is not supported.
    fn move_state(&self, _source: &MoveSource) -> Option<Result<Self::Model, Diagnostics>> {
        None
    }
}

/// A request to plan a create or update.
pub struct PlanCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The configuration with write-only arguments. Values may be unknown.
    pub config: R::Model,
    /// The current state, for an update.
    pub prior: Option<R::Model>,
    /// The plan that the schema determines. The hook can change computed attributes.
    pub planned: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// The private data of the first plan, if Terraform plans again during apply. Terraform 1.16 and later send it.
    pub planned_private: Option<Private>,
    /// Top-level attributes whose planned value is final: an update does not make them unknown, even if they equal the
    /// prior value.
    pub keep_planned: Vec<&'static str>,
    /// Further attributes whose change replaces the object.
    pub requires_replace: Vec<Path>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A request to create an object.
pub struct CreateCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The configuration with write-only arguments.
    pub config: R::Model,
    /// The planned state.
    pub planned: R::Model,
    /// Set this as soon as the object exists: it becomes the state if a later step fails.
    pub partial_state: Option<R::Model>,
    /// The private data of the resource.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A request to update an object in place.
pub struct UpdateCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The configuration with write-only arguments.
    pub config: R::Model,
    /// The current state.
    pub prior: R::Model,
    /// The planned state.
    pub planned: R::Model,
    /// Set this once something has changed: it becomes the state if a later step fails.
    pub partial_state: Option<R::Model>,
    /// The private data of the resource.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A request to read an object.
pub struct ReadCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The stored state.
    pub state: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A request to delete an object.
pub struct DeleteCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The current state.
    pub state: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// How an import identifies the object.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportTarget<M> {
    /// An ID in a format that the resource defines.
    Id(String),
    /// The attributes of the identity. All other attributes are null.
    Identity(M),
}

/// A request to import an object.
pub struct ImportCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The object to import.
    pub target: ImportTarget<R::Model>,
    /// The private data of the resource.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// The state that a `moved` block converts. `Debug` omits the state, which may contain secrets.
#[derive(Clone)]
pub struct MoveSource {
    /// The address of the provider that wrote the state, with the host name, for instance
    /// `registry.terraform.io/example/example`.
    pub provider: String,
    /// The resource type.
    pub type_name: String,
    /// The schema version of the state.
    pub version: i64,
    /// The stored state.
    pub state: Json,
}

impl fmt::Debug for MoveSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoveSource")
            .field("provider", &self.provider)
            .field("type_name", &self.type_name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
