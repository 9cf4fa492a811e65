//! The trait of a managed resource.

pub(crate) mod private;

use std::fmt;

use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::plan;
use crate::model::{Model, from_value};
use crate::resource::private::Private;
use crate::schema::Schema;
use crate::value::Value;
use crate::value::path::Path;

/// A type of object that Terraform creates, reads, updates and deletes.
///
/// A resource consists of a model and four functions. The other functions are hooks with a default. The crate enforces
/// the rules of the protocol: a resource handles typed models, and does not need to remove write-only values from
/// states, restore the state after a failure, or check for unknown values.
///
/// Each function is called with what the host sent and with everything that it needs: the configured provider in `data`,
/// and `stop`, which is cancelled when the user interrupts the run. Warnings go into `diagnostics`, and errors into the
/// result.
pub trait Resource: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync + 'static;
    /// The attributes: the schema, and the model of configuration, plan and state.
    type Model: Model + Clone;

    /// The type name, for instance `example_thing`.
    fn type_name(&self) -> &'static str;

    /// Checks rules that the schema cannot express. Any value may be unknown. Must not make requests.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    fn validate(&self, _call: &mut ValidateCall<Self::Model>) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Changes the plan of a create or update. In [`PlanCall::planned`], the values that the change may set are unknown:
    /// the hook sets those that it knows.
    ///
    /// # Errors
    /// Why the object cannot be planned.
    fn plan(&self, _call: &mut PlanCall<'_, Self>) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// Observes the plan of a delete, for warnings. It cannot fail: `terraform destroy` must always be possible.
    fn plan_delete(&self, _call: &mut DeleteCall<'_, Self>) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Creates the object and returns its state.
    ///
    /// # Errors
    /// The reason of the failure. If the object exists, set [`CreateCall::partial_state`].
    fn create(
        &self,
        call: &mut CreateCall<'_, Self>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Returns the current state, or `None` if the object no longer exists.
    ///
    /// # Errors
    /// The reason why the object cannot be read. The stored state remains.
    fn read(
        &self,
        call: &mut ReadCall<'_, Self>,
    ) -> impl Future<Output = Result<Option<Self::Model>, Diagnostics>> + Send;

    /// Updates the object in place and returns its new state.
    ///
    /// # Errors
    /// The reason of the failure. The prior state remains unless [`UpdateCall::partial_state`] is set.
    fn update(
        &self,
        call: &mut UpdateCall<'_, Self>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;

    /// Deletes the object. An object that no longer exists is not an error.
    ///
    /// # Errors
    /// The reason of the failure. The prior state remains.
    fn delete(&self, call: &mut DeleteCall<'_, Self>)
    -> impl Future<Output = Result<(), Diagnostics>> + Send;

    /// Returns as much of the state of an existing object as [`Resource::read`] needs; see [`ImportCall::empty`].
    ///
    /// # Errors
    /// The reason why the object cannot be imported. Default: the resource does not support import.
    fn import(
        &self,
        _call: &mut ImportCall<'_, Self>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send {
        let detail = format!("{} does not support import.", self.type_name());
        async { Err(Diagnostic::error("Resource cannot be imported", detail).into()) }
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
    ///
    /// # Errors
    /// The reason why there is no configuration for the object.
    fn generate_config(&self, state: Self::Model) -> Result<Self::Model, Diagnostics> {
        Ok(state)
    }

    /// The resource types whose state [`Resource::move_state`] converts, for messages.
    fn moves_from(&self) -> &'static [&'static str] {
        &[]
    }

    /// Converts the state of another resource type, which may belong to another provider. Returns `None` for a type
    /// that is not supported.
    ///
    /// # Errors
    /// The reason why the state cannot be converted.
    fn move_state(&self, _source: &MoveSource) -> Result<Option<Self::Model>, Diagnostics> {
        Ok(None)
    }
}

/// What few resources need: to see each state of a run, and to remove an object that no state records. Serve such a
/// resource with [`Registry::tracked_resource`](crate::Registry::tracked_resource).
pub trait TrackedResource: Resource {
    /// Observes every state that the host sends to a configured provider, before the call that uses it. A resource can
    /// record the objects of the run in the provider's data. Default: does nothing.
    fn on_state_seen(&self, _data: &Self::Data, _state: &Self::Model) {}

    /// Removes an object whose creation no state records, because the host ended before it received the response: the state
    /// and the private data of that creation. The run's `stop` is already cancelled: the removal must ignore it, and end within seconds. Default: does nothing.
    fn rollback_create(
        &self,
        _data: &Self::Data,
        _state: &Self::Model,
        _private: &Private,
    ) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A configuration to validate.
#[non_exhaustive]
pub struct ValidateCall<M> {
    /// The configuration. Values may be unknown.
    pub config: M,
    /// Warnings to the user. A host validates several times in a command, so those of a resource or action appear with
    /// its plan, and those of a data source with its read.
    pub diagnostics: Diagnostics,
}

/// A request to plan a create or update.
#[non_exhaustive]
pub struct PlanCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub data: &'a R::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The configuration with write-only arguments. Values may be unknown.
    pub config: R::Model,
    /// The current state, for an update.
    pub state: Option<R::Model>,
    /// The plan that the schema determines. The hook can change computed attributes. Without a change of an argument, it
    /// is the current state; see [`PlanCall::update`].
    pub planned: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// The private data of the first plan, if Terraform plans again during apply. Terraform 1.16 and later send it.
    pub planned_private: Option<Private>,
    /// Further attributes whose change replaces the object.
    pub requires_replace: Vec<Path>,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
    pub(crate) request: (&'a Schema, &'a Value, &'a Value),
}

impl<R: Resource + ?Sized> PlanCall<'_, R> {
    /// Plans an update although no argument changes: in `planned`, the computed values that an update can change become
    /// unknown. Call it before the hook sets values.
    ///
    /// # Errors
    /// A diagnostic if the values do not fit the model.
    pub fn update(&mut self) -> Result<(), Diagnostics> {
        let (schema, prior, config) = self.request;
        self.planned = from_value(&plan::changed(schema, prior, config))?;
        Ok(())
    }
}

/// A request to create an object.
#[non_exhaustive]
pub struct CreateCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub data: &'a R::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The configuration with write-only arguments.
    pub config: R::Model,
    /// The planned state.
    pub planned: R::Model,
    /// Set this as soon as the object exists: it becomes the state if a later step fails.
    pub partial_state: Option<R::Model>,
    /// The private data of the resource.
    pub private: Private,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}

/// A request to update an object in place.
#[non_exhaustive]
pub struct UpdateCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub data: &'a R::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The configuration with write-only arguments.
    pub config: R::Model,
    /// The current state.
    pub state: R::Model,
    /// The planned state.
    pub planned: R::Model,
    /// Set this once something has changed: it becomes the state if a later step fails.
    pub partial_state: Option<R::Model>,
    /// The private data of the resource.
    pub private: Private,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}

/// A request to read an object.
#[non_exhaustive]
pub struct ReadCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub data: &'a R::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The stored state.
    pub state: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}

/// A request to delete an object, or to plan that.
#[non_exhaustive]
pub struct DeleteCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub data: &'a R::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The current state.
    pub state: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// Warnings to the user.
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
#[non_exhaustive]
pub struct ImportCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub data: &'a R::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The object to import.
    pub target: ImportTarget<R::Model>,
    /// The private data of the resource.
    pub private: Private,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}

impl<R: Resource + ?Sized> ImportCall<'_, R> {
    /// A state whose attributes are all null.
    ///
    /// # Errors
    /// A diagnostic if a field of the model cannot be null.
    pub fn empty(&self) -> Result<R::Model, Diagnostics> {
        let nulls = Value::Object(<_>::default()).shaped(R::Model::schema().object_type())?;
        Ok(from_value(&nulls)?)
    }
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
