//! What a provider is.

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

/// A provider: a configuration, and what it serves.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The provider block as a Rust type.
    type Config: DeserializeOwned + Send;
    /// What a configuration becomes: all that resources and data sources need for their requests.
    type Data: Send + Sync + 'static;

    /// Name, version and address.
    fn metadata(&self) -> Metadata;

    /// The attributes of the provider block.
    fn schema(&self) -> Schema;

    /// Rules over several attributes of the block, any of which may be unknown. No request may be
    /// made here.
    fn validate(&self, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Makes the data of a configuration, in which values may be unknown while planning.
    ///
    /// # Errors
    /// Why this configuration can't be used.
    async fn configure(&self, call: &mut ConfigureCall<Self::Config>) -> Result<Self::Data, Diagnostics>;

    /// The resources that it serves.
    fn resources(&self) -> Vec<ServedResource<Self::Data>>;

    /// The data sources that it serves.
    fn data_sources(&self) -> Vec<ServedDataSource<Self::Data>>;

    /// The list resources that it serves. Default: none.
    fn list_resources(&self) -> Vec<ServedListResource<Self::Data>> {
        Vec::new()
    }

    /// The actions that it serves. Default: none.
    fn actions(&self) -> Vec<ServedAction<Self::Data>> {
        Vec::new()
    }

    /// The functions that it serves. Default: none.
    fn functions(&self) -> Vec<ServedFunction> {
        Vec::new()
    }
}

/// What a provider is called.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// The address in `required_providers`, for instance `example/example`.
    pub address: &'static str,
    /// The prefix of all type names, and the name in `TF_LOG_PROVIDER_<NAME>`.
    pub name: &'static str,
    /// The version, without a `v` in front.
    pub version: &'static str,
    /// One sentence that says what the provider is for.
    pub description: &'static str,
    /// The crates whose `tracing` events are logged, beside this one, by their names in Rust.
    pub log_targets: &'static [&'static str],
}

/// A configuration of the provider.
pub struct ConfigureCall<C> {
    /// What the user wrote.
    pub config: C,
    /// The version of the command line tool, for instance `1.11.4`.
    pub terraform_version: String,
    /// Cancelled when the run is interrupted: no new request may begin, and waits end.
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
