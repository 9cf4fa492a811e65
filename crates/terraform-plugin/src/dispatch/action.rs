//! Actions.

use std::ops::Deref;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::action::{Action, InvokeCall, PlanActionCall};
use crate::diagnostics::{Diagnostics, Severity};
use crate::dispatch::{Configured, Erased, STORES_NOTHING, Served, clean, only, or_nulls, validate_config};
use crate::engine::panics::catch_panic;
use crate::engine::progress::{InvokeEvent, Progress};
use crate::engine::sensitive_values::remember;
use crate::model::from_value;
use crate::value::Value;

/// An action of any model.
#[async_trait]
pub trait AnyAction<D>: Deref<Target = Served<D>> + Send + Sync {
    fn validate_model(&self, config: &Value) -> Diagnostics;
    async fn plan_model(&self, configured: Configured<D>, config: &Value) -> Diagnostics;
    async fn invoke_model(
        &self,
        configured: Configured<D>,
        config: &Value,
        progress: Progress,
    ) -> Diagnostics;
}

/// An action of a server.
pub type DynAction<D> = dyn AnyAction<D>;

/// For an action without arguments, only the invocation returns diagnostics: Terraform 1.15 crashes on a diagnostic
/// from validation or plan if the action has no `config` block.
impl<D: Send + Sync + 'static> DynAction<D> {
    /// Validates a configuration. [`Self::plan`] reports the warnings.
    #[must_use]
    pub fn validate(&self, config: &Value) -> Diagnostics {
        if sets_nothing(config) {
            return Diagnostics::new();
        }
        remember(self.schema(), [config]);
        clean(self.schema(), only(Severity::Error, self.validate_model(config)))
    }

    /// Plans the action.
    pub async fn plan(&self, config: Value) -> Diagnostics {
        if sets_nothing(&config) {
            return Diagnostics::new();
        }
        remember(self.schema(), [&config]);
        let diagnostics = match self.run.require() {
            Ok(configured) => {
                let mut found = only(Severity::Warning, self.validate_model(&config));
                found.append(self.plan_model(configured, &config).await);
                found
            }
            Err(error) => error.into(),
        };
        clean(self.schema(), diagnostics)
    }

    /// Carries out the action and sends its progress. The last event is [`InvokeEvent::Completed`], exactly once. The
    /// action runs to its end even if the receiver is dropped.
    pub async fn invoke(&self, config: Value, events: mpsc::Sender<InvokeEvent>) {
        let config = or_nulls(self.schema(), config);
        remember(self.schema(), [&config]);
        let diagnostics = match self.run.require() {
            Ok(configured) => {
                let progress = Progress::new(events.clone());
                self.invoke_model(configured, &config, progress).await
            }
            Err(error) => error.into(),
        };
        let diagnostics = clean(self.schema(), diagnostics);
        let _ = events.send(InvokeEvent::Completed(diagnostics)).await;
    }
}

/// Whether a configuration sets no argument.
fn sets_nothing(config: &Value) -> bool {
    config.is_null()
        || config
            .as_object()
            .is_some_and(|all| all.values().all(Value::is_null))
}

#[async_trait]
impl<A: Action> AnyAction<A::Data> for Erased<A, A::Data> {
    fn validate_model(&self, config: &Value) -> Diagnostics {
        validate_config(self.schema(), config, STORES_NOTHING, |call| {
            self.inner.validate(call)
        })
    }

    async fn plan_model(&self, configured: Configured<A::Data>, config: &Value) -> Diagnostics {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return error.into(),
        };
        let mut call: PlanActionCall<'_, A> = PlanActionCall {
            data: &configured.data,
            stop: configured.stop,
            config,
            diagnostics: Diagnostics::new(),
        };
        let result = catch_panic(self.inner.plan(&mut call)).await;
        call.diagnostics.append(result.err().unwrap_or_default());
        call.diagnostics
    }

    async fn invoke_model(
        &self,
        configured: Configured<A::Data>,
        config: &Value,
        progress: Progress,
    ) -> Diagnostics {
        // With `-invoke`, Terraform 1.16 sends null for write-only arguments that were set at plan.
        let invalid = self.validate_model(config);
        if invalid.has_errors() {
            return invalid;
        }
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return error.into(),
        };
        let mut call: InvokeCall<'_, A> = InvokeCall {
            data: &configured.data,
            config,
            stop: configured.stop,
            diagnostics: Diagnostics::new(),
            progress: progress.clone(),
        };
        let result = tokio::select! {
            result = catch_panic(self.inner.invoke(&mut call)) => result,
            never = progress.report_elapsed() => match never {},
        };
        call.diagnostics.append(result.err().unwrap_or_default());
        call.diagnostics
    }
}
