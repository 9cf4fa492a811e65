//! The call that changes an object.

use std::sync::Arc;

use prost::Message;
use prost::bytes::Bytes;
use tonic::Status;
use tonic::codegen::BoxFuture;

use crate::engine::request::{ApplyRequest, StateResponse};
use crate::plugin::codec::encode;
use crate::plugin::grpc::{Encoded, decode};
use crate::plugin::proto::tfplugin6 as tf;
use crate::plugin::service::delivery::deliver;
use crate::plugin::service::messages::{Failure, caught, identity, stored_identity, value};
use crate::plugin::service::{Services, fail};
use crate::plugin::wire;
use crate::server::Server;
use crate::{Diagnostics, Provider};

impl<P: Provider> Services<P> {
    /// Creates, updates or deletes an object. A create whose response cannot be delivered is rolled back.
    pub(crate) fn apply_resource_change(&self, message: Bytes) -> BoxFuture<Encoded, Status> {
        let size = message.len();
        let request: tf::apply_resource_change::Request = match decode(message) {
            Ok(request) => request,
            Err(status) => return fail(status),
        };
        let type_name = request.type_name.clone();
        let work = apply(self.server.clone(), request);
        let (server, provider) = (self.server.clone(), self.server.configured_data());
        let undelivered = |created: StateResponse| async move {
            let (false, Some(provider)) = (created.state.is_null(), provider) else {
                return;
            };
            if let Ok(resource) = server.resource(&type_name) {
                tracing::warn!(
                    type_name,
                    "the host ended before it received the response to a create: rolling back"
                );
                resource.rollback_create(&provider, &created).await;
            }
        };
        Box::pin(deliver(self.calls.clone(), size, work, undelivered))
    }
}

/// The response, and a created object.
async fn apply<P: Provider>(
    server: Arc<Server<P>>,
    request: tf::apply_resource_change::Request,
) -> (Encoded, StateResponse) {
    let (prior, private) = (request.prior_state.clone(), request.planned_private.clone());
    let planned_identity = request.planned_identity.clone();
    let mut created = StateResponse::default();
    let mut response = caught(change(&server, request, &mut created))
        .await
        .unwrap_or_else(tf::apply_resource_change::Response::failed);
    // The host stores the state of a failed response. If the request cannot be decoded, return the prior state: without a
    // state, the host forgets the object.
    if response.new_state.is_none() {
        (response.new_state, response.private) = (prior, private);
        response.new_identity = planned_identity;
    }
    (response.encode_to_vec(), created)
}

async fn change<P: Provider>(
    server: &Server<P>,
    request: tf::apply_resource_change::Request,
    created: &mut StateResponse,
) -> Result<tf::apply_resource_change::Response, Diagnostics> {
    let resource = server.resource(&request.type_name)?;
    let ty = resource.schema().object_type();
    let change = ApplyRequest {
        prior: value(request.prior_state.as_ref(), ty)?,
        planned: value(request.planned_state.as_ref(), ty)?,
        config: value(request.config.as_ref(), ty)?,
        private: request.planned_private,
        identity: stored_identity(resource.schema(), request.planned_identity),
    };
    let is_create = change.prior.is_null();
    let applied = resource.apply(change).await;
    if is_create {
        *created = applied.clone();
    }
    Ok(tf::apply_resource_change::Response {
        new_state: Some(encode(&applied.state, ty)),
        new_identity: identity(resource.schema(), applied.identity.as_ref()),
        private: applied.private,
        diagnostics: wire::diagnostics(applied.diagnostics),
        ..<_>::default()
    })
}
