//! The calls about list resources and actions, whose responses are streams.

use std::sync::Arc;

use prost::Message;
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;

use crate::engine::list::ListEvent;
use crate::engine::progress::InvokeEvent;
use crate::engine::request::ListRequest;
use crate::plugin::grpc::Encoded;
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::service::Services;
use crate::plugin::service::messages::{BUFFERED_EVENTS, stream, value};
use crate::plugin::wire;
use crate::server::Server;
use crate::{Diagnostics, Provider, Type};

pub(crate) async fn validate_list_resource_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::validate_list_resource_config::Request,
) -> Result<tf::validate_list_resource_config::Response, Diagnostics> {
    let list_resource = server.list_resource(&request.type_name)?;
    let config = value(request.config.as_ref(), list_resource.schema().object_type())?;
    let diagnostics = wire::diagnostics(list_resource.validate(config));
    Ok(tf::validate_list_resource_config::Response { diagnostics })
}

pub(crate) async fn validate_action_config<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::validate_action_config::Request,
) -> Result<tf::validate_action_config::Response, Diagnostics> {
    let action = server.action(&request.action_type)?;
    let config = value(request.config.as_ref(), action.schema().object_type())?;
    let diagnostics = wire::diagnostics(action.validate(&config));
    Ok(tf::validate_action_config::Response { diagnostics })
}

pub(crate) async fn plan_action<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::plan_action::Request,
) -> Result<tf::plan_action::Response, Diagnostics> {
    let action = server.action(&request.action_type)?;
    let config = value(request.config.as_ref(), action.schema().object_type())?;
    let diagnostics = wire::diagnostics(action.plan(config).await);
    Ok(tf::plan_action::Response {
        diagnostics,
        ..<_>::default()
    })
}

impl<P: Provider> Services<P> {
    pub(crate) fn list_resource(
        &self,
        size: usize,
        request: tf::list_resource::Request,
    ) -> BoxStream<Encoded> {
        let server = self.server.clone();
        let (events, receiver) = mpsc::channel(BUFFERED_EVENTS);
        // For an unknown type, the list sends only an error.
        let (identity, object) =
            server
                .resource(&request.type_name)
                .map_or((Type::Dynamic, Type::Dynamic), |resource| {
                    let schema = resource.schema();
                    (schema.identity_type(), schema.object_type().clone())
                });
        self.calls.run(size, async move {
            let listed = async {
                let list_resource = server.list_resource(&request.type_name)?;
                let request = ListRequest {
                    config: value(request.config.as_ref(), list_resource.schema().object_type())?,
                    include_resource: request.include_resource_object,
                    limit: u64::try_from(request.limit).unwrap_or_default(),
                };
                list_resource.list(request, events.clone()).await;
                Ok::<(), Diagnostics>(())
            };
            if let Err(diagnostics) = listed.await {
                let _ = events.send(ListEvent::Diagnostics(diagnostics)).await;
            }
        });
        stream(receiver, move |event| {
            wire::list_event(event, &identity, &object).encode_to_vec()
        })
    }

    pub(crate) fn invoke_action(
        &self,
        size: usize,
        request: tf::invoke_action::Request,
    ) -> BoxStream<Encoded> {
        let server = self.server.clone();
        let (events, receiver) = mpsc::channel(BUFFERED_EVENTS);
        let change = self.calls.changes.token();
        self.calls.run(size, async move {
            let invoked = async {
                let action = server.action(&request.action_type)?;
                let config = value(request.config.as_ref(), action.schema().object_type())?;
                action.invoke(config, events.clone()).await;
                Ok::<(), Diagnostics>(())
            };
            if let Err(diagnostics) = invoked.await {
                let _ = events.send(InvokeEvent::Completed(diagnostics)).await;
            }
            drop(change);
        });
        stream(receiver, |event| wire::invoke_event(event).encode_to_vec())
    }
}
