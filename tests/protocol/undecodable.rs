//! Invalid values: truncated, of another type, or designed to exhaust memory. The response is an error, the plugin
//! continues, and no request is sent.

use terraform_plugin::plugin::proto::tfplugin6 as tf;
use terraform_plugin::testing::value::{NIL, TRUE, error, map_head, msgpack, text};

use crate::konnect::{DESTINATION, Konnect};

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
}

#[tokio::test]
async fn undecodable_config_errors_without_request() {
    let konnect = Konnect::configured().await;
    let mut provider = konnect.host.provider();
    for (what, value) in broken(&konnect) {
        let config = Some(value);
        unreadable(what, &konnect.configure(config.clone()).await);
        let request = tf::validate_provider_config::Request {
            config: config.clone(),
        };
        let response = provider.validate_provider_config(request).await.unwrap();
        unreadable(what, &response.into_inner().diagnostics);
        let request = tf::validate_resource_config::Request {
            type_name: DESTINATION.to_owned(),
            config: config.clone(),
            client_capabilities: None,
        };
        let response = provider.validate_resource_config(request).await.unwrap();
        unreadable(what, &response.into_inner().diagnostics);
        for type_name in konnect.schema.data_source_schemas.keys() {
            let request = tf::validate_data_resource_config::Request {
                type_name: type_name.clone(),
                config: config.clone(),
            };
            let response = provider.validate_data_resource_config(request).await.unwrap();
            unreadable(what, &response.into_inner().diagnostics);
            let request = tf::read_data_source::Request {
                type_name: type_name.clone(),
                config: config.clone(),
                ..<_>::default()
            };
            let response = provider.read_data_source(request).await.unwrap();
            unreadable(what, &response.into_inner().diagnostics);
        }
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn undecodable_state_or_plan_errors_without_request() {
    let konnect = Konnect::configured().await;
    let mut provider = konnect.host.provider();
    for (what, value) in broken(&konnect) {
        let request = tf::read_resource::Request {
            type_name: DESTINATION.to_owned(),
            current_state: Some(value.clone()),
            ..<_>::default()
        };
        let response = provider.read_resource(request).await.unwrap();
        unreadable(what, &response.into_inner().diagnostics);
        for place in 0..3 {
            let at = |n| {
                if n == place {
                    Some(value.clone())
                } else {
                    msgpack(NIL)
                }
            };
            let request = tf::plan_resource_change::Request {
                type_name: DESTINATION.to_owned(),
                prior_state: at(0),
                proposed_new_state: at(1),
                config: at(2),
                ..<_>::default()
            };
            let response = provider.plan_resource_change(request).await.unwrap();
            unreadable(what, &response.into_inner().diagnostics);
            let request = tf::apply_resource_change::Request {
                type_name: DESTINATION.to_owned(),
                prior_state: at(0),
                planned_state: at(1),
                config: at(2),
                ..<_>::default()
            };
            let response = provider.apply_resource_change(request).await.unwrap();
            unreadable(what, &response.into_inner().diagnostics);
        }
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

/// Terraform stores the state of a failed response: without a state, it forgets the object.
#[tokio::test]
async fn undecodable_plan_in_apply_keeps_prior_state() {
    let konnect = Konnect::configured().await;
    let shape = konnect.destination().shape;
    let prior = msgpack(shape.raw(&[("id", text("here")), ("name", text("siem"))]));
    for (what, value) in broken(&konnect) {
        let request = tf::apply_resource_change::Request {
            type_name: DESTINATION.to_owned(),
            prior_state: prior.clone(),
            planned_state: Some(value),
            config: msgpack(NIL),
            planned_private: b"kept".to_vec(),
            ..<_>::default()
        };
        let response = konnect.host.provider().apply_resource_change(request).await;
        let response = response.unwrap().into_inner();
        unreadable(what, &response.diagnostics);
        assert_eq!(response.new_state, prior, "{what}");
        assert_eq!(response.private, b"kept", "{what}");
    }
    konnect.end().await;
}
