//! The requirements of go-plugin: health, standard streams, the broker and signals.

use futures_util::stream;
use nix::sys::signal::Signal;
use terraform_plugin::plugin::proto::health::HealthCheckRequest;
use terraform_plugin::plugin::proto::health::health_check_response::ServingStatus;
use terraform_plugin::plugin::proto::plugin::ConnInfo;
use terraform_plugin::plugin::proto::plugin::conn_info::Knock;
use terraform_plugin::plugin::proto::tfplugin6 as tf;
use terraform_plugin::testing::{Host, Launch, check, signal, within};
use tonic::Code;

use crate::PLUGIN;

fn health_of(service: &str) -> HealthCheckRequest {
    let service = service.to_owned();
    HealthCheckRequest { service }
}

#[tokio::test]
async fn health_check_reports_plugin_service_only() {
    let host = Host::start(PLUGIN).await;
    let mut health = host.health();
    let response = health.check(health_of("plugin")).await.unwrap();
    assert_eq!(response.into_inner().status(), ServingStatus::Serving);
    let unknown = health.check(health_of("other")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    host.end().await;
}

#[tokio::test]
async fn health_watch_reports_immediately_and_ends_at_shutdown() {
    let host = Host::start(PLUGIN).await;
    let mut health = host.health();
    let mut watched = health.watch(health_of("plugin")).await.unwrap().into_inner();
    let first = within("the first status", watched.message())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let mut unknown = health.watch(health_of("other")).await.unwrap().into_inner();
    let first = within("the first status", unknown.message())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
    host.shut_down().await;
    assert_eq!(within("the end", watched.message()).await.unwrap(), None);
    host.process.ended().await.assert_success();
}

#[tokio::test]
async fn service_unknown_returns_unimplemented() {
    let host = Host::start(PLUGIN).await;
    // The provider service of an older protocol: the same calls in another package.
    let mut grpc = tonic::client::Grpc::new(host.channel.clone());
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/tfplugin5.Provider/GetSchema");
    let codec = tonic_prost::ProstCodec::<HealthCheckRequest, HealthCheckRequest>::default();
    let response = grpc.unary(tonic::Request::new(health_of("")), path, codec).await;
    assert_eq!(response.unwrap_err().code(), Code::Unimplemented);
    host.end().await;
}

#[tokio::test]
async fn method_not_served_returns_unimplemented() {
    let host = Host::start(PLUGIN).await;
    let request = tf::open_ephemeral_resource::Request::default();
    let response = host.provider().open_ephemeral_resource(request).await;
    assert_eq!(response.unwrap_err().code(), Code::Unimplemented);
    host.end().await;
}

#[tokio::test]
async fn stdio_stream_is_empty_and_ends_at_shutdown() {
    let host = Host::start(PLUGIN).await;
    let mut stdio = host.stdio();
    let mut stream = stdio.stream_stdio(()).await.unwrap().into_inner();
    let next = tokio::spawn(async move { stream.message().await });
    // Other calls do not end the stream.
    host.assert_responds().await;
    assert!(!next.is_finished());
    host.shut_down().await;
    let last = within("the end of the stream", next).await.unwrap();
    assert_eq!(last.unwrap(), None, "an end, not an error");
    host.process.ended().await.assert_success();
}

#[tokio::test]
async fn broker_knock_returns_error() {
    let host = Host::start(PLUGIN).await;
    let knock = ConnInfo {
        service_id: 7,
        knock: Some(Knock {
            knock: true,
            ..Knock::default()
        }),
        ..ConnInfo::default()
    };
    // Other messages receive no response, and the stream remains open.
    let offer = ConnInfo {
        service_id: 3,
        ..ConnInfo::default()
    };
    let asked = futures_util::StreamExt::chain(stream::iter([offer, knock]), stream::pending());
    let mut responses = host.broker().start_stream(asked).await.unwrap().into_inner();
    let response = within("the answer", responses.message()).await.unwrap().unwrap();
    assert_eq!(response.service_id, 7);
    let knock = response.knock.unwrap();
    assert!(knock.ack && !knock.error.is_empty(), "{knock:?}");
    host.shut_down().await;
    assert_eq!(within("the end", responses.message()).await.unwrap(), None);
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
