//! The requirements of go-plugin: health, standard streams, the broker and signals.

use futures_util::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use nix::sys::signal::Signal;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::{Host, Launch, call, check, signal, stream as open, within};
use tonic::body::Body;
use tonic::{Code, Streaming};
use tower_service::Service;

use crate::PLUGIN;

/// The statuses of the health service.
const SERVING: i32 = 1;
const SERVICE_UNKNOWN: i32 = 3;

#[tokio::test]
async fn health_check_reports_plugin_service_only() {
    let host = Host::start(PLUGIN).await;
    let check = async |service: &str| {
        call::<String, i32>(&host.channel, "/grpc.health.v1.Health/Check", service.to_owned()).await
    };
    assert_eq!(check("plugin").await.unwrap(), SERVING);
    assert_eq!(check("").await.unwrap(), SERVING);
    assert_eq!(check("other").await.unwrap_err().code(), Code::NotFound);
    host.end().await;
}

#[tokio::test]
async fn health_watch_reports_immediately_and_ends_at_shutdown() {
    let host = Host::start(PLUGIN).await;
    let watch = async |service: &str| {
        let path = "/grpc.health.v1.Health/Watch";
        let mut watched: Streaming<i32> = open(&host.channel, path, service.to_owned()).await.unwrap();
        let first = within("the first status", watched.message()).await.unwrap();
        (first, watched)
    };
    let (first, mut watched) = watch("plugin").await;
    assert_eq!(first, Some(SERVING));
    assert_eq!(watch("other").await.0, Some(SERVICE_UNKNOWN));
    host.shut_down().await;
    assert_eq!(within("the end", watched.message()).await.unwrap(), None);
    host.process.ended().await.assert_success();
}

#[tokio::test]
async fn service_unknown_returns_unimplemented() {
    let host = Host::start(PLUGIN).await;
    // The first is the provider service of an older protocol: the same calls in another package.
    for path in [
        "/tfplugin5.Provider/GetSchema",
        "/tfplugin6.Provider/OpenEphemeralResource",
        "/grpc.health.v1.Health/List",
        "/",
    ] {
        let refused = call::<(), ()>(&host.channel, path, ()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unimplemented, "{path}");
    }
    host.end().await;
}

#[tokio::test]
async fn request_without_one_message_errors() {
    let host = Host::start(PLUGIN).await;
    for bytes in [
        &b""[..],
        b"\0\0\0\0",
        b"\0\0\0\0\x01",
        b"\0\0\0\0\0\0\0\0\0\0",
        b"\x01\0\0\0\0",
    ] {
        let request = http::Request::post("/tfplugin6.Provider/GetMetadata")
            .body(Body::new(http_body_util::Full::new(Bytes::from_static(bytes))))
            .unwrap();
        let response = host.channel.clone().call(request).await.unwrap();
        assert_eq!(response.headers()["grpc-status"], "13", "{bytes:?}");
    }
    host.end().await;
}

#[tokio::test]
async fn stdio_stream_is_empty_and_ends_at_shutdown() {
    let host = Host::start(PLUGIN).await;
    let mut stream: Streaming<()> = open(&host.channel, "/plugin.GRPCStdio/StreamStdio", ())
        .await
        .unwrap();
    let next = tokio::spawn(async move { stream.message().await });
    // Other calls do not end the stream.
    host.assert_responds().await;
    assert!(!next.is_finished());
    host.shut_down().await;
    let last = within("the end of the stream", next).await.unwrap();
    assert_eq!(last.unwrap(), None, "an end, not an error");
    host.process.ended().await.assert_success();
}

/// The host opens the stream at the start, and sends nothing: a provider offers no services through it.
#[tokio::test]
async fn broker_stream_opens_before_a_message_and_ends_at_shutdown() {
    let host = Host::start(PLUGIN).await;
    let silent = stream::pending::<Result<Frame<Bytes>, tonic::Status>>().boxed();
    let request = http::Request::post("/plugin.GRPCBroker/StartStream")
        .body(Body::new(StreamBody::new(silent)))
        .unwrap();
    let opened = host.channel.clone().call(request);
    let response = within("the stream", opened).await.unwrap();
    host.shut_down().await;
    let end = http_body_util::BodyExt::collect(response.into_body());
    let end = within("the end", end).await.unwrap();
    assert_eq!(end.trailers().unwrap()["grpc-status"], "0");
    host.process.ended().await.assert_success();
}

/// Ctrl-C and a closed terminal signal both plugin and host: only the host must react.
#[tokio::test]
async fn interrupt_and_hangup_signals_are_ignored() {
    let host = Host::start(PLUGIN).await;
    for _ in 0..3 {
        for ignored in [Signal::SIGINT, Signal::SIGHUP] {
            signal(host.process.pid, ignored);
            host.assert_responds().await;
        }
    }
    assert!(host.socket().exists());
    host.end().await;
}

#[tokio::test]
async fn interrupt_before_host_connects_is_ignored() {
    let mut process = Launch::without_tls(PLUGIN).start();
    let handshake = terraform_plugin::testing::Handshake::parse(&process.line().await);
    signal(process.pid, Signal::SIGINT);
    let channel = terraform_plugin::testing::plain(&handshake.socket()).await;
    check(&channel).await.unwrap();
    terraform_plugin::testing::shut_down(&channel).await.unwrap();
    process.ended().await.assert_success();
}

#[tokio::test]
async fn sigterm_exits_cleanly() {
    let host = Host::start(PLUGIN).await;
    host.assert_responds().await;
    signal(host.process.pid, Signal::SIGTERM);
    host.process.ended().await.assert_success();
}

#[tokio::test]
async fn large_message_passes_in_both_directions() {
    let host = Host::start(PLUGIN).await;
    // The response is large because it contains an unknown name.
    let type_name = "x".repeat(20 << 20);
    let asked = tf::validate_resource_config::Request {
        type_name: type_name.clone(),
        ..<_>::default()
    };
    let response = host.provider().validate_resource_config(asked).await;
    let response = response.unwrap().into_inner();
    assert!(response.diagnostics[0].detail.contains(&type_name));
    host.end().await;
}
