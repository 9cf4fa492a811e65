//! List resources.

use std::ops::Deref;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::dispatch::{
    Configured, DynResource, Erased, STORES_NOTHING, Served, clean, or_nulls, validate_config,
};
use crate::engine::list::ListEvent;
use crate::engine::panics::catch_panic;
use crate::engine::request::ListRequest;
use crate::engine::sensitive_values::remember;
use crate::list_resource::{ListCall, ListResource};
use crate::model::from_value;
use crate::schema::Schema;
use crate::value::Value;

/// A list resource of any model.
#[async_trait]
pub trait AnyListResource<D>: Deref<Target = Served<D>> + Send + Sync {
    fn validate_model(&self, config: &Value) -> Diagnostics;
    /// Sends the existing objects of a managed resource. The result contains the errors that make the list incomplete.
    async fn list_model(
        &self,
        configured: Configured<D>,
        request: ListRequest,
        resource: &Schema,
        events: mpsc::Sender<ListEvent>,
    ) -> Diagnostics;
}

/// A list resource of a server, and the managed resource of the same type.
pub struct ListResourceHandle<'a, D> {
    pub(crate) list_resource: &'a (dyn AnyListResource<D> + 'static),
    pub(crate) resource: &'a DynResource<D>,
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
        remember(self.schema(), [&config]);
        clean(self.schema(), self.list_resource.validate_model(&config))
    }

    /// Lists existing objects. Sends each as soon as it is found, then the errors. Ends early if the receiver is
    /// dropped.
    pub async fn list(&self, request: ListRequest, events: mpsc::Sender<ListEvent>) {
        let config = or_nulls(self.schema(), request.config);
        let request = ListRequest { config, ..request };
        let run = &self.list_resource.run;
        let unread = run.stop().child_token();
        let stop = unread.clone();
        remember(self.schema(), [&request.config]);
        let list = async {
            match run.require() {
                Ok(Configured { data, .. }) => {
                    let configured = Configured { data, stop };
                    let (list, resource) = (self.list_resource, self.resource.schema());
                    list.list_model(configured, request, resource, events.clone())
                        .await
                }
                Err(error) => error.into(),
            }
        };
        let closed = async {
            events.closed().await;
            unread.cancel();
            std::future::pending::<std::convert::Infallible>().await
        };
        let diagnostics = tokio::select! {
            diagnostics = list => diagnostics,
            never = closed => match never {},
        };
        if !diagnostics.is_empty() {
            let diagnostics = clean(self.schema(), diagnostics);
            let _ = events.send(ListEvent::Diagnostics(diagnostics)).await;
        }
    }
}

#[async_trait]
impl<L: ListResource> AnyListResource<L::Data> for Erased<L, L::Data> {
    fn validate_model(&self, config: &Value) -> Diagnostics {
        validate_config(self.schema(), config, STORES_NOTHING, |call| {
            self.inner.validate(call)
        })
    }

    async fn list_model(
        &self,
        configured: Configured<L::Data>,
        request: ListRequest,
        resource: &Schema,
        events: mpsc::Sender<ListEvent>,
    ) -> Diagnostics {
        let config = match from_value(&request.config) {
            Ok(config) => config,
            Err(error) => return error.into(),
        };
        let mut call: ListCall<'_, L> = ListCall {
            data: &configured.data,
            config,
            limit: request.limit,
            include_resource: request.include_resource,
            stop: configured.stop.clone(),
            resource,
            left: request.limit,
            events,
        };
        let mut result = catch_panic(self.inner.list(&mut call)).await;
        if result.is_ok() && configured.stop.is_cancelled() && call.left > 0 {
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
