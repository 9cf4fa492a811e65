//! Data sources.

use std::ops::Deref;

use async_trait::async_trait;

use crate::data_source::{DataCall, DataSource};
use crate::diagnostics::{Diagnostics, Severity};
use crate::dispatch::{Configured, Erased, Served, clean, only, validate_config};
use crate::engine::apply;
use crate::engine::panics::catch_panic;
use crate::engine::request::StateResponse;
use crate::engine::sensitive_values::remember;
use crate::engine::validate::ClientCapabilities;
use crate::model::{from_value, to_object};
use crate::value::Value;

/// A data source of any model.
#[async_trait]
pub trait AnyDataSource<D>: Deref<Target = Served<D>> + Send + Sync {
    fn validate_model(&self, config: &Value) -> Diagnostics;
    async fn read_model(&self, configured: Configured<D>, config: &Value) -> StateResponse;
}

/// A data source of a server.
pub type DynDataSource<D> = dyn AnyDataSource<D>;

impl<D: Send + Sync + 'static> DynDataSource<D> {
    /// Validates a configuration. [`Self::read`] reports the warnings.
    #[must_use]
    pub fn validate(&self, config: &Value) -> Diagnostics {
        remember(self.schema(), [config]);
        clean(self.schema(), only(Severity::Error, self.validate_model(config)))
    }

    /// Reads the data source.
    pub async fn read(&self, config: Value) -> StateResponse {
        remember(self.schema(), [&config]);
        let mut response = match self.run.require() {
            Ok(configured) => {
                let warnings = only(Severity::Warning, self.validate_model(&config));
                let mut response = self.read_model(configured, &config).await;
                response.diagnostics.append(warnings);
                response
            }
            Err(error) => StateResponse::failed(error),
        };
        response.diagnostics = clean(self.schema(), response.diagnostics);
        response
    }
}

#[async_trait]
impl<S: DataSource> AnyDataSource<S::Data> for Erased<S, S::Data> {
    fn validate_model(&self, config: &Value) -> Diagnostics {
        let client = ClientCapabilities::default();
        validate_config(self.schema(), config, client, |call| self.inner.validate(call))
    }

    async fn read_model(&self, configured: Configured<S::Data>, config: &Value) -> StateResponse {
        let model = match from_value(config) {
            Ok(config) => config,
            Err(error) => return StateResponse::failed(error),
        };
        let mut call: DataCall<'_, S> = DataCall {
            data: &configured.data,
            stop: configured.stop,
            config: model,
            diagnostics: Diagnostics::new(),
        };
        let read = catch_panic(self.inner.read(&mut call)).await;
        let read = read.and_then(|model| Ok(to_object(&model).shaped(self.schema().object_type())?));
        let mut diagnostics = call.diagnostics;
        let state = read.map(|state| apply::keep(self.schema(), config, state, &mut diagnostics));
        let state = state.unwrap_or_else(|errors| {
            diagnostics.append(errors);
            Value::Null
        });
        StateResponse::new(state, Vec::new(), diagnostics)
    }
}
