//! What a resource of a provider is.

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

/// A kind of object that Terraform creates, reads, updates and deletes.
///
/// A resource is a schema, a model and four functions; the other functions are hooks that have a
/// sensible default. The framework keeps the protocol's rules: a resource sees typed models, and
/// need not think of write-only values in states, of what a failure leaves behind, or of unknowns
/// left over.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// What the provider's configuration became; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync;
    /// The attributes as a Rust type. It serves configuration, plan and state alike.
    type Model: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The whole type name, for instance `example_thing`.
    fn type_name(&self) -> &'static str;

    /// The attributes, once.
    fn schema(&self) -> Schema;

    /// Receives every state that the host hands over once the provider is configured, before anything is done with
    /// it. A resource can record in the provider's data which objects the run already has.
    fn on_state_seen(&self, _provider: &Self::Data, _state: &Self::Model) {}

    /// Rules over several attributes of a configuration, in which anything may be unknown. Rules
    /// for one attribute stand in the schema. No request may be made here.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Has a say in the plan of a creation or update, after the schema. Diagnostics go into the
    /// call.
    async fn plan(&self, _call: &mut PlanCall<'_, Self>) {}

    /// Creates the object and answers its state.
    ///
    /// # Errors
    /// Why it was not created. If it exists all the same, [`CreateCall::partial_state`] has been set.
    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Self::Model, Diagnostics>;

    /// Takes a creation back whose answer reached nobody: the host has gone, so that no state will ever
    /// tell of the object. The run is over by then, and [`ConfigureCall::stop`](crate::ConfigureCall::stop)
    /// cancelled; what is done here must be done all the same, and must come to an end by itself within
    /// seconds. By default the object is left where it is.
    async fn rollback_create(&self, _provider: &Self::Data, _state: &Self::Model) {}

    /// Answers the present state, or nothing if the object is gone.
    ///
    /// # Errors
    /// Why it could not be read. The state stays as it was.
    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Self::Model>, Diagnostics>;

    /// Changes the object in place and answers its new state.
    ///
    /// # Errors
    /// Why it was not changed. The state stays the prior one, unless [`UpdateCall::partial_state`] was set.
    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Self::Model, Diagnostics>;

    /// Removes the object. That it is gone already is no error.
    ///
    /// # Errors
    /// Why it was not removed. The state stays the prior one.
    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics>;

    /// Answers as much of the state of an existing object as [`Resource::read`] needs.
    ///
    /// # Errors
    /// Why there is nothing to import. By default: that this resource can't be imported.
    async fn import(&self, _call: &mut ImportCall<'_, Self>) -> Result<Self::Model, Diagnostics> {
        let detail = format!("{} has no import.", self.type_name());
        Err(Diagnostic::error("Resource can't be imported", detail).into())
    }

    /// Brings a state of an older schema version, as stored, into the JSON of the present one.
    ///
    /// # Errors
    /// Why that can't be done. By default the state is taken as it is, read leniently.
    fn upgrade_state(&self, _version: i64, state: Json) -> Result<Json, Diagnostics> {
        Ok(state)
    }

    /// Removes from a state what a generated configuration must not contain, such as the arguments that conflict with
    /// others. Returns the state unchanged by default.
    ///
    /// The result then loses everything that a person would not write: computed and write-only attributes, attributes
    /// that equal the default, empty optional values, deprecated and sensitive attributes.
    fn generate_config(&self, state: Self::Model) -> Self::Model {
        state
    }

    /// The resource types whose states [`Resource::move_state`] takes over, for messages.
    fn moves_from(&self) -> &'static [&'static str] {
        &[]
    }

    /// Takes over the state of another resource type, perhaps of another provider. `None` if this
    /// source is not one that it takes.
    fn move_state(&self, _source: &MoveSource) -> Option<Result<Self::Model, Diagnostics>> {
        None
    }
}

/// A creation or update in planning.
pub struct PlanCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// What the user wrote, with write-only arguments; unknown where not known yet.
    pub config: R::Model,
    /// The state before, for an update.
    pub prior: Option<R::Model>,
    /// What the schema plans. The hook may change computed attributes in it.
    pub planned: R::Model,
    /// The private data of the resource.
    pub private: Private,
    /// The private data of the first plan, if Terraform plans again during apply. Terraform 1.16 and later send it.
    pub planned_private: Option<Private>,
    /// Attributes at the top that the hook has planned for good: an update does not make them
    /// unknown, even if they still are what they were.
    pub keep_planned: Vec<&'static str>,
    /// Further attributes whose change needs another object.
    pub requires_replace: Vec<Path>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A creation.
pub struct CreateCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// What the user wrote, with write-only arguments.
    pub config: R::Model,
    /// What was planned.
    pub planned: R::Model,
    /// Set as soon as the object exists: if the rest fails, this is what the state keeps.
    pub partial_state: Option<R::Model>,
    /// What the resource remembers beside its state.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// An update in place.
pub struct UpdateCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// What the user wrote, with write-only arguments.
    pub config: R::Model,
    /// The state before.
    pub prior: R::Model,
    /// What was planned.
    pub planned: R::Model,
    /// Set once something has been changed: if the rest fails, this is what the state keeps.
    pub partial_state: Option<R::Model>,
    /// What the resource remembers beside its state.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A refresh.
pub struct ReadCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The state so far.
    pub state: R::Model,
    /// What the resource remembers beside its state.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A removal.
pub struct DeleteCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// The state before.
    pub state: R::Model,
    /// What the resource remembers beside its state.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// What an import tells the object by.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportTarget<M> {
    /// A text in the resource's own form.
    Id(String),
    /// The attributes of its identity, in a model in which all others are null.
    Identity(M),
}

/// An import.
pub struct ImportCall<'a, R: Resource + ?Sized> {
    /// The configured provider.
    pub provider: &'a R::Data,
    /// What the user gave to tell the object.
    pub target: ImportTarget<R::Model>,
    /// What the resource will remember beside its state.
    pub private: Private,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// The state that a `moved` block hands over. `Debug` leaves the state out: any text in it may be a secret.
#[derive(Clone)]
pub struct MoveSource {
    /// The address of the provider that wrote it, with the host, for instance
    /// `registry.terraform.io/example/example`.
    pub provider: String,
    /// The resource type that it was.
    pub type_name: String,
    /// The version of its schema.
    pub version: i64,
    /// The state as stored.
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
