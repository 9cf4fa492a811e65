//! A provider in a running process: its types, its configuration and its interruption.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::dispatch::{
    DynAction, DynDataSource, DynResource, ListResourceHandle, Run, ServeMode, ServedFunction,
    validate_config,
};
use crate::engine::panics::catch_panic;
use crate::engine::sensitive_values::SensitiveValues;
use crate::engine::validate::ClientCapabilities;
use crate::model::{Model, from_value};
use crate::provider::{ConfigureCall, Provider};
use crate::registry::Registry;
use crate::schema::{BlockKind, Schema, is_identifier};
use crate::secrets::foreign_text;
use crate::value::Value;

/// Serves a provider for the lifetime of the process. It accepts any number of concurrent calls.
pub struct Server<P: Provider> {
    provider: Arc<P>,
    schema: OnceLock<Schema>,
    registry: Registry<P::Data>,
    run: Arc<Run<P::Data>>,
}

impl<P: Provider> Server<P> {
    /// A server that is not configured.
    pub fn new(provider: P, mode: ServeMode) -> Self {
        let provider = Arc::new(provider);
        let observer = provider.clone();
        let run = Arc::new(Run::new(mode, move |data, phase| observer.on_phase(data, phase)));
        let mut registry = Registry::new(run.clone());
        provider.register(&mut registry);
        Self {
            provider,
            schema: OnceLock::new(),
            registry,
            run,
        }
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(P::Config::schema)
    }

    /// The resources: the type name and schema of each.
    pub fn resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.registry
            .resources
            .iter()
            .map(|x| (x.type_name(), x.schema()))
    }

    /// The data sources: the type name and schema of each.
    pub fn data_sources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.registry
            .data_sources
            .iter()
            .map(|x| (x.type_name(), x.schema()))
    }

    /// The list resources: the type name and the schema of the `config` block of each.
    pub fn list_resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.registry
            .list_resources
            .iter()
            .map(|x| (x.type_name(), x.schema()))
    }

    /// The actions: the type name and the schema of the `config` block of each.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        self.registry.actions.iter().map(|x| (x.type_name(), x.schema()))
    }

    /// The functions.
    pub fn functions(&self) -> impl Iterator<Item = &ServedFunction> {
        self.registry.functions.iter()
    }

    /// The type names of the resources, without creating their schemas.
    pub fn resource_types(&self) -> impl Iterator<Item = &'static str> {
        self.registry.resources.iter().map(|x| x.type_name())
    }

    /// The type names of the data sources, without creating their schemas.
    pub fn data_source_types(&self) -> impl Iterator<Item = &'static str> {
        self.registry.data_sources.iter().map(|x| x.type_name())
    }

    /// The type names of the list resources, without creating their schemas.
    pub fn list_resource_types(&self) -> impl Iterator<Item = &'static str> {
        self.registry.list_resources.iter().map(|x| x.type_name())
    }

    /// The type names of the actions, without creating their schemas.
    pub fn action_types(&self) -> impl Iterator<Item = &'static str> {
        self.registry.actions.iter().map(|x| x.type_name())
    }

    /// The names of the functions, without creating their definitions.
    pub fn function_names(&self) -> impl Iterator<Item = &'static str> {
        self.registry.functions.iter().map(ServedFunction::name)
    }

    /// Whether a resource converts the state of other types.
    pub fn moves_resource_state(&self) -> bool {
        self.registry.resources.iter().any(|r| !r.moves_from().is_empty())
    }

    /// The resource of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn resource(&self, type_name: &str) -> Result<&DynResource<P::Data>, Diagnostic> {
        let mut resources = self.registry.resources.iter();
        let resource = resources.find(|r| r.type_name() == type_name);
        resource
            .map(AsRef::as_ref)
            .ok_or_else(|| unknown_type("resource", type_name))
    }

    /// The data source of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn data_source(&self, type_name: &str) -> Result<&DynDataSource<P::Data>, Diagnostic> {
        let mut data_sources = self.registry.data_sources.iter();
        let data_source = data_sources.find(|d| d.type_name() == type_name);
        data_source
            .map(AsRef::as_ref)
            .ok_or_else(|| unknown_type("data source", type_name))
    }

    /// The list resource of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn list_resource(&self, type_name: &str) -> Result<ListResourceHandle<'_, P::Data>, Diagnostic> {
        let mut list_resources = self.registry.list_resources.iter();
        let list_resource = list_resources.find(|l| l.type_name() == type_name);
        list_resource
            .map(|list_resource| ListResourceHandle {
                list_resource: list_resource.as_ref(),
                resource: self.resource(type_name),
            })
            .ok_or_else(|| unknown_type("list resource", type_name))
    }

    /// The action of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn action(&self, type_name: &str) -> Result<&DynAction<P::Data>, Diagnostic> {
        let mut actions = self.registry.actions.iter();
        let action = actions.find(|a| a.type_name() == type_name);
        action
            .map(AsRef::as_ref)
            .ok_or_else(|| unknown_type("action", type_name))
    }

    /// The function of this name.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown name.
    pub fn function(&self, name: &str) -> Result<&ServedFunction, Diagnostic> {
        let mut functions = self.registry.functions.iter();
        functions
            .find(|f| f.name() == name)
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
        add(
            "provider",
            self.schema().validate_implementation(BlockKind::Provider),
        );
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
        for (name, schema) in self.resources() {
            add(name, schema.validate_implementation(BlockKind::Resource));
        }
        for (name, schema) in self.data_sources() {
            add(name, schema.validate_implementation(BlockKind::DataSource));
        }
        for (name, schema) in self.list_resources().chain(self.actions()) {
            add(name, schema.validate_implementation(BlockKind::Config));
        }
        for name in self.list_resource_types() {
            let resource = self.resource(name);
            if resource.is_ok_and(|r| !r.schema().identity_attributes().is_empty()) {
                continue;
            }
            add(name, vec!["no resource of this type with an identity".to_owned()]);
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
            validate_config(self.schema(), config, client, |call| self.provider.validate(call))
        })
    }

    /// Configures the provider for the calls that follow.
    pub async fn configure(&self, config: Value, terraform_version: String) -> Diagnostics {
        let sensitive = SensitiveValues::of(self.schema(), [&config]);
        let stop = self.run.begin();
        let configured = async {
            let config = match from_value(config) {
                Ok(config) => config,
                Err(error) => return Diagnostic::from(error).into(),
            };
            let mut call = ConfigureCall {
                terraform_version,
                stop,
                ..ConfigureCall::new(config)
            };
            let configured = catch_panic(self.provider.configure(&mut call)).await;
            match configured {
                Ok(Ok(data)) => self.run.configured(data),
                Ok(Err(errors)) => call.diagnostics.append(errors),
                Err(panic) => call.diagnostics.push(panic),
            }
            call.diagnostics
        };
        sensitive.during(configured).await
    }

    /// Interrupts the run: waits end, and no new requests start. Calls in flight still return a response.
    pub fn stop(&self) {
        self.run.stop().cancel();
    }

    /// The data of the current configuration.
    #[must_use]
    pub fn configured_data(&self) -> Option<Arc<P::Data>> {
        self.run.data()
    }
}

/// The error for a type that the provider does not serve.
fn unknown_type(kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {kind}"),
        format!(
            "The provider has no {kind} \"{}\". Check the name, and whether the installed version of the provider \
             includes it.",
            foreign_text(name)
        ),
    )
}

/// Returns the errors in everything that a provider declares: what a host refuses, and options without an effect. A unit
/// test asserts that there are none.
#[must_use]
pub fn validate_implementation(provider: impl Provider) -> Vec<String> {
    Server::new(provider, ServeMode::Managed).validate_implementation()
}
