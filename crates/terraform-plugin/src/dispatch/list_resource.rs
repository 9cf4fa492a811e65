//! List resources.

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::dispatch::{
    Configured, DynResource, Erased, Run, STORES_NOTHING, flatten, or_nulls, validate_config,
};
use crate::engine::list::{ListEvent, ListSink};
use crate::engine::panics::catch_panic;
use crate::engine::request::ListRequest;
use crate::engine::sensitive_values::SensitiveValues;
use crate::list_resource::{ListCall, ListResource};
use crate::model::{Model, from_value};
use crate::schema::Schema;
use crate::value::Value;

/// A list resource of any model.
#[async_trait]
pub trait AnyListResource<D>: Send + Sync {
    /// The type name of the managed resource.
    fn type_name(&self) -> &'static str;
    /// The schema of the `config` block, created on first use.
    fn schema(&self) -> &Schema;
    /// The run of the process.
    fn run(&self) -> &Run<D>;
    /// Validates a configuration.
    fn validate_model(&self, config: Value) -> Diagnostics;
    /// Sends the existing objects to the sink. The result contains the errors that make the list incomplete.
    async fn list_model(
        &self,
        configured: Configured<D>,
        request: ListRequest,
        sink: ListSink<'_>,
    ) -> Diagnostics;
}

/// A list resource of a server, and the managed resource of the same type.
pub struct ListResourceHandle<'a, D> {
    pub(crate) list_resource: &'a (dyn AnyListResource<D> + 'static),
    pub(crate) resource: Result<&'a DynResource<D>, Diagnostic>,
}

impl<'a, D: Send + Sync + 'static> ListResourceHandle<'a, D> {
    /// The schema of the `config` block.
    #[must_use]
    pub fn schema(&self) -> &'a Schema {
        self.list_resource.schema()
    }

    /// Validates a configuration.
    #[must_use]
    pub fn validate(&self, config: Value) -> Diagnostics {
        let config = or_nulls(self.schema(), config);
        SensitiveValues::of(self.schema(), [&config])
            .during_sync(|| self.list_resource.validate_model(config))
    }

    /// Lists existing objects. Sends each as soon as it is found, then the errors. Ends early if the receiver is
    /// dropped.
    pub async fn list(&self, request: ListRequest, events: mpsc::Sender<ListEvent>) {
        let request = ListRequest {
            config: or_nulls(self.schema(), request.config),
            ..request
        };
        let diagnostics = match &self.resource {
            Ok(resource) => self.list_objects(resource.schema(), request, &events).await,
            Err(error) => error.clone().into(),
        };
        if !diagnostics.is_empty() {
            let _ = events.send(ListEvent::Diagnostics(diagnostics)).await;
        }
    }

    async fn list_objects(
        &self,
        resource: &Schema,
        request: ListRequest,
        events: &mpsc::Sender<ListEvent>,
    ) -> Diagnostics {
        let run = self.list_resource.run();
        let unread = run.stop().child_token();
        let sink = ListSink::new(resource, request.include_resource, request.limit, events.clone());
        let stop = unread.clone();
        let handler = |configured: Configured<D>, request| {
            let configured = Configured { stop, ..configured };
            self.list_resource.list_model(configured, request, sink)
        };
        let closed = async {
            events.closed().await;
            unread.cancel();
            std::future::pending::<std::convert::Infallible>().await
        };
        tokio::select! {
            diagnostics = run.handle(self.schema(), request, handler) => diagnostics,
            never = closed => match never {},
        }
    }
}

#[async_trait]
impl<L: ListResource> AnyListResource<L::Data> for Erased<L, L::Data> {
    fn type_name(&self) -> &'static str {
        self.inner.type_name()
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(L::Config::schema)
    }

    fn run(&self) -> &Run<L::Data> {
        &self.run
    }

    fn validate_model(&self, config: Value) -> Diagnostics {
        let schema = AnyListResource::schema(self);
        validate_config(schema, config, STORES_NOTHING, |call| self.inner.validate(call))
    }

    async fn list_model(
        &self,
        configured: Configured<L::Data>,
        request: ListRequest,
        sink: ListSink<'_>,
    ) -> Diagnostics {
        let config = match from_value(request.config) {
            Ok(config) => config,
            Err(error) => return Diagnostic::from(error).into(),
        };
        let mut call: ListCall<'_, L> = ListCall {
            data: &configured.data,
            config,
            limit: request.limit,
            include_resource: request.include_resource,
            stop: configured.stop.clone(),
            sink,
        };
        let mut result = {
            let listed = catch_panic(self.inner.list(&mut call));
            flatten(listed.await)
        };
        if result.is_ok() && configured.stop.is_cancelled() && !call.sink.is_complete() {
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
