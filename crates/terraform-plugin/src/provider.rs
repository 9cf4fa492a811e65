//! The trait of a provider.

use tokio_util::sync::CancellationToken;

use crate::Model;
use crate::diagnostics::Diagnostics;
use crate::dispatch::Phase;
use crate::registry::Registry;
use crate::resource::ValidateCall;

/// A provider: its configuration and everything that it serves.
pub trait Provider: Send + Sync + 'static {
    /// The arguments of the provider block: the schema and the model.
    type Config: Model;
    /// The configured provider, for instance an API client. All resources, data sources, list resources and actions
    /// share it.
    type Data: Send + Sync + 'static;

    /// The name, version and address.
    fn metadata(&self) -> Metadata;

    /// Registers everything that the provider serves.
    fn register(&self, registry: &mut Registry<Self::Data>);

    /// Checks rules that the schema cannot express. Any value may be unknown. Must not make requests.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    fn validate(&self, _call: &mut ValidateCall<Self::Config>) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Creates the data from the configuration, in which values may be unknown at plan.
    ///
    /// # Errors
    /// The reason why the configuration is unusable.
    fn configure(
        &self,
        call: &mut ConfigureCall<Self::Config>,
    ) -> impl Future<Output = Result<Self::Data, Diagnostics>> + Send;

    /// Observes that the operation of the host has reached another phase. A configuration begins with [`Phase::Plan`].
    /// Must not block. Default: does nothing.
    fn on_phase(&self, _data: &Self::Data, _phase: Phase) {}
}

/// The name and version of a provider.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Metadata {
    /// The address in `required_providers`, with the host name.
    pub address: &'static str,
    /// The last part of the address: the prefix of all type names, and the name in `TF_LOG_PROVIDER_<NAME>`.
    pub name: &'static str,
    /// The version without a leading `v`.
    pub version: &'static str,
    /// One sentence that describes the provider.
    pub description: &'static str,
    /// Further crates whose `tracing` events are logged, by their names in Rust code.
    pub log_targets: &'static [&'static str],
}

impl Metadata {
    /// Metadata of the provider with this address, for instance `registry.terraform.io/example/example`.
    #[must_use]
    pub fn new(address: &'static str, version: &'static str, description: &'static str) -> Self {
        Self {
            address,
            name: address.rsplit('/').next().unwrap_or_default(),
            version,
            description,
            log_targets: &[],
        }
    }

    /// Logs the `tracing` events of further crates, by their names in Rust code.
    #[must_use]
    pub fn log_targets(self, log_targets: &'static [&'static str]) -> Self {
        Self { log_targets, ..self }
    }
}

/// A provider whose block has no arguments, such as one of functions only.
///
/// ```no_run
/// # use terraform_plugin::{Metadata, run, without_config};
/// let metadata = Metadata::new("registry.terraform.io/example/example", "1.0.0", "Does nothing.");
/// run(without_config(metadata, |registry| registry /* .resource(..).function(..) */));
/// ```
pub fn without_config(
    metadata: Metadata,
    register: impl Fn(&mut Registry<()>) -> &mut Registry<()> + Send + Sync + 'static,
) -> impl Provider<Data = ()> {
    WithoutConfig { metadata, register }
}

struct WithoutConfig<R> {
    metadata: Metadata,
    register: R,
}

/// The provider has no arguments.
#[derive(Model)]
struct NoArguments;

impl<R> Provider for WithoutConfig<R>
where
    R: Fn(&mut Registry<()>) -> &mut Registry<()> + Send + Sync + 'static,
{
    type Config = NoArguments;
    type Data = ();

    fn metadata(&self) -> Metadata {
        self.metadata
    }

    fn register(&self, registry: &mut Registry<()>) {
        (self.register)(registry);
    }

    async fn configure(&self, _: &mut ConfigureCall<NoArguments>) -> Result<(), Diagnostics> {
        Ok(())
    }
}

/// A request to configure the provider.
#[non_exhaustive]
pub struct ConfigureCall<C> {
    /// The configuration.
    pub config: C,
    /// The version of Terraform or OpenTofu, for instance `1.11.4`.
    pub terraform_version: String,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}

impl<C> ConfigureCall<C> {
    /// A call with this configuration, for tests.
    pub fn new(config: C) -> Self {
        Self {
            config,
            terraform_version: String::new(),
            stop: CancellationToken::new(),
            diagnostics: Diagnostics::new(),
        }
    }
}
