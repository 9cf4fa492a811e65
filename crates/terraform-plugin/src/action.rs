//! The trait of an action.

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::Diagnostics;
use crate::engine::progress::Progress;
use crate::schema::Schema;

/// An operation that a configuration or `terraform apply -invoke` starts, with Terraform 1.14 or later. It has no
/// result and no state.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync;
    /// The model of the `config` block.
    type Config: DeserializeOwned + Send + Sync;

    /// The type name, for instance `example_restart`.
    fn type_name(&self) -> &'static str;

    /// The attributes of the `config` block, none of which is computed.
    fn schema(&self) -> Schema;

    /// Checks rules over several arguments, any of which may be unknown. Must not make requests.
    fn validate(&self, _config: &Self::Config, _diagnostics: &mut Diagnostics) {}

    /// Checks at plan whether the action can be invoked. Must not have effects. Diagnostics go into the call.
    async fn plan(&self, _call: &mut PlanActionCall<'_, Self>) {}

    /// Carries out the action.
    ///
    /// # Errors
    /// The reason why the action failed. After an interruption, the error describes what was started and how to observe
    /// it.
    async fn invoke(&self, call: &mut InvokeCall<'_, Self>) -> Result<(), Diagnostics>;
}

/// A request to plan an action.
pub struct PlanActionCall<'a, A: Action + ?Sized> {
    /// The configured provider.
    pub provider: &'a A::Data,
    /// The content of the `config` block, in which values may be unknown.
    pub config: A::Config,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

/// A request to invoke an action.
pub struct InvokeCall<'a, A: Action + ?Sized> {
    /// The configured provider.
    pub provider: &'a A::Data,
    /// The content of the `config` block, wholly known.
    pub config: A::Config,
    /// Cancelled when the run is interrupted: return soon.
    pub stop: CancellationToken,
    /// Messages to the user, shown when the action is complete.
    pub diagnostics: Diagnostics,
    pub(crate) progress: Progress,
}

impl<A: Action + ?Sized> InvokeCall<'_, A> {
    /// Shows a line of text to the user immediately. If an action reports nothing for ten seconds, the crate reports
    /// that it is still running, with the elapsed time.
    pub async fn progress(&self, text: impl Into<String> + Send) {
        self.progress.report(text.into()).await;
    }
}
