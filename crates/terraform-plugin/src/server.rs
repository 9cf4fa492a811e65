//! A provider in a running process: its types, its configuration and its interruption.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::dispatch::{
    DynAction, DynDataSource, DynResource, ListResourceHandle, Run, ServeMode, Served, ServedFunction, clean,
    validate_config,
};
use crate::engine::panics::catch_panic;
use crate::engine::sensitive_values::remember;
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
    schema: LazyLock<Schema>,
    pub(crate) registry: Registry<P::Data>,
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
            schema: LazyLock::new(P::Config::schema),
            registry,
            run,
        }
    }

    /// The schema of the provider block.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The resources: the type name and schema of each.
    pub fn resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        schemas(&self.registry.resources)
    }

    /// The data sources: the type name and schema of each.
    pub fn data_sources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        schemas(&self.registry.data_sources)
    }

    /// The list resources: the type name and the schema of the `config` block of each.
    pub fn list_resources(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        schemas(&self.registry.list_resources)
    }

    /// The actions: the type name and the schema of the `config` block of each.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, &Schema)> {
        schemas(&self.registry.actions)
    }

    /// The functions.
    pub fn functions(&self) -> impl Iterator<Item = &ServedFunction> {
        self.registry.functions.iter()
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
        find(&self.registry.resources, "resource", type_name)
    }

    /// The data source of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn data_source(&self, type_name: &str) -> Result<&DynDataSource<P::Data>, Diagnostic> {
        find(&self.registry.data_sources, "data source", type_name)
    }

    /// The list resource of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn list_resource(&self, type_name: &str) -> Result<ListResourceHandle<'_, P::Data>, Diagnostic> {
        Ok(ListResourceHandle {
            list_resource: find(&self.registry.list_resources, "list resource", type_name)?,
            resource: self.resource(type_name)?,
        })
    }

    /// The action of this type.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown type name.
    pub fn action(&self, type_name: &str) -> Result<&DynAction<P::Data>, Diagnostic> {
        find(&self.registry.actions, "action", type_name)
    }

    /// The function of this name.
    ///
    /// # Errors
    /// A diagnostic that contains the unknown name.
    pub fn function(&self, name: &str) -> Result<&ServedFunction, Diagnostic> {
        let found = self.functions().find(|function| function.name() == name);
        found.ok_or_else(|| unknown_type("function", name))
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
        let mut check_names = |kind: &str, types: Vec<&'static str>| {
            let mut seen = BTreeSet::new();
            for name in types {
                if !name.starts_with(&prefix) || !is_identifier(name) {
                    let error = format!("{name}: not a valid type name that begins with {prefix}");
                    add(kind, vec![error]);
                } else if !seen.insert(name) {
                    add(kind, vec![format!("{name}: declared twice")]);
                }
            }
        };
        check_names("resource", names(&self.registry.resources).collect());
        check_names("data source", names(&self.registry.data_sources).collect());
        check_names("list resource", names(&self.registry.list_resources).collect());
        check_names("action", names(&self.registry.actions).collect());
        for (name, schema) in self.resources() {
            add(name, schema.validate_implementation(BlockKind::Resource));
        }
        for (name, schema) in self.data_sources() {
            add(name, schema.validate_implementation(BlockKind::DataSource));
        }
        for (name, schema) in self.list_resources().chain(self.actions()) {
            add(name, schema.validate_implementation(BlockKind::Config));
        }
        for name in names(&self.registry.list_resources) {
            let resource = self.resource(name);
            if !resource.is_ok_and(|r| r.schema().identity_attributes().next().is_some()) {
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
    pub fn validate_provider(&self, config: &Value) -> Diagnostics {
        remember(self.schema(), [config]);
        let client = ClientCapabilities::default();
        let found = validate_config(self.schema(), config, client, |call| self.provider.validate(call));
        clean(self.schema(), found)
    }

    /// Configures the provider for the calls that follow.
    pub async fn configure(&self, config: Value, terraform_version: String) -> Diagnostics {
        remember(self.schema(), [&config]);
        let stop = self.run.begin();
        let config = match from_value(&config) {
            Ok(config) => config,
            Err(error) => return error.into(),
        };
        let mut call = ConfigureCall {
            terraform_version,
            stop,
            ..ConfigureCall::new(config)
        };
        match catch_panic(self.provider.configure(&mut call)).await {
            Ok(data) => self.run.configured(data),
            Err(errors) => call.diagnostics.append(errors),
        }
        clean(self.schema(), call.diagnostics)
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

fn names<D: 'static, T: ?Sized + Deref<Target = Served<D>>>(
    all: &[Box<T>],
) -> impl Iterator<Item = &'static str> {
    all.iter().map(|served| served.type_name())
}

fn schemas<D: 'static, T: ?Sized + Deref<Target = Served<D>>>(
    all: &[Box<T>],
) -> impl Iterator<Item = (&'static str, &Schema)> {
    all.iter().map(|served| (served.type_name(), served.schema()))
}

fn find<'a, D: 'static, T: ?Sized + Deref<Target = Served<D>>>(
    all: &'a [Box<T>],
    kind: &str,
    type_name: &str,
) -> Result<&'a T, Diagnostic> {
    let found = all.iter().find(|served| served.type_name() == type_name);
    found
        .map(AsRef::as_ref)
        .ok_or_else(|| unknown_type(kind, type_name))
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
