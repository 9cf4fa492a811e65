//! A host with a connected plugin.

use std::path::PathBuf;

use tonic::Status;

use crate::plugin::proto::health::HealthCheckRequest;
use crate::plugin::proto::health::health_client::HealthClient;
use crate::plugin::proto::plugin::Empty;
use crate::plugin::proto::plugin::grpc_broker_client::GrpcBrokerClient;
use crate::plugin::proto::plugin::grpc_controller_client::GrpcControllerClient;
use crate::plugin::proto::plugin::grpc_stdio_client::GrpcStdioClient;
use crate::plugin::proto::tfplugin6::provider_client::ProviderClient;
use crate::testing::{Channel, Ended, Handshake, Identity, Launch, Process, Tls, grpc, unix, within};

/// The largest message that a host accepts.
const MAX_MESSAGE_SIZE: usize = 256 << 20;

/// A plugin that was started and connected as Terraform does it.
pub struct Host {
    /// The process of the plugin.
    pub process: Process,
    /// The handshake line of the plugin.
    pub handshake: Handshake,
    /// The certificate of the host.
    pub identity: Identity,
    /// The connection.
    pub channel: Channel,
}

impl Host {
    /// Starts the plugin and connects.
    pub async fn start(plugin: &str) -> Self {
        Self::launch(Launch::without_tls(plugin)).await
    }

    /// Starts the plugin with further settings and connects.
    pub async fn launch(launch: Launch) -> Self {
        let identity = Identity::new();
        let mut process = launch.env("PLUGIN_CLIENT_CERT", &identity.pem).start();
        let handshake = Handshake::parse(&process.line().await);
        let tls = Tls::trusting(&handshake.certificate().unwrap());
        let channel = tls.connect(&handshake.socket(), Some(&identity)).await.unwrap();
        Self {
            process,
            handshake,
            identity,
            channel,
        }
    }

    /// The TLS settings of Terraform for this plugin.
    pub fn tls(&self) -> Tls {
        Tls::trusting(&self.handshake.certificate().unwrap())
    }

    /// The socket of the plugin.
    pub fn socket(&self) -> PathBuf {
        self.handshake.socket()
    }

    /// A client of the provider.
    pub fn provider(&self) -> ProviderClient<Channel> {
        provider(&self.channel)
    }

    /// A client of the stream of stdout and stderr.
    pub fn stdio(&self) -> GrpcStdioClient<Channel> {
        GrpcStdioClient::new(self.channel.clone())
    }

    /// A client of the broker.
    pub fn broker(&self) -> GrpcBrokerClient<Channel> {
        GrpcBrokerClient::new(self.channel.clone())
    }

    /// A client of the health service.
    pub fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }

    /// Asserts that the plugin responds.
    pub async fn assert_responds(&self) {
        check(&self.channel).await.unwrap();
    }

    /// Calls `Shutdown`.
    pub async fn shut_down(&self) {
        shut_down(&self.channel).await.unwrap();
    }

    /// Ends the plugin as Terraform does at the end of a run, and asserts that it succeeds.
    pub async fn end(self) -> Ended {
        self.shut_down().await;
        self.process.ended().await.assert_success()
    }
}

/// A client of the provider on a connection.
pub fn provider(channel: &Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel.clone())
        .max_decoding_message_size(MAX_MESSAGE_SIZE)
        .max_encoding_message_size(MAX_MESSAGE_SIZE)
}

/// Requests the health status of the plugin.
pub async fn check(channel: &Channel) -> Result<i32, Status> {
    let service = "plugin".to_owned();
    let mut client = HealthClient::new(channel.clone());
    let response = client.check(HealthCheckRequest { service });
    Ok(within("the health", response).await?.into_inner().status)
}

/// Calls `Shutdown`.
pub async fn shut_down(channel: &Channel) -> Result<(), Status> {
    let mut client = GrpcControllerClient::new(channel.clone());
    let response = client.shutdown(Empty {});
    within("the answer to Shutdown", response).await.map(drop)
}

/// Connects without TLS.
pub async fn plain(socket: &std::path::Path) -> Channel {
    grpc(unix(socket).await).await.unwrap()
}
