//! What a provider is.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::data_source::DataSource;
use crate::diagnostics::Diagnostics;
use crate::engine::erased::{AnyDataSource, AnyResource, Erased};
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

/// A resource, ready to be served.
pub struct ServedResource<D>(pub(crate) Box<dyn AnyResource<D>>);

/// A data source, ready to be served.
pub struct ServedDataSource<D>(pub(crate) Box<dyn AnyDataSource<D>>);

impl<D: Send + Sync + 'static> ServedResource<D> {
    /// Takes a resource into what is served.
    pub fn new(resource: impl Resource<Data = D>) -> Self {
        Self(Box::new(Erased::new(resource)))
    }
}

impl<D: Send + Sync + 'static> ServedDataSource<D> {
    /// Takes a data source into what is served.
    pub fn new(data_source: impl DataSource<Data = D>) -> Self {
        Self(Box::new(Erased::new(data_source)))
    }
}
