//! A plugin together with a local Konnect for it to work on.

use terraform_provider_konnect::emulator::{Emulator, EmulatorOptions};
use terraform_provider_konnect::framework::Value;
use terraform_provider_konnect::plugin::proto::tfplugin6 as tf;

use super::terraform::Resource;
use super::value::{Shape, sound};
use super::{Ended, Host};

/// The resource with which the tests go through a life.
pub const DESTINATION: &str = "konnect_audit_log_destination";

/// A plugin, and the Konnect that it is or will be configured with.
pub struct Konnect {
    /// The plugin.
    pub host: Host,
    /// The Konnect.
    pub emulator: Emulator,
    /// All schemas.
    pub schema: tf::get_provider_schema::Response,
}

impl Konnect {
    /// Starts both. The plugin is not configured.
    pub async fn start() -> Self {
        let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
        let host = Box::pin(Host::start()).await;
        let schema = tf::get_provider_schema::Request {};
        let schema = host.provider().get_provider_schema(schema).await.unwrap();
        Self {
            host,
            emulator,
            schema: schema.into_inner(),
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
        Resource {
            provider: self.host.provider(),
            type_name: DESTINATION.to_owned(),
            shape: Shape::of(&self.schema.resource_schemas[DESTINATION]),
        }
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
