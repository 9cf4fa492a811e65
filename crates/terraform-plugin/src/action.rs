//! The trait of an action.

use tokio_util::sync::CancellationToken;

use crate::diagnostics::Diagnostics;
use crate::engine::progress::Progress;
use crate::model::Model;
use crate::resource::ValidateCall;

/// An operation that a configuration or `terraform apply -invoke` starts, with Terraform 1.14 or later. It has no
/// result and no state.
pub trait Action: Send + Sync + 'static {
    /// The configured provider; see [`Provider::Data`](crate::Provider::Data).
    type Data: Send + Sync + 'static;
    /// The arguments of the `config` block, none of which is computed.
    type Config: Model;

    /// The type name, for instance `example_restart`.
    fn type_name(&self) -> &'static str;

    /// Checks rules that the schema cannot express. Any value may be unknown. Must not make requests.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    fn validate(&self, _call: &mut ValidateCall<Self::Config>) -> Result<(), Diagnostics> {
        Ok(())
    }

    /// Checks at plan whether the action can be invoked. Must not have effects.
    ///
    /// # Errors
    /// Why the action cannot be invoked.
    fn plan(
        &self,
        _call: &mut PlanActionCall<'_, Self>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send {
        async { Ok(()) }
    }

    /// Carries out the action.
    ///
    /// # Errors
    /// The reason why the action failed. After an interruption, the error describes what was started and how to observe
    /// it.
    fn invoke(&self, call: &mut InvokeCall<'_, Self>)
    -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

/// A request to plan an action.
#[non_exhaustive]
pub struct PlanActionCall<'a, A: Action + ?Sized> {
    /// The configured provider.
    pub data: &'a A::Data,
    /// Cancelled when the run is interrupted: do not start new requests, and end waits.
    pub stop: CancellationToken,
    /// The content of the `config` block, in which values may be unknown.
    pub config: A::Config,
    /// Warnings to the user.
    pub diagnostics: Diagnostics,
}

/// A request to invoke an action.
#[non_exhaustive]
pub struct InvokeCall<'a, A: Action + ?Sized> {
    /// The configured provider.
    pub data: &'a A::Data,
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
