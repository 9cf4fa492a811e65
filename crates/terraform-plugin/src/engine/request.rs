//! The requests and responses of the protocol, as values.

use crate::diagnostics::Diagnostics;
use crate::value::Value;
use crate::value::path::Path;

/// A create, update or delete to plan.
#[derive(Clone, Default)]
pub struct PlanRequest {
    /// The current state; null for a create.
    pub prior: Value,
    /// The configuration; null for a delete.
    pub config: Value,
    /// The private data stored with the current state.
    pub private: Vec<u8>,
    /// The private data of the first plan, if Terraform plans again during apply. Terraform 1.16 and later send it.
    pub planned_private: Vec<u8>,
    /// The stored identity of the object.
    pub identity: Option<Value>,
}

/// A planned change.
#[derive(Clone, Default)]
pub struct PlanResponse {
    /// The state after the change. Values that only the change determines are unknown.
    pub planned: Value,
    /// The private data for the change.
    pub private: Vec<u8>,
    /// The identity of the object, if it is known.
    pub identity: Option<Value>,
    /// The attributes whose change requires a replacement.
    pub requires_replace: Vec<Path>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A planned change to apply.
#[derive(Clone, Default)]
pub struct ApplyRequest {
    /// The current state; null for a create.
    pub prior: Value,
    /// The planned state; null for a delete.
    pub planned: Value,
    /// The configuration; null for a delete.
    pub config: Value,
    /// The private data of the plan.
    pub private: Vec<u8>,
    /// The planned identity of the object.
    pub identity: Option<Value>,
}

/// A state to refresh.
#[derive(Clone, Default)]
pub struct ReadRequest {
    /// The stored state.
    pub state: Value,
    /// The private data stored with the state.
    pub private: Vec<u8>,
    /// The stored identity of the object.
    pub identity: Option<Value>,
}

/// A state with its private data and identity: the response to an apply, read, import, upgrade or move.
#[derive(Clone, Default)]
pub struct StateResponse {
    /// The state; null without an object.
    pub state: Value,
    /// The private data to store with the state.
    pub private: Vec<u8>,
    /// The identity of the object.
    pub identity: Option<Value>,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A request for a list of existing objects.
#[derive(Clone, Default)]
pub struct ListRequest {
    /// The content of the `config` block; null if the block is absent.
    pub config: Value,
    /// Whether each result must contain the object itself.
    pub include_resource: bool,
    /// The number of results that the host accepts.
    pub limit: u64,
}

impl StateResponse {
    /// A state, its private data and messages, without an identity.
    pub(crate) fn new(state: Value, private: Vec<u8>, diagnostics: impl Into<Diagnostics>) -> Self {
        Self {
            state,
            private,
            identity: None,
            diagnostics: diagnostics.into(),
        }
    }

    /// The response to a request that fails, and has no state.
    pub(crate) fn failed(errors: impl Into<Diagnostics>) -> Self {
        Self::new(Value::Null, Vec::new(), errors)
    }
}

impl PlanResponse {
    /// The response to a request that fails: nothing is planned.
    pub(crate) fn failed(request: PlanRequest, errors: impl Into<Diagnostics>) -> Self {
        Self {
            planned: request.prior,
            private: request.private,
            identity: None,
            requires_replace: Vec::new(),
            diagnostics: errors.into(),
        }
    }
}
