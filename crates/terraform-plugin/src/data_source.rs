//! The trait of a data source.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostics::Diagnostics;
use crate::schema::Schema;

/// An object that a configuration reads and does not manage.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync;
    /// The model of the arguments and results.
    type Model: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The type name, for instance `example_status`.
    fn type_name(&self) -> &'static str;

    /// The attributes.
    fn schema(&self) -> Schema;

    /// Checks rules over several arguments, any of which may be unknown. Must not make requests.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Reads the results.
    ///
    /// # Errors
    /// The reason why the data source cannot be read.
    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Self::Model, Diagnostics>;
}

/// A request to read a data source.
pub struct DataCall<'a, D: DataSource + ?Sized> {
    /// The configured provider.
    pub provider: &'a D::Data,
    /// The configuration.
    pub config: D::Model,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}
