//! The services of go-plugin besides the provider: health, controller, stdio and broker.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::plugin::proto::health::health_check_response::ServingStatus;
use crate::plugin::proto::health::health_server::Health;
use crate::plugin::proto::health::{HealthCheckRequest, HealthCheckResponse};
use crate::plugin::proto::plugin::conn_info::Knock;
use crate::plugin::proto::plugin::grpc_broker_server::GrpcBroker;
use crate::plugin::proto::plugin::grpc_controller_server::GrpcController;
use crate::plugin::proto::plugin::grpc_stdio_server::GrpcStdio;
use crate::plugin::proto::plugin::{ConnInfo, Empty, StdioData};

/// The service name in go-plugin's health checks.
const SERVICE: &str = "plugin";

type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The services of go-plugin. They share a token with the serving loop.
#[derive(Clone)]
pub struct HostServices {
    /// Cancelled by `Shutdown`, and by all other causes that end the process.
    end: CancellationToken,
    /// Whether `Shutdown` ends the process. In debug mode, the user ends it.
    ends_on_shutdown: bool,
}

impl HostServices {
    /// The services of one process.
    #[must_use]
    pub fn new(end: CancellationToken, ends_on_shutdown: bool) -> Self {
        Self {
            end,
            ends_on_shutdown,
        }
    }

    /// A stream without messages that ends with the process.
    fn empty_stream<T: Send + 'static>(&self) -> impl Stream<Item = Result<T, Status>> + Send + use<T> {
        stream::pending().take_until(self.end.clone().cancelled_owned())
    }
}

#[tonic::async_trait]
impl Health for HostServices {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match request.get_ref().service.as_str() {
            "" | SERVICE => Ok(Response::new(HealthCheckResponse {
                status: ServingStatus::Serving.into(),
            })),
            _ => Err(Status::not_found("unknown service")),
        }
    }

    type WatchStream = ResponseStream<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let status = match request.get_ref().service.as_str() {
            "" | SERVICE => ServingStatus::Serving,
            _ => ServingStatus::ServiceUnknown,
        };
        let first = stream::iter([Ok(HealthCheckResponse {
            status: status.into(),
        })]);
        Ok(Response::new(Box::pin(first.chain(self.empty_stream()))))
    }
}

#[tonic::async_trait]
impl GrpcController for HostServices {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        if self.ends_on_shutdown {
            tracing::debug!("the host ends the plugin");
            self.end.cancel();
        }
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for HostServices {
    type StreamStdioStream = ResponseStream<StdioData>;

    /// The provider writes nothing to stdout after the handshake, and the host reads stderr as a log. The host keeps
    /// the stream open to detect whether the plugin is alive.
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(Box::pin(self.empty_stream())))
    }
}

#[tonic::async_trait]
impl GrpcBroker for HostServices {
    type StartStreamStream = ResponseStream<ConnInfo>;

    /// A provider offers no services through the broker. A request to connect receives an error immediately.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let responses = request.into_inner().filter_map(|request| async {
            let request = request.ok()?;
            request.knock.filter(|knock| knock.knock && !knock.ack)?;
            let error = "this plugin offers no service through the broker".to_owned();
            let knock = Some(Knock {
                knock: true,
                ack: true,
                error,
            });
            Some(Ok(ConnInfo {
                service_id: request.service_id,
                knock,
                ..ConnInfo::default()
            }))
        });
        Ok(Response::new(Box::pin(
            responses.take_until(self.end.clone().cancelled_owned()),
        )))
    }
}
