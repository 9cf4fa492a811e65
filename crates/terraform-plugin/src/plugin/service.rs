//! The services: go-plugin's, and `tfplugin6.Provider`, which decodes requests, passes them to the server and encodes responses.
//!
//! tonic generates separate code for each method. This service finds them by name, which makes the program smaller.

use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::{Bytes, Incoming};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::BoxFuture;

use crate::plugin::grpc::{self, Encoded, Responses, decode, one};
use crate::plugin::host::{BROKER, HostServices};
use crate::plugin::service::messages::{Failure, respond};
use crate::server::Server;
use crate::{Diagnostics, Provider};

mod apply;
mod delivery;
mod messages;
mod provider;
mod resource;
mod streams;

pub use self::delivery::Calls;

/// All services, which each connection provides.
pub struct Services<P: Provider> {
    /// The provider.
    pub server: Arc<Server<P>>,
    /// The calls in flight.
    pub calls: Calls,
    /// The services of go-plugin.
    pub host: HostServices,
}

impl<P: Provider> Services<P> {
    /// Handles a call.
    pub(crate) async fn respond(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Infallible> {
        Ok(grpc::respond(self.call(request).await))
    }

    async fn call(&self, request: Request<Incoming>) -> Responses {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        if path == BROKER {
            return self.host.call(path, Bytes::new());
        }
        let message = grpc::read(body).await?;
        match path.strip_prefix("/tfplugin6.Provider/") {
            Some("ListResource") => Ok(self.list_resource(message.len(), decode(message)?)),
            Some("InvokeAction") => Ok(self.invoke_action(message.len(), decode(message)?)),
            Some(method) => Ok(one(self.unary(method, message).await?)),
            None => self.host.call(path, message),
        }
    }

    /// The calls with one response.
    fn unary(&self, method: &str, message: Bytes) -> BoxFuture<Encoded, Status> {
        match method {
            "GetMetadata" => self.run(message, provider::get_metadata),
            "GetProviderSchema" => self.run(message, provider::get_provider_schema),
            "GetResourceIdentitySchemas" => self.run(message, provider::get_resource_identity_schemas),
            "ValidateProviderConfig" => self.run(message, provider::validate_provider_config),
            "ConfigureProvider" => self.run(message, provider::configure_provider),
            "StopProvider" => self.stop_provider(),
            "ValidateResourceConfig" => self.run(message, resource::validate_resource_config),
            "UpgradeResourceState" => self.run(message, resource::upgrade_resource_state),
            "UpgradeResourceIdentity" => self.run(message, resource::upgrade_resource_identity),
            "ReadResource" => self.run(message, resource::read_resource),
            "PlanResourceChange" => self.run(message, resource::plan_resource_change),
            "ApplyResourceChange" => self.apply_resource_change(message),
            "ImportResourceState" => self.run(message, resource::import_resource_state),
            "MoveResourceState" => self.run(message, resource::move_resource_state),
            "GenerateResourceConfig" => self.run(message, resource::generate_resource_config),
            "ValidateDataResourceConfig" => self.run(message, resource::validate_data_resource_config),
            "ReadDataSource" => self.run(message, resource::read_data_source),
            "GetFunctions" => self.run(message, provider::get_functions),
            "CallFunction" => self.run(message, provider::call_function),
            "ValidateListResourceConfig" => self.run(message, streams::validate_list_resource_config),
            "ValidateActionConfig" => self.run(message, streams::validate_action_config),
            "PlanAction" => self.run(message, streams::plan_action),
            _ => fail(Status::unimplemented("the provider does not have this method")),
        }
    }

    /// Runs a call as a task. The task runs to completion even if the host cancels the call, because a change must not
    /// stop half way. A panic does not affect the connection.
    fn run<I, O, F>(&self, message: Bytes, handler: fn(Arc<Server<P>>, I) -> F) -> BoxFuture<Encoded, Status>
    where
        I: Message + Default,
        O: Failure,
        F: Future<Output = Result<O, Diagnostics>> + Send + 'static,
    {
        let size = message.len();
        let work = match decode(message) {
            Ok(request) => handler(self.server.clone(), request),
            Err(status) => return fail(status),
        };
        let work = Box::pin(async move { work.await.map(|response| response.encode_to_vec()) });
        let work = respond(work, |diagnostics| O::failed(diagnostics).encode_to_vec());
        let task = self.calls.run(size, work);
        Box::pin(async move { task.await.map_err(|ended| Status::aborted(ended.to_string())) })
    }

    fn stop_provider(&self) -> BoxFuture<Encoded, Status> {
        tracing::info!("interrupted: no new requests start");
        self.server.stop();
        // A response without an error has no content.
        Box::pin(std::future::ready(Ok(Encoded::new())))
    }
}

fn fail<T: Send + 'static>(status: Status) -> BoxFuture<T, Status> {
    Box::pin(std::future::ready(Err(status)))
}
