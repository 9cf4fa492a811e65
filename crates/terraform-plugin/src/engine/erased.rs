//! Type-erased resources, data sources, list resources and actions, which handle values instead of models.
//!
//! Each implementation converts between values and models, and enforces the rules for responses.

use std::sync::OnceLock;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::apply;
use crate::engine::list::ListSink;
use crate::engine::progress::Progress;
use crate::engine::request::{
    ApplyRequest, ConfigResponse, PlanRequest, PlanResponse, ReadRequest, StateResponse,
};
use crate::engine::validate::{ClientCapabilities, validate};
use crate::resource::{ImportTarget, MoveSource};
use crate::schema::Schema;
use crate::value::Value;
use crate::value::model::from_value;

mod action;
mod data_source;
mod list_resource;
mod resource;

/// A resource of any model.
#[async_trait]
pub trait AnyResource<D>: Send + Sync {
    /// The type name.
    fn type_name(&self) -> &'static str;
    /// The schema, created on first use.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    fn validate(&self, config: Value, client: ClientCapabilities) -> Diagnostics;
    /// Plans a change.
    async fn plan(&self, provider: &D, request: PlanRequest) -> PlanResponse;
    /// Applies a planned change.
    async fn apply(&self, provider: &D, request: ApplyRequest) -> StateResponse;
    /// Removes an object whose creation no state records.
    async fn rollback_create(&self, provider: &D, state: Value);
    /// Refreshes a state.
    async fn read(&self, provider: &D, request: ReadRequest) -> StateResponse;
    /// Imports an existing object.
    async fn import(&self, provider: &D, target: ImportTarget<Value>) -> StateResponse;
    /// Upgrades a stored state.
    ///
    /// Calls [`Resource::on_state_seen`](crate::Resource::on_state_seen) if the provider is configured.
    fn upgrade(&self, provider: Option<&D>, version: i64, state: Json) -> StateResponse;
    /// Generates the configuration of an existing object.
    fn generate_config(&self, state: Value) -> ConfigResponse;
    /// The resource types whose state can be converted.
    fn moves_from(&self) -> &'static [&'static str];
    /// Converts the state of another resource type, if it is one of [`AnyResource::moves_from`].
    fn move_state(&self, source: &MoveSource) -> Option<StateResponse>;
}

/// A data source of any model.
#[async_trait]
pub trait AnyDataSource<D>: Send + Sync {
    /// The type name.
    fn type_name(&self) -> &'static str;
    /// The schema, created on first use.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    fn validate(&self, config: Value) -> Diagnostics;
    /// Reads the data source.
    async fn read(&self, provider: &D, config: Value) -> StateResponse;
}

/// A list resource of any model.
#[async_trait]
pub trait AnyListResource<D>: Send + Sync {
    /// The type name of the managed resource.
    fn type_name(&self) -> &'static str;
    /// The schema of the `config` block, created on first use.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    fn validate(&self, config: Value) -> Diagnostics;
    /// Sends the existing objects to the sink. The result contains the errors that make the list incomplete.
    async fn list(
        &self,
        provider: &D,
        config: Value,
        limit: u64,
        include_resource: bool,
        stop: CancellationToken,
        sink: ListSink<'_>,
    ) -> Diagnostics;
}

/// An action of any model.
#[async_trait]
pub trait AnyAction<D>: Send + Sync {
    /// The type name.
    fn type_name(&self) -> &'static str;
    /// The schema of the `config` block, created on first use.
    fn schema(&self) -> &Schema;
    /// Validates a configuration.
    fn validate(&self, config: Value) -> Diagnostics;
    /// Plans the action.
    async fn plan(&self, provider: &D, config: Value) -> Diagnostics;
    /// Carries out the action.
    async fn invoke(
        &self,
        provider: &D,
        config: Value,
        stop: CancellationToken,
        progress: Progress,
    ) -> Diagnostics;
}

/// An implementation of one of the provider traits, with its schema.
pub struct Erased<T> {
    inner: T,
    schema: OnceLock<Schema>,
}

impl<T> Erased<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            schema: OnceLock::new(),
        }
    }
}

/// Validates a configuration against its schema, then against the rules over several attributes. The rules run only if
/// the configuration fits the model; otherwise the schema has already reported the reason.
pub(crate) fn validate_config<M: DeserializeOwned>(
    schema: &Schema,
    config: Value,
    client: ClientCapabilities,
    rules: impl FnOnce(&M, &mut Diagnostics),
) -> Diagnostics {
    let mut diagnostics = validate(schema, &config, client);
    match from_value::<M>(config) {
        Ok(config) => rules(&config, &mut diagnostics),
        Err(error) if !diagnostics.has_errors() => diagnostics.push(error.into()),
        Err(_) => {}
    }
    diagnostics
}

/// The capabilities for configurations that are never stored, such as those of actions. Hosts send none with them.
const STORES_NOTHING: ClientCapabilities = ClientCapabilities {
    write_only_attributes: true,
};

/// The result of a handler, with a panic as an error.
fn flatten<T>(result: Result<Result<T, Diagnostics>, Diagnostic>) -> Result<T, Diagnostics> {
    result.unwrap_or_else(|panic| Err(panic.into()))
}

/// The response of a handler without a plan: a wholly known value. After an error, the response contains `before`.
fn respond(
    result: Result<Value, Diagnostics>,
    before: Value,
    private: Vec<u8>,
    mut diagnostics: Diagnostics,
) -> StateResponse {
    let state = match result {
        Ok(state) => apply::check_consistency(&Value::Unknown, state, &mut diagnostics),
        Err(errors) => {
            diagnostics.append(errors);
            before
        }
    };
    StateResponse {
        state,
        private,
        identity: None,
        diagnostics,
    }
}
