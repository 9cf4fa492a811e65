//! A host with a connected plugin.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::uri::PathAndQuery;
use prost::Message;
use rustls::pki_types::CertificateDer;
use tonic::client::Grpc;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::plugin::proto::tfplugin6::provider_client::ProviderClient;
use crate::testing::{Channel, Ended, Identity, Launch, Process, Tls, grpc, unix, within};

/// The largest message that a host accepts.
const MAX_MESSAGE_SIZE: usize = 256 << 20;

/// The handshake line, parsed strictly.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// All fields of the line.
    pub fields: Vec<String>,
}

impl Handshake {
    /// Parses a line.
    pub fn parse(line: &str) -> Self {
        let fields: Vec<String> = line.split('|').map(str::to_owned).collect();
        assert!(matches!(fields.len(), 6 | 7), "handshake line: {line}");
        Self { fields }
    }

    /// The socket of the plugin.
    pub fn socket(&self) -> PathBuf {
        assert_eq!(self.fields[2], "unix");
        PathBuf::from(&self.fields[3])
    }

    /// The certificate that the host trusts. `None` without TLS.
    pub fn certificate(&self) -> Option<CertificateDer<'static>> {
        let text = &self.fields[5];
        // The decoder accepts no padding, like Go's `RawStdEncoding`.
        (!text.is_empty()).then(|| CertificateDer::from(STANDARD_NO_PAD.decode(text).unwrap()))
    }
}

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
    let response = call(channel, "/grpc.health.v1.Health/Check", service);
    within("the health", response).await
}

/// Calls `Shutdown`.
pub async fn shut_down(channel: &Channel) -> Result<(), Status> {
    let response = call(channel, "/plugin.GRPCController/Shutdown", ());
    within("the answer to Shutdown", response).await
}

/// Calls a method with one response. Messages with one field are of the type of the field: prost encodes a text, a
/// number and `()` as the messages of Google that contain them.
pub async fn call<I, O>(channel: &Channel, path: &'static str, message: I) -> Result<O, Status>
where
    I: Message + 'static,
    O: Message + Default + 'static,
{
    let path = PathAndQuery::from_static(path);
    let codec = ProstCodec::<I, O>::default();
    let mut grpc = ready(channel).await?;
    let response = grpc.unary(Request::new(message), path, codec);
    Ok(response.await?.into_inner())
}

/// Calls a method with a stream of responses.
pub async fn stream<I, O>(channel: &Channel, path: &'static str, message: I) -> Result<Streaming<O>, Status>
where
    I: Message + 'static,
    O: Message + Default + 'static,
{
    let path = PathAndQuery::from_static(path);
    let codec = ProstCodec::<I, O>::default();
    let request = Request::new(message);
    let mut grpc = ready(channel).await?;
    let response = grpc.server_streaming(request, path, codec);
    Ok(response.await?.into_inner())
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone());
    let ready = grpc.ready().await;
    ready.map_err(|closed| Status::unavailable(closed.to_string()))?;
    Ok(grpc)
}

/// Connects without TLS.
pub async fn plain(socket: &std::path::Path) -> Channel {
    grpc(unix(socket).await).await.unwrap()
}
