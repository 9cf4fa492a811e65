//! Resources and data sources of any model, behind one interface of values.
//!
//! This is where the typed world meets the protocol's: every rule about what a call must answer,
//! whatever the resource does, is kept here.

use std::sync::OnceLock;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::apply;
use crate::engine::validate::{ClientCapabilities, validate};
use crate::resource::{ImportTarget, MoveSource};
use crate::schema::Schema;
use crate::value::Value;
use crate::value::model::from_value;
use crate::value::path::Path;

mod data_source;
mod resource;

/// A change to plan.
pub struct PlanRequest {
    /// The state before; null for a creation.
    pub prior: Value,
    /// The state that Terraform proposes; null for a removal.
    pub proposed: Value,
    /// What the user wrote; null for a removal.
    pub config: Value,
    /// What the resource remembers beside its state, as stored.
    pub private: Vec<u8>,
}

/// A planned change.
pub struct PlanResponse {
    /// The state that the change will make, unknown where only the change tells.
    pub planned: Value,
    /// What the resource remembers, for the change.
    pub private: Vec<u8>,
    /// The attributes whose change needs another object.
    pub requires_replace: Vec<Path>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A change to carry out.
pub struct ApplyRequest {
    /// The state before; null for a creation.
    pub prior: Value,
    /// The planned state; null for a removal.
    pub planned: Value,
    /// What the user wrote; null for a removal.
    pub config: Value,
    /// What the resource remembers, as planned.
    pub private: Vec<u8>,
}

/// A state with what belongs to it: the answer to a change, a refresh, an import or a move.
pub struct StateResponse {
    /// The state; null if the object is gone or never came to be.
    pub state: Value,
    /// What the resource remembers beside its state.
    pub private: Vec<u8>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A resource of any model.
#[async_trait]
pub trait AnyResource<D>: Send + Sync {
    /// The whole type name.
    fn type_name(&self) -> &'static str;
    /// The attributes, made on first use.
    fn schema(&self) -> &Schema;
    /// Checks a configuration.
    fn validate(&self, config: Value, host: ClientCapabilities) -> Diagnostics;
    /// Plans a change.
    async fn plan(&self, provider: &D, request: PlanRequest) -> PlanResponse;
    /// Carries a change out.
    async fn apply(&self, provider: &D, request: ApplyRequest) -> StateResponse;
    /// Takes a creation back whose answer reached nobody.
    async fn rollback_create(&self, provider: &D, state: Value);
    /// Refreshes a state.
    async fn read(&self, provider: &D, state: Value, private: Vec<u8>) -> StateResponse;
    /// Takes an existing object into the state.
    async fn import(&self, provider: &D, target: ImportTarget<Value>) -> StateResponse;
    /// Brings a stored state into the shape of the schema. It needs no configuration; the resource sees the state if
    /// there is one.
    fn upgrade(&self, provider: Option<&D>, version: i64, state: Json) -> StateResponse;
    /// The resource types whose states can be taken over.
    fn moves_from(&self) -> &'static [&'static str];
    /// Takes over the state of another resource type, if it is one that can be.
    fn move_state(&self, source: &MoveSource) -> Option<StateResponse>;
}

/// A data source of any model.
#[async_trait]
pub trait AnyDataSource<D>: Send + Sync {
    /// The whole type name.
    fn type_name(&self) -> &'static str;
    /// The attributes, made on first use.
    fn schema(&self) -> &Schema;
    /// Checks a configuration.
    fn validate(&self, config: Value) -> Diagnostics;
    /// Looks it up.
    async fn read(&self, provider: &D, config: Value) -> StateResponse;
}

/// A resource or data source with its schema.
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

fn failed(state: Value, private: Vec<u8>, error: impl Into<Diagnostics>) -> StateResponse {
    StateResponse {
        state,
        private,
        diagnostics: error.into(),
    }
}

/// The rules over several attributes come after the schema's, and see the model only if there is
/// one: an attribute that does not even fit has had its complaint by then.
pub(crate) fn validated<M: DeserializeOwned>(
    schema: &Schema,
    config: Value,
    host: ClientCapabilities,
    rules: impl FnOnce(&M, &mut Diagnostics),
) -> Diagnostics {
    let mut diagnostics = validate(schema, &config, host);
    match from_value::<M>(config) {
        Ok(config) => rules(&config, &mut diagnostics),
        Err(error) if !diagnostics.has_errors() => diagnostics.push(error.into()),
        Err(_) => {}
    }
    diagnostics
}

/// What a handler answered: its own errors and a panic are errors alike.
fn answered<T>(answer: Result<Result<T, Diagnostics>, Diagnostic>) -> Result<T, Diagnostics> {
    answer.unwrap_or_else(|panic| Err(panic.into()))
}

/// The state of an answer for which nothing was planned: anything goes but the unknown. On an error
/// it is what was there before.
fn unplanned(
    answer: Result<Value, Diagnostics>,
    before: Value,
    private: Vec<u8>,
    mut diagnostics: Diagnostics,
) -> StateResponse {
    let state = match answer {
        Ok(state) => apply::check_consistency(&Value::Unknown, state, &mut diagnostics),
        Err(errors) => {
            diagnostics.append(errors);
            before
        }
    };
    StateResponse {
        state,
        private,
        diagnostics,
    }
}
