//! The trait of a provider.

use std::sync::OnceLock;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::action::Action;
use crate::data_source::DataSource;
use crate::diagnostics::Diagnostics;
use crate::engine::erased::{AnyAction, AnyDataSource, AnyListResource, AnyResource, Erased};
use crate::function::{Function, FunctionDefinition};
use crate::list_resource::ListResource;
use crate::resource::Resource;
use crate::schema::Schema;

/// A provider: its configuration and everything that it serves.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The model of the provider block.
    type Config: DeserializeOwned + Send;
    /// The configured provider, for instance an API client. All resources, data sources, list resources and actions
    /// share it.
    type Data: Send + Sync + 'static;

    /// The name, version and address.
    fn metadata(&self) -> Metadata;

    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks rules over several attributes of the block, any of which may be unknown. Must not make requests.
    fn validate(&self, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Creates the data from the configuration, in which values may be unknown at plan.
    ///
    /// # Errors
    /// The reason why the configuration is unusable.
    async fn configure(&self, call: &mut ConfigureCall<Self::Config>) -> Result<Self::Data, Diagnostics>;

    /// Observes that the operation of the host has reached another phase. A configuration begins with [`Phase::Plan`].
    /// Must not block. Default: does nothing.
    fn on_phase(&self, _data: &Self::Data, _phase: Phase) {}

    /// The resources.
    fn resources(&self) -> Vec<ServedResource<Self::Data>>;

    /// The data sources.
    fn data_sources(&self) -> Vec<ServedDataSource<Self::Data>>;

    /// The list resources. Default: none.
    fn list_resources(&self) -> Vec<ServedListResource<Self::Data>> {
        Vec::new()
    }

    /// The actions. Default: none.
    fn actions(&self) -> Vec<ServedAction<Self::Data>> {
        Vec::new()
    }

    /// The functions. Default: none.
    fn functions(&self) -> Vec<ServedFunction> {
        Vec::new()
    }
}

/// A phase of an operation of the host, such as `terraform apply`.
///
/// A host refreshes before it applies, so a refresh after an apply begins the next operation. Most hosts configure the
/// provider for each operation. `terraform test` of Terraform 1.15 configures it once for all of its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The host refreshes and plans. The phase lasts until the first apply.
    Plan,
    /// The host applies. It plans each change again first. The phase lasts until the next refresh.
    Apply,
}

/// The name and version of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// The address in `required_providers`, for instance `example/example`.
    pub address: &'static str,
    /// The prefix of all type names, without underscore, and the name in `TF_LOG_PROVIDER_<NAME>`.
    pub name: &'static str,
    /// The version without a leading `v`.
    pub version: &'static str,
    /// One sentence that describes the provider.
    pub description: &'static str,
    /// Further crates whose `tracing` events are logged, by their names in Rust code.
    pub log_targets: &'static [&'static str],
}

/// A request to configure the provider.
pub struct ConfigureCall<C> {
    /// The configuration.
    pub config: C,
    /// The version of Terraform or OpenTofu, for instance `1.11.4`.
    pub terraform_version: String,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A resource of a provider.
pub struct ServedResource<D>(pub(crate) Box<dyn AnyResource<D>>);

/// A data source of a provider.
pub struct ServedDataSource<D>(pub(crate) Box<dyn AnyDataSource<D>>);

/// A list resource of a provider.
pub struct ServedListResource<D>(pub(crate) Box<dyn AnyListResource<D>>);

/// An action of a provider.
pub struct ServedAction<D>(pub(crate) Box<dyn AnyAction<D>>);

/// A function of a provider.
pub struct ServedFunction {
    pub(crate) function: Box<dyn Function>,
    definition: OnceLock<FunctionDefinition>,
}

impl<D: Send + Sync + 'static> ServedResource<D> {
    /// Serves this resource.
    pub fn new(resource: impl Resource<Data = D>) -> Self {
        Self(Box::new(Erased::new(resource)))
    }
}

impl<D: Send + Sync + 'static> ServedDataSource<D> {
    /// Serves this data source.
    pub fn new(data_source: impl DataSource<Data = D>) -> Self {
        Self(Box::new(Erased::new(data_source)))
    }
}

impl<D: Send + Sync + 'static> ServedListResource<D> {
    /// Serves this list resource.
    pub fn new(list_resource: impl ListResource<Data = D>) -> Self {
        Self(Box::new(Erased::new(list_resource)))
    }
}

impl<D: Send + Sync + 'static> ServedAction<D> {
    /// Serves this action.
    pub fn new(action: impl Action<Data = D>) -> Self {
        Self(Box::new(Erased::new(action)))
    }
}

impl ServedFunction {
    /// Serves this function.
    pub fn new(function: impl Function) -> Self {
        Self {
            function: Box::new(function),
            definition: OnceLock::new(),
        }
    }

    /// The definition, created on first use.
    pub(crate) fn definition(&self) -> &FunctionDefinition {
        self.definition.get_or_init(|| self.function.definition())
    }
}
