//! A provider in a running process: its types, its configuration and its interruption.

mod handle;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

pub use self::handle::{
    ActionHandle, DataSourceHandle, FunctionHandle, Handle, ListResourceHandle, ResourceHandle,
};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::validate_config;
use crate::engine::panics::catch_panic;
use crate::engine::request::Request;
use crate::engine::sensitive_values::{HasDiagnostics, SensitiveValues};
use crate::engine::validate::ClientCapabilities;
use crate::provider::{
    ConfigureCall, Phase, Provider, ServedAction, ServedDataSource, ServedFunction, ServedListResource,
    ServedResource,
};
use crate::schema::{Schema, is_identifier};
use crate::value::Value;
use crate::value::model::from_value;

/// The arguments of every resource and data source, which Terraform reads itself.
const RESERVED_NAMES: &[&str] = &[
    "connection",
    "count",
    "depends_on",
    "for_each",
    "lifecycle",
    "provider",
    "provisioner",
];
/// The arguments of every provider block, which Terraform reads itself.
const RESERVED_IN_PROVIDER: &[&str] = &["alias", "version"];

/// How many runs of the command line tool one process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServeMode {
    /// One run: Terraform starts the provider. An interruption lasts until the process ends.
    Managed,
    /// Any number of runs: debug mode. Each configuration ends an interruption.
    Debug,
}

/// Serves a provider for the lifetime of the process. It accepts any number of concurrent calls.
pub struct Server<P: Provider> {
    provider: P,
    mode: ServeMode,
    schema: OnceLock<Schema>,
    resources: Vec<ServedResource<P::Data>>,
    data_sources: Vec<ServedDataSource<P::Data>>,
    list_resources: Vec<ServedListResource<P::Data>>,
    actions: Vec<ServedAction<P::Data>>,
    functions: Vec<ServedFunction>,
    run: Mutex<Run<P::Data>>,
}

struct Run<D> {
    data: Option<Arc<D>>,
    phase: Phase,
    stop: CancellationToken,
    /// The sensitive values in the provider block.
    sensitive: SensitiveValues,
}

impl<P: Provider> Server<P> {
    /// A server that is not configured.
    pub fn new(provider: P, mode: ServeMode) -> Self {
        let run = Mutex::new(Run {
            data: None,
            phase: Phase::Plan,
            stop: CancellationToken::new(),
            sensitive: SensitiveValues::default(),
        });
        Self {
            mode,
            schema: OnceLock::new(),
            resources: provider.resources(),
            data_sources: provider.data_sources(),
            list_resources: provider.list_resources(),
            actions: provider.actions(),
            functions: provider.functions(),
            run,
            provider,
        }
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.provider.schema())
    }

    /// The resources: the type name and schema of each.
    pub fn resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.resources.iter().map(|r| (r.0.type_name(), r.0.schema()))
    }

    /// The data sources: the type name and schema of each.
    pub fn data_sources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.data_sources.iter().map(|d| (d.0.type_name(), d.0.schema()))
    }

    /// The list resources: the type name and the schema of the `config` block of each.
    pub fn list_resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.list_resources
            .iter()
            .map(|l| (l.0.type_name(), l.0.schema()))
    }

    /// The actions: the type name and the schema of the `config` block of each.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.actions.iter().map(|a| (a.0.type_name(), a.0.schema()))
    }

    /// The functions.
    pub fn functions(&self) -> impl Iterator<Item = FunctionHandle<'_>> {
        self.functions.iter().map(FunctionHandle::new)
    }

    /// The type names of the resources, without creating their schemas.
    pub fn resource_types(&self) -> impl Iterator<Item = &'static str> {
        self.resources.iter().map(|r| r.0.type_name())
    }

    /// The type names of the data sources, without creating their schemas.
    pub fn data_source_types(&self) -> impl Iterator<Item = &'static str> {
        self.data_sources.iter().map(|d| d.0.type_name())
    }

    /// The type names of the list resources, without creating their schemas.
    pub fn list_resource_types(&self) -> impl Iterator<Item = &'static str> {
        self.list_resources.iter().map(|l| l.0.type_name())
    }

    /// The type names of the actions, without creating their schemas.
    pub fn action_types(&self) -> impl Iterator<Item = &'static str> {
        self.actions.iter().map(|a| a.0.type_name())
    }

    /// The names of the functions, without creating their definitions.
    pub fn function_names(&self) -> impl Iterator<Item = &'static str> {
        self.functions.iter().map(|f| f.function.name())
    }

    /// Whether a resource converts the state of other types.
    pub fn moves_resource_state(&self) -> bool {
        self.resources.iter().any(|r| !r.0.moves_from().is_empty())
    }

    /// The resource of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn resource(&self, type_name: &str) -> Result<ResourceHandle<'_, P>, Diagnostic> {
        let resource = self.resources.iter().find(|r| r.0.type_name() == type_name);
        resource
            .map(|r| Handle::new(self, r.0.as_ref()))
            .ok_or_else(|| unknown_type("resource", type_name))
    }

    /// The data source of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn data_source(&self, type_name: &str) -> Result<DataSourceHandle<'_, P>, Diagnostic> {
        let data_source = self.data_sources.iter().find(|d| d.0.type_name() == type_name);
        data_source
            .map(|d| Handle::new(self, d.0.as_ref()))
            .ok_or_else(|| unknown_type("data source", type_name))
    }

    /// The list resource of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn list_resource(&self, type_name: &str) -> Result<ListResourceHandle<'_, P>, Diagnostic> {
        let list_resource = self.list_resources.iter().find(|l| l.0.type_name() == type_name);
        list_resource
            .map(|l| Handle::new(self, l.0.as_ref()))
            .ok_or_else(|| unknown_type("list resource", type_name))
    }

    /// The action of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn action(&self, type_name: &str) -> Result<ActionHandle<'_, P>, Diagnostic> {
        let action = self.actions.iter().find(|a| a.0.type_name() == type_name);
        action
            .map(|a| Handle::new(self, a.0.as_ref()))
            .ok_or_else(|| unknown_type("action", type_name))
    }

    /// The function of this name.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown name.
    pub fn function(&self, name: &str) -> Result<FunctionHandle<'_>, Diagnostic> {
        let function = self.functions.iter().find(|f| f.function.name() == name);
        function
            .map(FunctionHandle::new)
            .ok_or_else(|| unknown_type("function", name))
    }

    /// Returns the errors in everything that the provider declares, with which a host refuses the provider or fails
    /// later.
    #[must_use]
    pub fn validate_implementation(&self) -> Vec<String> {
        let mut errors = Vec::new();
        let mut add = |subject: &str, found: Vec<String>| {
            errors.extend(found.into_iter().map(|error| format!("{subject}: {error}")));
        };
        add("provider", self.schema().validate_implementation());
        add("provider", self.schema().validate_names(RESERVED_IN_PROVIDER));
        let prefix = format!("{}_", self.provider.metadata().name);
        let check_names = |types: &[&'static str]| {
            let mut seen = BTreeSet::new();
            let errors = types.iter().filter_map(|name| {
                if !name.starts_with(&prefix) || !is_identifier(name) {
                    Some(format!("{name}: not a valid type name that begins with {prefix}"))
                } else if !seen.insert(*name) {
                    Some(format!("{name}: declared twice"))
                } else {
                    None
                }
            });
            errors.collect::<Vec<_>>()
        };
        for (kind, types) in [
            ("resource", self.resource_types().collect::<Vec<_>>()),
            ("data source", self.data_source_types().collect()),
            ("list resource", self.list_resource_types().collect()),
            ("action", self.action_types().collect()),
        ] {
            add(kind, check_names(&types));
        }
        for (name, schema) in self.resources().chain(self.data_sources()) {
            add(name, schema.validate_implementation());
            add(name, schema.validate_names(RESERVED_NAMES));
        }
        for (name, schema) in self.list_resources().chain(self.actions()) {
            add(name, schema.validate_implementation());
            add(name, schema.validate_without_computed());
        }
        for name in self.list_resource_types() {
            let identity = self.resources.iter().find(|r| r.0.type_name() == name);
            if identity.is_none_or(|r| r.0.schema().identity_attributes().is_empty()) {
                add(name, vec!["no resource of this type with an identity".to_owned()]);
            }
        }
        let mut names = BTreeSet::new();
        for function in self.functions() {
            add(
                function.name(),
                function.definition().validate_implementation(function.name()),
            );
            if !names.insert(function.name()) {
                add(function.name(), vec!["declared twice".to_owned()]);
            }
        }
        errors
    }

    /// Validates a provider block.
    pub fn validate_provider(&self, config: Value) -> Diagnostics {
        let client = ClientCapabilities::default();
        SensitiveValues::of(self.schema(), [&config]).during_sync(|| {
            validate_config(self.schema(), config, client, |config, diagnostics| {
                self.provider.validate(config, diagnostics);
            })
        })
    }

    /// Configures the provider for the calls that follow.
    pub async fn configure(&self, config: Value, terraform_version: String) -> Diagnostics {
        let sensitive = SensitiveValues::of(self.schema(), [&config]);
        self.run().sensitive = sensitive.clone();
        sensitive
            .during(self.configure_data(config, terraform_version))
            .await
    }

    async fn configure_data(&self, config: Value, terraform_version: String) -> Diagnostics {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let stop = {
            let mut run = self.run();
            if self.mode == ServeMode::Debug {
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
            Ok(Ok(data)) => {
                let mut run = self.run();
                run.data = Some(Arc::new(data));
                run.phase = Phase::Plan;
            }
            Ok(Err(errors)) => diagnostics.append(errors),
            Err(panic) => diagnostics.push(panic),
        }
        diagnostics
    }

    /// Interrupts the run: waits end, and no new requests start. Calls in flight still return a response.
    pub fn stop(&self) {
        self.run().stop.cancel();
    }

    /// Records the phase to which a call belongs.
    fn enter(&self, phase: Phase) {
        let mut run = self.run();
        if run.phase != phase
            && let Some(data) = &run.data
        {
            // Holds the lock: no other call of the phase may come first.
            self.provider.on_phase(data, phase);
            run.phase = phase;
        }
    }

    /// The data of the current configuration.
    #[must_use]
    pub fn configured_data(&self) -> Option<Arc<P::Data>> {
        self.run().data.clone()
    }

    /// Handles a request that needs a configuration. Removes the sensitive values of the request and of the provider
    /// block from messages and logs.
    async fn handle<R, F>(
        &self,
        schema: &Schema,
        request: R,
        handler: impl FnOnce(Arc<P::Data>, R) -> F + Send,
    ) -> R::Response
    where
        R: Request,
        R::Response: HasDiagnostics,
        F: Future<Output = R::Response>,
    {
        let sensitive = self.sensitive(schema, request.values());
        let response = async {
            match self.configured_data() {
                Some(provider) => handler(provider, request).await,
                None => request.fail(not_configured().into()),
            }
        };
        let mut response = sensitive.during(response).await;
        response.diagnostics().drop_unknown_paths(schema);
        response
    }

    /// The values that the messages of a call must not contain.
    fn sensitive<'a>(&self, schema: &Schema, values: impl IntoIterator<Item = &'a Value>) -> SensitiveValues {
        SensitiveValues::of(schema, values).and(&self.run().sensitive)
    }

    fn sensitive_in_stored(&self, schema: &Schema, state: &serde_json::Value) -> SensitiveValues {
        SensitiveValues::of_stored(schema, state).and(&self.run().sensitive)
    }

    fn run(&self) -> MutexGuard<'_, Run<P::Data>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_configured() -> Diagnostic {
    Diagnostic::error(
        "Provider is not configured",
        "This operation requires a configured provider. Fix the errors in the provider block first.",
    )
}

/// The error for a type that the provider does not serve.
#[must_use]
pub fn unknown_type(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {kind}"),
        format!(
            "The provider has no {kind} \"{name}\". Check the name, and whether the installed version of the provider \
             includes it."
        ),
    )
}
