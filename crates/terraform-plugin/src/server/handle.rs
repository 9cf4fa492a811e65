//! The calls of the protocol in terms of values, with one handle type for each kind of type that a server serves.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::mpsc;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{AnyAction, AnyDataSource, AnyListResource, AnyResource};
use crate::engine::function;
use crate::engine::identity;
use crate::engine::list::{ListEvent, ListSink};
use crate::engine::progress::{InvokeEvent, Progress};
use crate::engine::request::{
    ActionRequest, ApplyRequest, ConfigResponse, DataRequest, ListRequest, PlanRequest, PlanResponse,
    ReadRequest, StateResponse,
};
use crate::engine::validate::ClientCapabilities;
use crate::function::{FunctionDefinition, FunctionError};
use crate::provider::{Phase, Provider, ServedFunction};
use crate::resource::{ImportTarget, MoveSource};
use crate::schema::Schema;
use crate::server::Server;
use crate::value::Value;
use crate::value::json::{UnknownFields, from_json};

/// A resource, data source, list resource or action of a server.
pub struct Handle<'a, P: Provider, T: ?Sized> {
    server: &'a Server<P>,
    inner: &'a T,
}

/// A resource.
pub type ResourceHandle<'a, P> = Handle<'a, P, dyn AnyResource<<P as Provider>::Data>>;
/// A data source.
pub type DataSourceHandle<'a, P> = Handle<'a, P, dyn AnyDataSource<<P as Provider>::Data>>;
/// A list resource.
pub type ListResourceHandle<'a, P> = Handle<'a, P, dyn AnyListResource<<P as Provider>::Data>>;
/// An action.
pub type ActionHandle<'a, P> = Handle<'a, P, dyn AnyAction<<P as Provider>::Data>>;

impl<P: Provider, T: ?Sized> Clone for Handle<'_, P, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Provider, T: ?Sized> Copy for Handle<'_, P, T> {}

impl<'a, P: Provider, T: ?Sized> Handle<'a, P, T> {
    pub(crate) fn new(server: &'a Server<P>, inner: &'a T) -> Self {
        Self { server, inner }
    }
}

impl<'a, P: Provider> ResourceHandle<'a, P> {
    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &'a Schema {
        self.inner.schema()
    }

    /// Validates a configuration.
    #[must_use]
    pub fn validate(&self, config: Value, client: ClientCapabilities) -> Diagnostics {
        self.server
            .sensitive(self.schema(), [&config])
            .during_sync(|| self.inner.validate(config, client))
    }

    /// Plans a change.
    pub async fn plan(&self, request: PlanRequest) -> PlanResponse {
        let resource = self.inner;
        // The state of an object that was moved from another provider can lack a part: its identity is not settled, but
        // OpenTofu stores that of a plan whose apply failed.
        let settled = self.schema().identity_of(&request.prior).is_some();
        let stored = request.identity.clone();
        let handler =
            |provider: Arc<P::Data>, request| async move { resource.plan(&provider, request).await };
        let mut response = self.server.handle(self.schema(), request, handler).await;
        // A create or replacement can change the identity; the plan of an update keeps it.
        let stored = stored.filter(|_| settled && response.requires_replace.is_empty());
        response.identity = identity::after(
            self.schema(),
            &response.planned,
            stored,
            &mut response.diagnostics,
        );
        response
    }

    /// Applies a planned change.
    pub async fn apply(&self, request: ApplyRequest) -> StateResponse {
        self.server.enter(Phase::Apply);
        let resource = self.inner;
        let stored = request.identity.clone();
        let handler =
            |provider: Arc<P::Data>, request| async move { resource.apply(&provider, request).await };
        let response = self.server.handle(self.schema(), request, handler).await;
        self.identified(response, stored)
    }

    /// Refreshes a state.
    pub async fn read(&self, request: ReadRequest) -> StateResponse {
        self.server.enter(Phase::Plan);
        let resource = self.inner;
        let stored = request.identity.clone();
        let handler =
            |provider: Arc<P::Data>, request| async move { resource.read(&provider, request).await };
        let response = self.server.handle(self.schema(), request, handler).await;
        self.identified(response, stored)
    }

    /// Imports an existing object.
    pub async fn import(&self, target: ImportTarget<Value>) -> StateResponse {
        let resource = self.inner;
        let stored = match &target {
            ImportTarget::Identity(identity) => Some(identity.clone()),
            ImportTarget::Id(_) => None,
        };
        let handler =
            |provider: Arc<P::Data>, target| async move { resource.import(&provider, target).await };
        let response = self.server.handle(self.schema(), target, handler).await;
        self.identified(response, stored)
    }

    /// Removes an object whose creation no state records, because the host ended before it received the response.
    /// `provider` is the data with which the object was created, from [`Server::configured_data`].
    pub async fn rollback_create(&self, provider: &P::Data, state: Value) {
        self.inner.rollback_create(provider, state).await;
    }

    /// Upgrades a stored state to the current schema version. Requires no configuration.
    #[must_use]
    pub fn upgrade(&self, version: i64, state: Json) -> StateResponse {
        self.server
            .sensitive_in_stored(self.schema(), &state)
            .during_sync(|| {
                self.inner
                    .upgrade(self.server.configured_data().as_deref(), version, state)
            })
    }

    /// Upgrades a stored identity to the current version. All identities have version 0. Absent attributes become null.
    ///
    /// # Errors
    /// A diagnostic if the identity does not match the schema, or has a newer version.
    pub fn upgrade_identity(&self, version: i64, identity: &Json) -> Result<Value, Diagnostic> {
        if version > Schema::IDENTITY_VERSION {
            return Err(Diagnostic::error(
                "Resource identity was written by a newer version of the provider",
                format!(
                    "The identity of this {} has version {version}; this version of the provider supports versions up \
                     to {}. Use the version of the provider that wrote the identity, or a later one.",
                    self.inner.type_name(),
                    Schema::IDENTITY_VERSION
                ),
            ));
        }
        from_json(identity, &self.schema().identity_type(), UnknownFields::Ignore).map_err(|error| {
            let detail = format!("The stored identity does not match the schema: {}.", error.reason);
            Diagnostic::error("Invalid resource identity", detail).at(error.path)
        })
    }

    /// Generates the configuration of an existing object. Requires no configured provider.
    #[must_use]
    pub fn generate_config(&self, state: Value) -> ConfigResponse {
        self.server
            .sensitive(self.schema(), [&state])
            .during_sync(|| self.inner.generate_config(state))
    }

    /// Converts the state of another resource type. Requires no configuration.
    #[must_use]
    pub fn move_state(&self, source: &MoveSource) -> StateResponse {
        let response = self
            .server
            .sensitive_in_stored(self.schema(), &source.state)
            .during_sync(|| {
                let response = self.inner.move_state(source);
                response.unwrap_or_else(|| self.move_refused(source))
            });
        self.identified(response, None)
    }

    fn move_refused(&self, source: &MoveSource) -> StateResponse {
        let accepted = match self.inner.moves_from() {
            [] => "It accepts no other type.".to_owned(),
            types => format!("It accepts: {}.", types.join(", ")),
        };
        let detail = format!(
            "{} cannot convert the state of a {} of the provider {}. {accepted}",
            self.inner.type_name(),
            source.type_name,
            source.provider
        );
        let error = Diagnostic::error("Resource cannot be moved", detail);
        StateResponse::failed(Value::Null, Vec::new(), error)
    }

    fn identified(&self, mut response: StateResponse, stored: Option<Value>) -> StateResponse {
        response.identity =
            identity::after(self.schema(), &response.state, stored, &mut response.diagnostics);
        response
    }
}

impl<'a, P: Provider> DataSourceHandle<'a, P> {
    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &'a Schema {
        self.inner.schema()
    }

    /// Validates a configuration.
    #[must_use]
    pub fn validate(&self, config: Value) -> Diagnostics {
        self.server
            .sensitive(self.schema(), [&config])
            .during_sync(|| self.inner.validate(config))
    }

    /// Reads the data source.
    pub async fn read(&self, config: Value) -> StateResponse {
        let data_source = self.inner;
        let handler = |provider: Arc<P::Data>, DataRequest(config)| async move {
            data_source.read(&provider, config).await
        };
        self.server
            .handle(self.schema(), DataRequest(config), handler)
            .await
    }
}

impl<'a, P: Provider> ListResourceHandle<'a, P> {
    /// The schema of the `config` block.
    #[must_use]
    pub fn schema(&self) -> &'a Schema {
        self.inner.schema()
    }

    /// Validates a configuration.
    #[must_use]
    pub fn validate(&self, config: Value) -> Diagnostics {
        let config = or_nulls(self.schema(), config);
        self.server
            .sensitive(self.schema(), [&config])
            .during_sync(|| self.inner.validate(config))
    }

    /// Lists existing objects. Sends each as soon as it is found, then the errors. Ends early if the receiver is
    /// dropped.
    pub async fn list(&self, request: ListRequest, events: mpsc::Sender<ListEvent>) {
        let request = ListRequest {
            config: or_nulls(self.schema(), request.config),
            ..request
        };
        let diagnostics = match self.server.resource(self.inner.type_name()) {
            Ok(resource) => self.list_objects(resource.schema(), request, &events).await,
            Err(error) => error.into(),
        };
        if !diagnostics.is_empty() {
            let _ = events.send(ListEvent::Diagnostics(diagnostics)).await;
        }
    }

    async fn list_objects(
        &self,
        resource: &Schema,
        request: ListRequest,
        events: &mpsc::Sender<ListEvent>,
    ) -> Diagnostics {
        let list_resource = self.inner;
        let stop = self.server.run().stop.child_token();
        let sink = ListSink::new(resource, request.include_resource, request.limit, events.clone());
        let handler = {
            let stop = stop.clone();
            |provider: Arc<P::Data>, request: ListRequest| async move {
                let ListRequest {
                    config,
                    include_resource,
                    limit,
                } = request;
                list_resource
                    .list(&provider, config, limit, include_resource, stop, sink)
                    .await
            }
        };
        let unread = async {
            events.closed().await;
            stop.cancel();
            std::future::pending::<std::convert::Infallible>().await
        };
        tokio::select! {
            diagnostics = self.server.handle(self.schema(), request, handler) => diagnostics,
            never = unread => match never {},
        }
    }
}

/// For an action without arguments, only the invocation returns diagnostics: Terraform 1.15 crashes on a diagnostic
/// from validation or plan if the action has no `config` block.
impl<'a, P: Provider> ActionHandle<'a, P> {
    /// The schema of the `config` block.
    #[must_use]
    pub fn schema(&self) -> &'a Schema {
        self.inner.schema()
    }

    /// Validates a configuration.
    #[must_use]
    pub fn validate(&self, config: Value) -> Diagnostics {
        if sets_nothing(&config) {
            return Diagnostics::new();
        }
        self.server
            .sensitive(self.schema(), [&config])
            .during_sync(|| self.inner.validate(config))
    }

    /// Plans the action.
    pub async fn plan(&self, config: Value) -> Diagnostics {
        if sets_nothing(&config) {
            return Diagnostics::new();
        }
        let action = self.inner;
        let handler = |provider: Arc<P::Data>, ActionRequest(config)| async move {
            action.plan(&provider, config).await
        };
        let request = ActionRequest(config);
        self.server.handle(self.schema(), request, handler).await
    }

    /// Carries out the action and sends its progress. The last event is [`InvokeEvent::Completed`], exactly once. The
    /// action runs to its end even if the receiver is dropped.
    pub async fn invoke(&self, config: Value, events: mpsc::Sender<InvokeEvent>) {
        let action = self.inner;
        let stop = self.server.run().stop.child_token();
        let progress = Progress::new(events.clone());
        let handler = |provider: Arc<P::Data>, ActionRequest(config)| async move {
            action.invoke(&provider, config, stop, progress).await
        };
        let request = ActionRequest(or_nulls(self.schema(), config));
        let diagnostics = self.server.handle(self.schema(), request, handler).await;
        let _ = events.send(InvokeEvent::Completed(diagnostics)).await;
    }
}

/// A configuration, or an object of null arguments if the block is absent.
fn or_nulls(schema: &Schema, config: Value) -> Value {
    if config.is_null() {
        Value::object(schema.attributes().iter().map(|a| (a.name(), Value::Null)))
    } else {
        config
    }
}

/// Whether a configuration sets no argument.
fn sets_nothing(config: &Value) -> bool {
    config.is_null()
        || config
            .as_object()
            .is_some_and(|all| all.values().all(Value::is_null))
}

/// A function. It requires no configuration.
#[derive(Clone, Copy)]
pub struct FunctionHandle<'a>(&'a ServedFunction);

impl<'a> FunctionHandle<'a> {
    pub(crate) fn new(function: &'a ServedFunction) -> Self {
        Self(function)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.function.name()
    }

    /// The definition, created on first use.
    #[must_use]
    pub fn definition(&self) -> &'a FunctionDefinition {
        self.0.definition()
    }

    /// Calls the function.
    ///
    /// # Errors
    /// [`FunctionError`] if the arguments have no result.
    pub fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        function::call(self.0.function.as_ref(), self.definition(), arguments)
    }
}
