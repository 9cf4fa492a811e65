//! Data sources.

use async_trait::async_trait;

use crate::data_source::{DataCall, DataSource};
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::dispatch::{Configured, Erased, Run, flatten, only, validate_config};
use crate::engine::apply;
use crate::engine::panics::catch_panic;
use crate::engine::request::{DataRequest, StateResponse};
use crate::engine::sensitive_values::SensitiveValues;
use crate::engine::validate::ClientCapabilities;
use crate::model::{Model, from_value, to_shaped};
use crate::schema::Schema;
use crate::value::Value;

/// A data source of any model.
#[async_trait]
pub trait AnyDataSource<D>: Send + Sync {
    /// The type name.
    fn type_name(&self) -> &'static str;
    /// The schema, created on first use.
    fn schema(&self) -> &Schema;
    /// The run of the process.
    fn run(&self) -> &Run<D>;
    /// Validates a configuration.
    fn validate_model(&self, config: Value) -> Diagnostics;
    /// Reads the data source.
    async fn read_model(&self, configured: Configured<D>, config: Value) -> StateResponse;
}

/// A data source of a server.
pub type DynDataSource<D> = dyn AnyDataSource<D>;

impl<D: Send + Sync + 'static> DynDataSource<D> {
    /// Validates a configuration. [`Self::read`] reports the warnings.
    #[must_use]
    pub fn validate(&self, config: Value) -> Diagnostics {
        let found = SensitiveValues::of(self.schema(), [&config]).during_sync(|| self.validate_model(config));
        only(Severity::Error, found)
    }

    /// Reads the data source.
    pub async fn read(&self, config: Value) -> StateResponse {
        let handler = async |configured, DataRequest(config)| {
            let warnings = only(Severity::Warning, self.validate_model(config.clone()));
            let mut response = self.read_model(configured, config).await;
            response.diagnostics.append(warnings);
            response
        };
        self.run()
            .handle(self.schema(), DataRequest(config), handler)
            .await
    }
}

#[async_trait]
impl<S: DataSource> AnyDataSource<S::Data> for Erased<S, S::Data> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(S::Model::schema)
    }

    fn run(&self) -> &Run<S::Data> {
        &self.run
    }

    fn validate_model(&self, config: Value) -> Diagnostics {
        let (schema, client) = (AnyDataSource::schema(self), ClientCapabilities::default());
        validate_config(schema, config, client, |call| self.inner.validate(call))
    }

    async fn read_model(&self, configured: Configured<S::Data>, config: Value) -> StateResponse {
        let schema = AnyDataSource::schema(self);
        let model = match from_value(config.clone()) {
            Ok(config) => config,
            Err(error) => return StateResponse::failed(Value::Null, Vec::new(), Diagnostic::from(error)),
        };
        let mut call: DataCall<'_, S> = DataCall {
            data: &configured.data,
            stop: configured.stop,
            config: model,
            diagnostics: Diagnostics::new(),
        };
        let read = flatten(catch_panic(self.inner.read(&mut call)).await);
        let ty = schema.object_type();
        let read = read.and_then(|model| to_shaped(&model, ty).map_err(|e| Diagnostic::from(e).into()));
        let mut diagnostics = call.diagnostics;
        let state = match read {
            Ok(state) => apply::keep(schema, &config, state, &mut diagnostics),
            Err(errors) => {
                diagnostics.append(errors);
                Value::Null
            }
        };
        StateResponse {
            state,
            diagnostics,
            ..StateResponse::default()
        }
    }
}
