//! Actions.

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::action::{Action, InvokeCall, PlanActionCall};
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::dispatch::{Configured, Erased, Run, STORES_NOTHING, flatten, only, or_nulls, validate_config};
use crate::engine::panics::catch_panic;
use crate::engine::progress::{InvokeEvent, Progress};
use crate::engine::request::ActionRequest;
use crate::engine::sensitive_values::SensitiveValues;
use crate::model::{Model, from_value};
use crate::schema::Schema;
use crate::value::Value;

/// An action of any model.
#[async_trait]
pub trait AnyAction<D>: Send + Sync {
    /// The type name.
    fn type_name(&self) -> &'static str;
    /// The schema of the `config` block, created on first use.
    fn schema(&self) -> &Schema;
    /// The run of the process.
    fn run(&self) -> &Run<D>;
    /// Validates a configuration.
    fn validate_model(&self, config: Value) -> Diagnostics;
    /// Plans the action.
    async fn plan_model(&self, configured: Configured<D>, config: Value) -> Diagnostics;
    /// Carries out the action.
    async fn invoke_model(&self, configured: Configured<D>, config: Value, progress: Progress)
    -> Diagnostics;
}

/// An action of a server.
pub type DynAction<D> = dyn AnyAction<D>;

/// For an action without arguments, only the invocation returns diagnostics: Terraform 1.15 crashes on a diagnostic
/// from validation or plan if the action has no `config` block.
impl<D: Send + Sync + 'static> DynAction<D> {
    /// Validates a configuration. [`Self::plan`] reports the warnings.
    #[must_use]
    pub fn validate(&self, config: Value) -> Diagnostics {
        if sets_nothing(&config) {
            return Diagnostics::new();
        }
        let found = SensitiveValues::of(self.schema(), [&config]).during_sync(|| self.validate_model(config));
        only(Severity::Error, found)
    }

    /// Plans the action.
    pub async fn plan(&self, config: Value) -> Diagnostics {
        if sets_nothing(&config) {
            return Diagnostics::new();
        }
        let handler = async |configured, ActionRequest(config)| {
            let mut found = only(Severity::Warning, self.validate_model(config.clone()));
            found.append(self.plan_model(configured, config).await);
            found
        };
        self.run()
            .handle(self.schema(), ActionRequest(config), handler)
            .await
    }

    /// Carries out the action and sends its progress. The last event is [`InvokeEvent::Completed`], exactly once. The
    /// action runs to its end even if the receiver is dropped.
    pub async fn invoke(&self, config: Value, events: mpsc::Sender<InvokeEvent>) {
        let progress = Progress::new(events.clone());
        let handler = |configured, ActionRequest(config)| self.invoke_model(configured, config, progress);
        let request = ActionRequest(or_nulls(self.schema(), config));
        let diagnostics = self.run().handle(self.schema(), request, handler).await;
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
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(A::Config::schema)
    }

    fn run(&self) -> &Run<A::Data> {
        &self.run
    }

    fn validate_model(&self, config: Value) -> Diagnostics {
        let schema = AnyAction::schema(self);
        validate_config(schema, config, STORES_NOTHING, |call| self.inner.validate(call))
    }

    async fn plan_model(&self, configured: Configured<A::Data>, config: Value) -> Diagnostics {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let mut call: PlanActionCall<'_, A> = PlanActionCall {
            data: &configured.data,
            stop: configured.stop,
            config,
            diagnostics: Diagnostics::new(),
        };
        let result = flatten(catch_panic(self.inner.plan(&mut call)).await);
        call.diagnostics.append(result.err().unwrap_or_default());
        call.diagnostics
    }

    async fn invoke_model(
        &self,
        configured: Configured<A::Data>,
        config: Value,
        progress: Progress,
    ) -> Diagnostics {
        // With `-invoke`, Terraform 1.16 sends null for write-only arguments that were set at plan.
        let invalid = self.validate_model(config.clone());
        if invalid.has_errors() {
            return invalid;
        }
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let mut call: InvokeCall<'_, A> = InvokeCall {
            data: &configured.data,
            config,
            stop: configured.stop,
            diagnostics: Diagnostics::new(),
            progress: progress.clone(),
        };
        let result = tokio::select! {
            result = catch_panic(self.inner.invoke(&mut call)) => flatten(result),
            never = progress.report_elapsed() => match never {},
        };
        call.diagnostics.append(result.err().unwrap_or_default());
        call.diagnostics
    }
}
