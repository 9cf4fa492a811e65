//! A list resource of any model.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::engine::erased::{AnyListResource, Erased, STORES_NOTHING, flatten, validate_config};
use crate::engine::list::ListSink;
use crate::engine::panics::catch_panic;
use crate::list_resource::{ListCall, ListResource};
use crate::schema::Schema;
use crate::value::Value;
use crate::value::model::from_value;

#[async_trait]
impl<L: ListResource> AnyListResource<L::Data> for Erased<L> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| self.inner.schema())
    }

    fn validate(&self, config: Value) -> Diagnostics {
        validate_config(
            AnyListResource::schema(self),
            config,
            STORES_NOTHING,
            |config, diagnostics| self.inner.validate(config, diagnostics),
        )
    }

    async fn list(
        &self,
        provider: &L::Data,
        config: Value,
        limit: u64,
        include_resource: bool,
        stop: CancellationToken,
        sink: ListSink<'_>,
    ) -> Diagnostics {
        let config = match from_value(config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let mut call: ListCall<'_, L> = ListCall {
            provider,
            config,
            limit,
            include_resource,
            stop: stop.clone(),
            sink,
        };
        let mut result = {
            let listed = catch_panic(self.inner.list(&mut call));
            flatten(listed.await)
        };
        if result.is_ok() && stop.is_cancelled() && !call.sink.is_complete() {
            // The host cannot distinguish a list that ends early from a complete one.
            result = Err(Diagnostic::error(
                "List interrupted",
                "The run was interrupted before all objects were listed.",
            )
            .into());
        }
        result.err().unwrap_or_default()
    }
}
