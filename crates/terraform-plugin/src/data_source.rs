//! The trait of a data source.

use tokio_util::sync::CancellationToken;

use crate::diagnostics::Diagnostics;
use crate::model::Model;
use crate::resource::ValidateCall;

/// An object that a configuration reads and does not manage.
pub trait DataSource: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync + 'static;
    /// The arguments and results: the schema and the model.
    type Model: Model + Clone;

    /// The type name, for instance `example_status`.
    fn type_name(&self) -> &'static str;

    /// Checks rules that the schema cannot express. Any value may be unknown. Must not make requests.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    fn validate(&self, _call: &mut ValidateCall<Self::Model>) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Reads the results.
    ///
    /// # Errors
    /// The reason why the data source cannot be read.
    fn read(
        &self,
        call: &mut DataCall<'_, Self>,
    ) -> impl Future<Output = Result<Self::Model, Diagnostics>> + Send;
}

/// A request to read a data source.
#[non_exhaustive]
pub struct DataCall<'a, D: DataSource + ?Sized> {
    /// The configured provider.
    pub data: &'a D::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The configuration.
    pub config: D::Model,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}
