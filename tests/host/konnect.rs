//! A plugin together with a local Konnect for it to work on.

use std::collections::HashMap;

use serde_json::json;
use terraform_provider_konnect::emulator::{Emulator, EmulatorOptions};
use terraform_provider_konnect::framework::{Type, Value};
use terraform_provider_konnect::plugin::proto::tfplugin6 as tf;

use super::terraform::Resource;
use super::value::{Shape, sound};
use super::{Ended, Host, Launch};

/// The resource with which the tests go through a life.
pub const DESTINATION: &str = "konnect_audit_log_destination";
/// The other one, of which a region has one.
pub const WEBHOOK: &str = "konnect_audit_log_webhook";

/// Where a stranger's webhook delivers to.
pub const STRANGERS_ENDPOINT: &str = "https://stranger.example.com/a-path-like-a-password";

/// A plugin, and the Konnect that it is or will be configured with.
pub struct Konnect {
    /// The plugin.
    pub host: Host,
    /// The Konnect.
    pub emulator: Emulator,
    /// All schemas.
    pub schema: tf::get_provider_schema::Response,
    /// What tells the objects of each resource.
    pub identities: HashMap<String, tf::ResourceIdentitySchema>,
}

impl Konnect {
    /// Starts both. The plugin is not configured.
    pub async fn start() -> Self {
        Box::pin(Self::launch(Launch::without_tls())).await
    }

    /// Starts both, the plugin with further settings. It is not configured.
    pub async fn launch(launch: Launch) -> Self {
        let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
        let host = Box::pin(Host::launch(launch)).await;
        let schema = tf::get_provider_schema::Request {};
        let schema = host.provider().get_provider_schema(schema).await.unwrap();
        let identities = tf::get_resource_identity_schemas::Request {};
        let identities = host.provider().get_resource_identity_schemas(identities).await;
        let identities = identities.unwrap().into_inner();
        sound(&identities.diagnostics);
        Self {
            host,
            emulator,
            schema: schema.into_inner(),
            identities: identities.identity_schemas,
        }
    }

    /// Starts both, and configures the plugin.
    pub async fn configured() -> Self {
        let konnect = Box::pin(Self::start()).await;
        sound(&konnect.configure(konnect.config()).await);
        konnect
    }

    /// A provider block that leads to the emulator. A fault is to be met once, not waited out.
    pub fn config(&self) -> Option<tf::DynamicValue> {
        self.config_with_retries(0)
    }

    /// The same with that many further tries.
    pub fn config_with_retries(&self, retries: i64) -> Option<tf::DynamicValue> {
        let shape = Shape::of(self.schema.provider.as_ref().unwrap());
        let url = format!("{}/{{region}}", self.emulator.url());
        let block = [
            ("personal_access_token", Value::from("kpat_protocol-tests")),
            ("server_url", Value::from(url.as_str())),
            ("max_retries", Value::from(retries)),
        ];
        shape.encode(&shape.object(&block))
    }

    /// Configures the provider; answers what it says.
    pub async fn configure(&self, config: Option<tf::DynamicValue>) -> Vec<tf::Diagnostic> {
        let request = tf::configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config,
            client_capabilities: None,
        };
        let answer = self.host.provider().configure_provider(request).await;
        answer.unwrap().into_inner().diagnostics
    }

    /// The destinations.
    pub fn destination(&self) -> Resource {
        self.resource(DESTINATION)
    }

    /// The webhooks.
    pub fn webhook(&self) -> Resource {
        self.resource(WEBHOOK)
    }

    fn resource(&self, type_name: &str) -> Resource {
        let parts = self.identities[type_name].identity_attributes.iter();
        let parts = parts.map(|part| {
            let of = serde_json::from_slice(&part.r#type).unwrap();
            (part.name.clone(), Type::from_json(&of).unwrap())
        });
        Resource {
            provider: self.host.provider(),
            type_name: type_name.to_owned(),
            shape: Shape::of(&self.schema.resource_schemas[type_name]),
            identity: Type::Object(parts.collect()),
        }
    }

    /// A webhook with an endpoint of its own, as somebody else sets one up.
    pub fn strangers_webhook(&self, region: &str, enabled: bool) {
        let webhook = json!({
            "enabled": enabled, "endpoint": STRANGERS_ENDPOINT, "authorization": "Splunk stranger",
            "log_format": "json",
        });
        self.emulator.edit_webhook(region, webhook).unwrap();
    }

    /// The methods of the requests since the last time.
    pub fn methods(&self) -> Vec<String> {
        let methods = self.emulator.requests().into_iter().map(|request| request.method);
        let methods = methods.collect();
        self.emulator.clear_requests();
        methods
    }

    /// How many requests have reached Konnect.
    pub fn requests(&self) -> usize {
        self.emulator.requests().len()
    }

    /// Ends both.
    pub async fn end(self) -> Ended {
        self.emulator.stop().await;
        self.host.end().await
    }
}
