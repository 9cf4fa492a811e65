//! The service `tfplugin6.Provider`: decodes requests, passes them to the server and encodes responses.
//!
//! tonic generates separate code for each method. This service passes all messages as bytes through one codec, which makes
//! the program smaller.

use std::sync::Arc;

use prost::Message;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, BoxStream};
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic::{Request, Response, Status};

use crate::plugin::service::messages::{Failure, respond};
use crate::plugin::service::raw::{Encoded, RawCodec};
use crate::{Diagnostics, Provider, Server};

mod action;
mod apply;
mod data_source;
mod delivery;
mod function;
mod list_resource;
mod messages;
mod provider;
mod raw;
mod resource;

pub use self::delivery::Calls;

/// The largest message in each direction. The host has the same limit.
const MAX_MESSAGE_SIZE: usize = 256 << 20;

/// Serves a provider to the host.
pub struct ProviderService<P: Provider> {
    server: Arc<Server<P>>,
    calls: Calls,
}

impl<P: Provider> Clone for ProviderService<P> {
    fn clone(&self) -> Self {
        Self::new(self.server.clone(), self.calls.clone())
    }
}

impl<P: Provider> ProviderService<P> {
    /// A service for a provider that counts the calls in flight.
    pub fn new(server: Arc<Server<P>>, calls: Calls) -> Self {
        Self { server, calls }
    }

    /// Handles a request of the HTTP/2 connection.
    pub async fn handle(self, request: http::Request<hyper::body::Incoming>) -> http::Response<Body> {
        let mut grpc = Grpc::new(RawCodec)
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE);
        let method = request.uri().path().rsplit('/').next();
        let method = method.unwrap_or_default().to_owned();
        let streams = matches!(method.as_str(), "ListResource" | "InvokeAction");
        let call = Call {
            service: self,
            method,
        };
        if streams {
            grpc.server_streaming(call, request).await
        } else {
            grpc.unary(call, request).await
        }
    }

    /// The calls with one response.
    fn unary(&self, method: &str, message: Bytes) -> BoxFuture<Response<Encoded>, Status> {
        match method {
            "GetMetadata" => self.call(message, provider::get_metadata),
            "GetProviderSchema" => self.call(message, provider::get_provider_schema),
            "GetResourceIdentitySchemas" => self.call(message, provider::get_resource_identity_schemas),
            "ValidateProviderConfig" => self.call(message, provider::validate_provider_config),
            "ConfigureProvider" => self.call(message, provider::configure_provider),
            "StopProvider" => self.stop_provider(),
            "ValidateResourceConfig" => self.call(message, resource::validate_resource_config),
            "UpgradeResourceState" => self.call(message, resource::upgrade_resource_state),
            "UpgradeResourceIdentity" => self.call(message, resource::upgrade_resource_identity),
            "ReadResource" => self.call(message, resource::read_resource),
            "PlanResourceChange" => self.call(message, resource::plan_resource_change),
            "ApplyResourceChange" => self.apply_resource_change(message),
            "ImportResourceState" => self.call(message, resource::import_resource_state),
            "MoveResourceState" => self.call(message, resource::move_resource_state),
            "GenerateResourceConfig" => self.call(message, resource::generate_resource_config),
            "ValidateDataResourceConfig" => self.call(message, data_source::validate_data_resource_config),
            "ReadDataSource" => self.call(message, data_source::read_data_source),
            "GetFunctions" => self.call(message, function::get_functions),
            "CallFunction" => self.call(message, function::call_function),
            "ValidateListResourceConfig" => self.call(message, list_resource::validate_list_resource_config),
            "ValidateActionConfig" => self.call(message, action::validate_action_config),
            "PlanAction" => self.call(message, action::plan_action),
            _ => fail(unimplemented()),
        }
    }

    /// The calls with a stream of responses.
    fn stream(&self, method: &str, message: Bytes) -> BoxFuture<Response<BoxStream<Encoded>>, Status> {
        let events = match method {
            "ListResource" => decode(message).map(|request| self.list_resource(request)),
            "InvokeAction" => decode(message).map(|request| self.invoke_action(request)),
            _ => Err(unimplemented()),
        };
        Box::pin(std::future::ready(events.map(Response::new)))
    }

    /// Runs a call as a task. The task runs to completion even if the host cancels the call, because a change must not
    /// stop half way. A panic does not affect the connection.
    fn call<I, O, F>(
        &self,
        message: Bytes,
        handler: fn(Arc<Server<P>>, I) -> F,
    ) -> BoxFuture<Response<Encoded>, Status>
    where
        I: Message + Default,
        O: Failure,
        F: Future<Output = Result<O, Diagnostics>> + Send + 'static,
    {
        let work = match decode(message) {
            Ok(request) => handler(self.server.clone(), request),
            Err(status) => return fail(status),
        };
        let work = Box::pin(async move { work.await.map(|response| response.encode_to_vec()) });
        let task = self.calls.all.spawn(respond(work, |diagnostics| {
            O::failed(diagnostics).encode_to_vec()
        }));
        Box::pin(async move {
            let response = task.await.map_err(|ended| Status::aborted(ended.to_string()))?;
            Ok(Response::new(response))
        })
    }

    fn stop_provider(&self) -> BoxFuture<Response<Encoded>, Status> {
        tracing::info!("interrupted: no new requests start");
        self.server.stop();
        // A response without an error has no content.
        Box::pin(std::future::ready(Ok(Response::new(Encoded::new()))))
    }
}

fn decode<M: Message + Default>(message: Bytes) -> Result<M, Status> {
    M::decode(message).map_err(|error| Status::internal(error.to_string()))
}

fn unimplemented() -> Status {
    Status::unimplemented("the provider does not have this method")
}

fn fail<T: Send + 'static>(status: Status) -> BoxFuture<T, Status> {
    Box::pin(std::future::ready(Err(status)))
}

/// A call of a method, for tonic.
struct Call<P: Provider> {
    service: ProviderService<P>,
    method: String,
}

impl<P: Provider> UnaryService<Bytes> for Call<P> {
    type Response = Encoded;
    type Future = BoxFuture<Response<Encoded>, Status>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        self.service.unary(&self.method, request.into_inner())
    }
}

impl<P: Provider> ServerStreamingService<Bytes> for Call<P> {
    type Response = Encoded;
    type ResponseStream = BoxStream<Encoded>;
    type Future = BoxFuture<Response<BoxStream<Encoded>>, Status>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        self.service.stream(&self.method, request.into_inner())
    }
}
