//! A data source of any model.

use async_trait::async_trait;

use crate::data_source::{DataCall, DataSource};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{AnyDataSource, Erased, flatten, respond, validate_config};
use crate::engine::panics::catch_panic;
use crate::engine::request::StateResponse;
use crate::engine::validate::ClientCapabilities;
use crate::schema::Schema;
use crate::value::Value;
use crate::value::model::{from_value, to_value};

#[async_trait]
impl<S: DataSource> AnyDataSource<S::Data> for Erased<S> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.inner.schema())
    }

    fn validate(&self, config: Value) -> Diagnostics {
        validate_config(
            AnyDataSource::schema(self),
            config,
            ClientCapabilities::default(),
            |config, diagnostics| self.inner.validate(config, diagnostics),
        )
    }

    async fn read(&self, provider: &S::Data, config: Value) -> StateResponse {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return StateResponse::failed(Value::Null, Vec::new(), Diagnostic::from(error)),
        };
        let mut call: DataCall<'_, S> = DataCall {
            provider,
            config,
            diagnostics: Diagnostics::new(),
        };
        let read = flatten(catch_panic(self.inner.read(&mut call)).await);
        let ty = AnyDataSource::schema(self).object_type();
        let read = read.and_then(|model| to_value(&model, ty).map_err(|e| Diagnostic::from(e).into()));
        respond(read, Value::Null, Vec::new(), call.diagnostics)
    }
}
