//! Invalid values: truncated, of another type, or designed to exhaust memory. The response is an error, the plugin
//! continues, and no request is sent.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::protocol::proto::tfplugin6::provider_client::ProviderClient;
use terraform_plugin::testing::value::{NIL, TRUE, error, map_head, msgpack, text};
use terraform_plugin::testing::{Channel, Host};
use tonic::body::Body;
use tower_service::Service;

use crate::PLUGIN;
use crate::konnect::{DESTINATION, Konnect, peak_memory};

/// Invalid encodings of a destination, each with a description.
fn broken(konnect: &Konnect) -> Vec<(&'static str, tf::DynamicValue)> {
    let shape = konnect.destination().shape;
    let whole = shape.raw(&[("name", text("siem"))]);
    let mut stranger = map_head(shape.attributes.len() + 1);
    stranger.extend(&whole[1..]);
    stranger.extend(text("stranger"));
    stranger.extend(NIL);
    let mut twice = map_head(2);
    twice.extend([text("name"), NIL.to_vec(), text("name"), NIL.to_vec()].concat());
    let packed = [
        ("a byte that begins nothing", vec![0xc1]),
        ("half of a value", whole[..whole.len() / 2].to_vec()),
        ("more than a value", [&whole, NIL].concat()),
        ("a sequence", vec![0x90]),
        ("text", text("siem")),
        ("a bool where text belongs", shape.raw(&[("name", TRUE.to_vec())])),
        (
            "text that is no UTF-8",
            shape.raw(&[("name", vec![0xa2, 0xff, 0xfe])]),
        ),
        (
            "text that claims four gigabytes",
            shape.raw(&[("name", vec![0xdb, 0xff, 0xff, 0xff, 0xff])]),
        ),
        (
            "an extension that nobody knows",
            shape.raw(&[("name", vec![0xd4, 7, 0])]),
        ),
        (
            "a map that claims to be endless",
            vec![0xdf, 0xff, 0xff, 0xff, 0xff],
        ),
        ("no attributes", map_head(0)),
        ("an attribute that is none", stranger),
        ("an attribute twice", twice),
        ("nesting without end", vec![0x91; 1 << 20]),
    ];
    let json = [
        ("no JSON", "{\"name\": "),
        ("JSON of another type", "[1]"),
        ("JSON with a message as a name", "{\"a\\n\\nApply complete!\": 1}"),
        ("JSON with a number as a flag", "{\"skip_ssl_verification\": 1}"),
    ];
    let packed = packed.map(|(what, bytes)| (what, msgpack(bytes).unwrap()));
    let json = json.map(|(what, text)| {
        let json = text.as_bytes().to_vec();
        let msgpack = Vec::new();
        (what, tf::DynamicValue { msgpack, json })
    });
    packed.into_iter().chain(json).collect()
}

/// Asserts the error and its cause.
fn unreadable(what: &str, diagnostics: &[tf::Diagnostic]) {
    let said = error(diagnostics);
    assert!(said.contains("invalid value"), "{what}: {said}");
    assert!(!said.contains("\nApply"), "{what}: {said}");
}

/// Makes a call, and asserts that its response has the error. Returns the response.
macro_rules! refused {
    ($what:expr, $provider:expr, $call:ident, { $($field:tt)* }) => {{
        #[allow(clippy::needless_update)] // some requests have no further field
        let request = tf::$call::Request { $($field)*, ..<_>::default() };
        let response = $provider.$call(request).await.unwrap().into_inner();
        unreadable($what, &response.diagnostics);
        response
    }};
}

#[tokio::test]
async fn undecodable_config_errors_without_request() {
    let konnect = Konnect::configured().await;
    let mut provider = konnect.host.provider();
    for (what, value) in broken(&konnect) {
        let config = || Some(value.clone());
        unreadable(what, &konnect.configure(config()).await);
        refused!(what, provider, validate_provider_config, { config: config() });
        let type_name = DESTINATION.to_owned();
        refused!(what, provider, validate_resource_config, { type_name, config: config() });
        for type_name in konnect.schema.data_source_schemas.keys() {
            let name = || type_name.clone();
            refused!(what, provider, validate_data_resource_config, { type_name: name(), config: config() });
            refused!(what, provider, read_data_source, { type_name: name(), config: config() });
        }
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn undecodable_state_or_plan_errors_without_request() {
    let konnect = Konnect::configured().await;
    let mut provider = konnect.host.provider();
    let prior = msgpack(
        konnect
            .destination()
            .shape
            .raw(&[("id", text("here")), ("name", text("siem"))]),
    );
    let type_name = || DESTINATION.to_owned();
    for (what, value) in broken(&konnect) {
        let broken = || Some(value.clone());
        refused!(what, provider, read_resource, { type_name: type_name(), current_state: broken() });
        // The provider plans from the state and the configuration, and ignores the proposed state.
        for (prior_state, config) in [(broken(), msgpack(NIL)), (msgpack(NIL), broken())] {
            let (again, config_again) = (prior_state.clone(), config.clone());
            refused!(what, provider, plan_resource_change, { type_name: type_name(), prior_state, config });
            refused!(what, provider, apply_resource_change, {
                type_name: type_name(), prior_state: again, planned_state: msgpack(NIL), config: config_again
            });
        }
        // Terraform stores the state of a failed response: without a state, it forgets the object.
        let response = refused!(what, provider, apply_resource_change, {
            type_name: type_name(), prior_state: prior.clone(), planned_state: broken(), config: msgpack(NIL),
            planned_private: b"kept".to_vec()
        });
        assert_eq!(response.new_state, prior, "{what}");
        assert_eq!(response.private, b"kept", "{what}");
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

/// The longest time that another call waits while the plugin reads a large message.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A call with a state of this JSON.
async fn upgrade(
    mut provider: ProviderClient<Channel>,
    json: Vec<u8>,
) -> Result<Vec<tf::Diagnostic>, tonic::Status> {
    let raw_state = Some(tf::RawState {
        json,
        ..<_>::default()
    });
    let request = tf::upgrade_resource_state::Request {
        type_name: DESTINATION.to_owned(),
        raw_state,
        ..<_>::default()
    };
    let response = provider.upgrade_resource_state(request).await;
    Ok(response?.into_inner().diagnostics)
}

/// An unbounded parser needs 80 bytes for each byte of such a state, and serves no other call in the meantime.
#[tokio::test]
async fn state_of_many_small_objects_errors_in_bounded_memory_beside_other_calls() {
    let host = Host::start(PLUGIN).await;
    // Just below the largest message.
    let state = format!("[{}0]", "{\"a\":1},".repeat(60 << 17));
    let mut longest = Duration::ZERO;
    let mut upgraded = std::pin::pin!(upgrade(host.provider(), state.into_bytes()));
    let refused = loop {
        let asked = Instant::now();
        tokio::select! {
            refused = upgraded.as_mut() => {
                longest = longest.max(asked.elapsed());
                break refused;
            }
            () = host.assert_responds() => longest = longest.max(asked.elapsed()),
        }
    };
    let memory = peak_memory(host.process.pid);
    assert!(error(&refused.unwrap()).contains("too large"));
    assert!(longest < MAX_WAIT, "{longest:?}");
    assert!(memory < 400 * 1024, "{memory} KiB");
    host.end().await;
}

/// A message begins with its size. The plugin must not reserve the memory that the size announces.
#[tokio::test]
async fn announced_sizes_cost_no_memory_and_time() {
    const CALLS: usize = 64;
    let host = Host::start(PLUGIN).await;
    let start = Instant::now();
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let mut channel = host.channel.clone();
        let prefix = Frame::data(Bytes::from_static(&[0, 0x10, 0, 0, 0]));
        let body = stream::iter([Ok::<_, tonic::Status>(prefix)]).chain(stream::pending());
        let request = http::Request::post("/tfplugin6.Provider/ReadResource")
            .header("content-type", "application/grpc")
            .body(Body::new(StreamBody::new(body)))
            .unwrap();
        calls.push(tokio::spawn(async move { channel.call(request).await.map(drop) }));
    }
    host.assert_responds().await;
    for call in &calls {
        call.abort();
    }
    join_all(calls).await;
    host.assert_responds().await;
    let memory = peak_memory(host.process.pid);
    assert!(start.elapsed() < MAX_WAIT, "{:?}", start.elapsed());
    assert!(memory < 60 * 1024, "{memory} KiB");
    host.end().await;
}

/// The answer to a message above the limit says so.
#[tokio::test]
async fn message_above_limit_is_refused() {
    let host = Host::start(PLUGIN).await;
    let refused = upgrade(host.provider(), vec![b' '; 64 << 20]).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert!(refused.message().contains("64 MiB"), "{refused}");
    host.assert_responds().await;
    host.end().await;
}
