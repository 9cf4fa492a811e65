//! An action of any model.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::action::{Action, InvokeCall, PlanActionCall};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{AnyAction, Erased, STORES_NOTHING, flatten, validate_config};
use crate::engine::panics::catch_panic;
use crate::engine::progress::Progress;
use crate::schema::Schema;
use crate::value::Value;
use crate::value::model::from_value;

#[async_trait]
impl<A: Action> AnyAction<A::Data> for Erased<A> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.inner.schema())
    }

    fn validate(&self, config: Value) -> Diagnostics {
        validate_config(
            AnyAction::schema(self),
            config,
            STORES_NOTHING,
            |config, diagnostics| self.inner.validate(config, diagnostics),
        )
    }

    async fn plan(&self, provider: &A::Data, config: Value) -> Diagnostics {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let mut call: PlanActionCall<'_, A> = PlanActionCall {
            provider,
            config,
            diagnostics: Diagnostics::new(),
        };
        if let Err(panic) = catch_panic(self.inner.plan(&mut call)).await {
            call.diagnostics.push(panic);
        }
        call.diagnostics
    }

    async fn invoke(
        &self,
        provider: &A::Data,
        config: Value,
        stop: CancellationToken,
        progress: Progress,
    ) -> Diagnostics {
        // With `-invoke`, Terraform 1.16 sends null for write-only arguments that were set at plan.
        let invalid = AnyAction::validate(self, config.clone());
        if invalid.has_errors() {
            return invalid;
        }
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let mut call: InvokeCall<'_, A> = InvokeCall {
            provider,
            config,
            stop,
            diagnostics: Diagnostics::new(),
            progress: progress.clone(),
        };
        let result = tokio::select! {
            result = catch_panic(self.inner.invoke(&mut call)) => flatten(result),
            never = progress.report_elapsed() => match never {},
        };
        let mut diagnostics = call.diagnostics;
        if let Err(errors) = result {
            diagnostics.append(errors);
        }
        diagnostics
    }
}
