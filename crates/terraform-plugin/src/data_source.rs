//! What a data source of a provider is.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostics::Diagnostics;
use crate::schema::Schema;

/// Something that a configuration can look up.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// What the provider's configuration became; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync;
    /// The attributes as a Rust type, arguments and results alike.
    type Model: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The whole type name, for instance `example_status`.
    fn type_name(&self) -> &'static str;

    /// The attributes, once.
    fn schema(&self) -> Schema;

    /// Rules over several arguments, any of which may be unknown. No request may be made here.
    fn validate(&self, _config: &Self::Model, _diagnostics: &mut Diagnostics) {}

    /// Looks it up.
    ///
    /// # Errors
    /// Why that could not be done.
    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Self::Model, Diagnostics>;
}

/// A look-up.
pub struct DataCall<'a, D: DataSource + ?Sized> {
    /// The configured provider.
    pub provider: &'a D::Data,
    /// What the user wrote.
    pub config: D::Model,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}
