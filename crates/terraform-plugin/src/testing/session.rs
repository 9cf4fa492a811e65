//! A host with its plugin, connected.

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

/// What a Terraform host accepts of one message.
const LARGEST_MESSAGE: usize = 256 << 20;

/// A plugin that was started and greeted as Terraform does it.
pub struct Host {
    /// The plugin's process.
    pub process: Process,
    /// What it introduced itself with.
    pub handshake: Handshake,
    /// Who we are to it.
    pub identity: Identity,
    /// The one connection.
    pub channel: Channel,
}

impl Host {
    /// Starts the plugin and connects.
    pub async fn start(plugin: &str) -> Self {
        Self::launch(Launch::without_tls(plugin)).await
    }

    /// The same with further settings.
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

    /// TLS as Terraform does it with this plugin.
    pub fn tls(&self) -> Tls {
        Tls::trusting(&self.handshake.certificate().unwrap())
    }

    /// The plugin's socket.
    pub fn socket(&self) -> PathBuf {
        self.handshake.socket()
    }

    /// The provider.
    pub fn provider(&self) -> ProviderClient<Channel> {
        provider(&self.channel)
    }

    /// Standard output and error as a stream.
    pub fn stdio(&self) -> GrpcStdioClient<Channel> {
        GrpcStdioClient::new(self.channel.clone())
    }

    /// The broker.
    pub fn broker(&self) -> GrpcBrokerClient<Channel> {
        GrpcBrokerClient::new(self.channel.clone())
    }

    /// The health service.
    pub fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }

    /// Asserts that the plugin answers.
    pub async fn answers(&self) {
        check(&self.channel).await.unwrap();
    }

    /// Asks the plugin to end.
    pub async fn shut_down(&self) {
        shut_down(&self.channel).await.unwrap();
    }

    /// Ends the plugin as Terraform does at the end of a run, and asserts that it ends well.
    pub async fn end(self) -> Ended {
        self.shut_down().await;
        self.process.ended().await.well()
    }
}

/// The provider behind a connection.
pub fn provider(channel: &Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel.clone())
        .max_decoding_message_size(LARGEST_MESSAGE)
        .max_encoding_message_size(LARGEST_MESSAGE)
}

/// Asks for the plugin's health.
pub async fn check(channel: &Channel) -> Result<i32, Status> {
    let service = "plugin".to_owned();
    let mut client = HealthClient::new(channel.clone());
    let answer = client.check(HealthCheckRequest { service });
    Ok(within("the health", answer).await?.into_inner().status)
}

/// Asks the plugin to end.
pub async fn shut_down(channel: &Channel) -> Result<(), Status> {
    let mut client = GrpcControllerClient::new(channel.clone());
    let answer = client.shutdown(Empty {});
    within("the answer to Shutdown", answer).await.map(drop)
}

/// Connects without TLS.
pub async fn plain(socket: &std::path::Path) -> Channel {
    grpc(unix(socket).await).await.unwrap()
}
