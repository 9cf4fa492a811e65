//! The requests and responses of the protocol, as values.

use crate::diagnostics::Diagnostics;
use crate::resource::ImportTarget;
use crate::value::Value;
use crate::value::path::Path;

/// A request that needs a configured provider.
pub(crate) trait Request {
    type Response;

    /// The values of the request. No message may contain their sensitive attributes.
    fn values(&self) -> Vec<&Value>;

    /// The response to a request that fails before the provider handles it.
    fn fail(self, diagnostics: Diagnostics) -> Self::Response;
}

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

/// A generated configuration.
#[derive(Clone, Default)]
pub struct ConfigResponse {
    /// The configuration; null without an object.
    pub config: Value,
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

/// The configuration of a data source to read.
pub(crate) struct DataRequest(pub(crate) Value);

/// The configuration of an action to plan or invoke.
pub(crate) struct ActionRequest(pub(crate) Value);

impl StateResponse {
    /// The response to a request that fails: the state and private data remain, with errors.
    pub(crate) fn failed(state: Value, private: Vec<u8>, errors: impl Into<Diagnostics>) -> Self {
        Self {
            state,
            private,
            identity: None,
            diagnostics: errors.into(),
        }
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

impl Request for PlanRequest {
    type Response = PlanResponse;

    fn values(&self) -> Vec<&Value> {
        vec![&self.prior, &self.config]
    }

    fn fail(self, diagnostics: Diagnostics) -> PlanResponse {
        PlanResponse::failed(self, diagnostics)
    }
}

impl Request for ApplyRequest {
    type Response = StateResponse;

    fn values(&self) -> Vec<&Value> {
        vec![&self.prior, &self.planned, &self.config]
    }

    fn fail(self, diagnostics: Diagnostics) -> StateResponse {
        StateResponse::failed(self.prior, self.private, diagnostics)
    }
}

impl Request for ReadRequest {
    type Response = StateResponse;

    fn values(&self) -> Vec<&Value> {
        vec![&self.state]
    }

    fn fail(self, diagnostics: Diagnostics) -> StateResponse {
        StateResponse::failed(self.state, self.private, diagnostics)
    }
}

impl Request for ImportTarget<Value> {
    type Response = StateResponse;

    fn values(&self) -> Vec<&Value> {
        Vec::new()
    }

    fn fail(self, diagnostics: Diagnostics) -> StateResponse {
        StateResponse::failed(Value::Null, Vec::new(), diagnostics)
    }
}

impl Request for DataRequest {
    type Response = StateResponse;

    fn values(&self) -> Vec<&Value> {
        vec![&self.0]
    }

    fn fail(self, diagnostics: Diagnostics) -> StateResponse {
        StateResponse::failed(Value::Null, Vec::new(), diagnostics)
    }
}

impl Request for ListRequest {
    type Response = Diagnostics;

    fn values(&self) -> Vec<&Value> {
        vec![&self.config]
    }

    fn fail(self, diagnostics: Diagnostics) -> Diagnostics {
        diagnostics
    }
}

impl Request for ActionRequest {
    type Response = Diagnostics;

    fn values(&self) -> Vec<&Value> {
        vec![&self.0]
    }

    fn fail(self, diagnostics: Diagnostics) -> Diagnostics {
        diagnostics
    }
}
