//! A provider with its state during a run: the calls of the protocol, in terms of values.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{
    AnyDataSource, AnyResource, ApplyRequest, PlanRequest, PlanResponse, StateResponse, validated,
};
use crate::engine::panics::catch_panic;
use crate::engine::sensitive_values::SensitiveValues;
use crate::engine::validate::ClientCapabilities;
use crate::provider::{ConfigureCall, Provider, ServedDataSource, ServedResource};
use crate::resource::{ImportTarget, MoveSource};
use crate::schema::Schema;
use crate::value::Value;
use crate::value::json::{UnknownFields, from_json};
use crate::value::model::from_value;

/// How many runs of the command line tool one process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServeMode {
    /// One: once stopped, it stays so. This is how Terraform starts a provider.
    Managed,
    /// Any number, one after the other: each configuration begins anew. This is debug mode.
    Debug,
}

/// Serves a provider. It lives as long as the process and takes any number of calls at a time.
pub struct Server<P: Provider> {
    provider: P,
    lifetime: ServeMode,
    schema: OnceLock<Schema>,
    resources: Vec<ServedResource<P::Data>>,
    data_sources: Vec<ServedDataSource<P::Data>>,
    run: Mutex<Run<P::Data>>,
}

struct Run<D> {
    data: Option<Arc<D>>,
    stop: CancellationToken,
    /// What is sensitive in the provider block.
    hidden: SensitiveValues,
}

impl<P: Provider> Server<P> {
    /// A server that is not configured yet.
    pub fn new(provider: P, lifetime: ServeMode) -> Self {
        let (resources, data_sources) = (provider.resources(), provider.data_sources());
        let run = Mutex::new(Run {
            data: None,
            stop: CancellationToken::new(),
            hidden: SensitiveValues::default(),
        });
        Self {
            provider,
            lifetime,
            schema: OnceLock::new(),
            resources,
            data_sources,
            run,
        }
    }

    /// The attributes of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.provider.schema())
    }

    /// The resources: type name and schema of each.
    pub fn resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.resources.iter().map(|r| (r.0.type_name(), r.0.schema()))
    }

    /// The data sources: type name and schema of each.
    pub fn data_sources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.data_sources.iter().map(|d| (d.0.type_name(), d.0.schema()))
    }

    /// The type names of the resources, without making their schemas.
    pub fn resource_types(&self) -> impl Iterator<Item = &'static str> {
        self.resources.iter().map(|r| r.0.type_name())
    }

    /// The type names of the data sources, without making their schemas.
    pub fn data_source_types(&self) -> impl Iterator<Item = &'static str> {
        self.data_sources.iter().map(|d| d.0.type_name())
    }

    /// Whether some resource takes over states of other types.
    pub fn moves_resource_state(&self) -> bool {
        self.resources.iter().any(|r| !r.0.moves_from().is_empty())
    }

    /// The resource of this type.
    ///
    /// # Errors
    /// A diagnostic that names the unknown type.
    pub fn resource(&self, type_name: &str) -> Result<&dyn AnyResource<P::Data>, Diagnostic> {
        let found = self.resources.iter().find(|r| r.0.type_name() == type_name);
        found
            .map(|r| r.0.as_ref())
            .ok_or_else(|| unknown_type("resource", type_name))
    }

    /// The data source of this type.
    ///
    /// # Errors
    /// A diagnostic that names the unknown type.
    pub fn data_source(&self, type_name: &str) -> Result<&dyn AnyDataSource<P::Data>, Diagnostic> {
        let found = self.data_sources.iter().find(|d| d.0.type_name() == type_name);
        found
            .map(|d| d.0.as_ref())
            .ok_or_else(|| unknown_type("data source", type_name))
    }

    /// Checks a provider block.
    pub fn validate_provider(&self, config: Value) -> Diagnostics {
        let host = ClientCapabilities::default();
        SensitiveValues::of(self.schema(), [&config]).during_sync(|| {
            validated(self.schema(), config, host, |block, found| {
                self.provider.validate(block, found);
            })
        })
    }

    /// Checks the configuration of a resource.
    pub fn validate(
        &self,
        resource: &dyn AnyResource<P::Data>,
        config: Value,
        host: ClientCapabilities,
    ) -> Diagnostics {
        self.hidden(resource.schema(), [&config])
            .during_sync(|| resource.validate(config, host))
    }

    /// Checks the configuration of a data source.
    pub fn validate_data(&self, source: &dyn AnyDataSource<P::Data>, config: Value) -> Diagnostics {
        self.hidden(source.schema(), [&config])
            .during_sync(|| source.validate(config))
    }

    /// Takes a provider block over for the calls that follow.
    pub async fn configure(&self, config: Value, terraform_version: String) -> Diagnostics {
        let hidden = SensitiveValues::of(self.schema(), [&config]);
        self.run().hidden = hidden.clone();
        hidden
            .during(self.configured_with(config, terraform_version))
            .await
    }

    async fn configured_with(&self, config: Value, terraform_version: String) -> Diagnostics {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let stop = {
            let mut run = self.run();
            if self.lifetime == ServeMode::Debug {
                run.stop = CancellationToken::new();
            }
            run.stop.clone()
        };
        let mut call = ConfigureCall {
            config,
            terraform_version,
            stop,
            diagnostics: Diagnostics::new(),
        };
        let configured = catch_panic(self.provider.configure(&mut call)).await;
        let mut diagnostics = call.diagnostics;
        match configured {
            Ok(Ok(data)) => self.run().data = Some(Arc::new(data)),
            Ok(Err(errors)) => diagnostics.append(errors),
            Err(panic) => diagnostics.push(panic),
        }
        diagnostics
    }

    /// Ends waits and keeps new requests from beginning. The calls in flight still answer.
    pub fn stop(&self) {
        self.run().stop.cancel();
    }

    /// Plans a change of a resource.
    pub async fn plan(&self, resource: &dyn AnyResource<P::Data>, request: PlanRequest) -> PlanResponse {
        let values = [&request.prior, &request.proposed, &request.config];
        let hidden = self.hidden(resource.schema(), values);
        let planned = async {
            match self.configured() {
                Ok(provider) => resource.plan(&provider, request).await,
                Err(error) => PlanResponse {
                    planned: request.prior,
                    private: request.private,
                    requires_replace: Vec::new(),
                    diagnostics: error.into(),
                },
            }
        };
        hidden.during(planned).await
    }

    /// Carries a change of a resource out.
    pub async fn apply(&self, resource: &dyn AnyResource<P::Data>, request: ApplyRequest) -> StateResponse {
        let values = [&request.prior, &request.planned, &request.config];
        let hidden = self.hidden(resource.schema(), values);
        let applied = async {
            match self.configured() {
                Ok(provider) => resource.apply(&provider, request).await,
                Err(error) => unchanged(request.prior, request.private, error),
            }
        };
        hidden.during(applied).await
    }

    /// Takes a creation back whose answer reached nobody, so that the object which it made is in no state.
    /// `provider` is what made it, from [`Server::in_use`]: another run may have configured another by now.
    pub async fn rollback_create(&self, provider: &P::Data, type_name: &str, state: Value) {
        if let Ok(resource) = self.resource(type_name) {
            resource.rollback_create(provider, state).await;
        }
    }

    /// The provider as it is configured now.
    #[must_use]
    pub fn configured_data(&self) -> Option<Arc<P::Data>> {
        self.run().data.clone()
    }

    /// Refreshes the state of a resource.
    pub async fn read(
        &self,
        resource: &dyn AnyResource<P::Data>,
        state: Value,
        private: Vec<u8>,
    ) -> StateResponse {
        let hidden = self.hidden(resource.schema(), [&state]);
        let read = async {
            match self.configured() {
                Ok(provider) => resource.read(&provider, state, private).await,
                Err(error) => unchanged(state, private, error),
            }
        };
        hidden.during(read).await
    }

    /// Takes an existing object into the state.
    pub async fn import(
        &self,
        resource: &dyn AnyResource<P::Data>,
        target: ImportTarget<Value>,
    ) -> StateResponse {
        let imported = async {
            match self.configured() {
                Ok(provider) => resource.import(&provider, target).await,
                Err(error) => unchanged(Value::Null, Vec::new(), error),
            }
        };
        self.hidden(resource.schema(), []).during(imported).await
    }

    /// Brings a stored state into the shape of the present schema. It needs no configuration.
    pub fn upgrade(&self, resource: &dyn AnyResource<P::Data>, version: i64, state: Json) -> StateResponse {
        self.hidden_of_stored(resource.schema(), &state)
            .during_sync(|| resource.upgrade(self.configured_data().as_deref(), version, state))
    }

    /// Brings a stored identity into the shape of the present one. Identities have had one shape so far,
    /// so that attributes which it lacks are null.
    ///
    /// # Errors
    /// That it can't be read, or is of a version that is yet to come.
    pub fn upgrade_identity(
        &self,
        resource: &dyn AnyResource<P::Data>,
        version: i64,
        identity: &Json,
    ) -> Result<Value, Diagnostic> {
        if version > Schema::IDENTITY_VERSION {
            return Err(Diagnostic::error(
                "Resource identity was written by a newer version of the provider",
                format!(
                    "The identity of this {} has version {version}; this version of the provider knows up to {}. \
                     Use the provider version that wrote it, or a later one.",
                    resource.type_name(),
                    Schema::IDENTITY_VERSION
                ),
            ));
        }
        from_json(
            identity,
            &resource.schema().identity_type(),
            UnknownFields::Ignore,
        )
        .map_err(|error| {
            let detail = format!("The stored identity can't be used: {}.", error.reason);
            Diagnostic::error("Invalid resource identity", detail).at(error.path)
        })
    }

    /// Takes over the state of another resource type. It needs no configuration.
    pub fn move_state(&self, resource: &dyn AnyResource<P::Data>, source: &MoveSource) -> StateResponse {
        let moved = || Self::moved(resource, source);
        self.hidden_of_stored(resource.schema(), &source.state)
            .during_sync(moved)
    }

    fn moved(resource: &dyn AnyResource<P::Data>, source: &MoveSource) -> StateResponse {
        resource.move_state(source).unwrap_or_else(|| {
            let taken = match resource.moves_from() {
                [] => "It takes over no other type.".to_owned(),
                types => format!("It takes over: {}.", types.join(", ")),
            };
            let detail = format!(
                "{} can't take over the state of a {} of the provider {}. {taken}",
                resource.type_name(),
                source.type_name,
                source.provider
            );
            unchanged(
                Value::Null,
                Vec::new(),
                Diagnostic::error("Resource can't be moved", detail),
            )
        })
    }

    /// Looks a data source up.
    pub async fn read_data(&self, source: &dyn AnyDataSource<P::Data>, config: Value) -> StateResponse {
        let hidden = self.hidden(source.schema(), [&config]);
        let read = async {
            match self.configured() {
                Ok(provider) => source.read(&provider, config).await,
                Err(error) => unchanged(Value::Null, Vec::new(), error),
            }
        };
        hidden.during(read).await
    }

    /// What a call must not tell: what is sensitive in its values and in the provider block.
    fn hidden<'a>(&self, schema: &Schema, values: impl IntoIterator<Item = &'a Value>) -> SensitiveValues {
        SensitiveValues::of(schema, values).and(&self.run().hidden)
    }

    fn hidden_of_stored(&self, schema: &Schema, state: &Json) -> SensitiveValues {
        SensitiveValues::of_stored(schema, state).and(&self.run().hidden)
    }

    fn configured(&self) -> Result<Arc<P::Data>, Diagnostic> {
        self.run().data.clone().ok_or_else(|| {
            Diagnostic::error(
                "Provider is not configured",
                "The provider was asked for something that needs its configuration before it got one. \
                 Errors about the provider block come first: mend those.",
            )
        })
    }

    fn run(&self) -> std::sync::MutexGuard<'_, Run<P::Data>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unchanged(state: Value, private: Vec<u8>, error: Diagnostic) -> StateResponse {
    StateResponse {
        state,
        private,
        diagnostics: error.into(),
    }
}

/// The answer to a call for something that the provider does not have.
#[must_use]
pub fn unknown_type(kind: &str, type_name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {kind} type"),
        format!(
            "The provider has no {kind} \"{type_name}\". Check the name, and that the provider version in use \
             has it."
        ),
    )
}
