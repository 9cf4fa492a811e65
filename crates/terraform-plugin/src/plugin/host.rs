//! The services of go-plugin besides the provider: health, controller, stdio and broker. Their messages are so small
//! that they are read and written as bytes.

use futures_util::{StreamExt, stream};
use prost::bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::codegen::BoxStream;

use crate::plugin::grpc::{Encoded, Responses, decode, one};

/// The method that opens the broker's stream, on which the host may never send a message.
pub const BROKER: &str = "/plugin.GRPCBroker/StartStream";

/// The service name in go-plugin's health checks.
const SERVICE: &str = "plugin";
/// `HealthCheckResponse { status: SERVING }`.
const SERVING: [u8; 2] = [0x08, 1];
/// `HealthCheckResponse { status: SERVICE_UNKNOWN }`.
const SERVICE_UNKNOWN: [u8; 2] = [0x08, 3];

/// The services of go-plugin. They share a token with the serving loop.
pub struct HostServices {
    /// Cancelled by `Shutdown`, and by all other causes that end the process.
    pub end: CancellationToken,
    /// Whether `Shutdown` ends the process. In debug mode, the user ends it.
    pub ends_on_shutdown: bool,
}

impl HostServices {
    /// Handles a call.
    pub(crate) fn call(&self, path: &str, message: Bytes) -> Responses {
        match path {
            "/grpc.health.v1.Health/Check" if serves(message.clone())? => Ok(one(SERVING.to_vec())),
            "/grpc.health.v1.Health/Check" => Err(Status::not_found("unknown service")),
            "/grpc.health.v1.Health/Watch" => {
                let status = if serves(message)? {
                    SERVING
                } else {
                    SERVICE_UNKNOWN
                };
                Ok(one(status.to_vec()).chain(self.silence()).boxed())
            }
            "/plugin.GRPCController/Shutdown" => {
                if self.ends_on_shutdown {
                    tracing::debug!("the host ends the plugin");
                    self.end.cancel();
                }
                Ok(one(Encoded::new()))
            }
            // The provider writes nothing to stdout after the handshake, and the host reads stderr as a log. It offers
            // no services through the broker. The host keeps both streams open.
            "/plugin.GRPCStdio/StreamStdio" | BROKER => Ok(self.silence()),
            _ => Err(Status::unimplemented("no such service")),
        }
    }

    /// A stream without messages that ends with the process.
    fn silence(&self) -> BoxStream<Encoded> {
        stream::pending()
            .take_until(self.end.clone().cancelled_owned())
            .boxed()
    }
}

/// Whether the plugin has the service in a health check, whose only field is the name.
fn serves(message: Bytes) -> Result<bool, Status> {
    let service: String = decode(message)?;
    Ok(service.is_empty() || service == SERVICE)
}
