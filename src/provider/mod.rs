//! What a user writes in HCL: the provider block, and one file for each resource and data source.
//!
//! To add one: a file beside these, a line in [`Konnect`]'s list, and an example folder.

mod audit_log_destination;
mod audit_log_webhook;
mod audit_log_webhook_status;
mod authorization;
mod configuration;
mod connection;
mod errors;
mod fingerprint;
mod kong;
mod rules;
mod take_over;

use async_trait::async_trait;

use self::audit_log_destination::AuditLogDestination;
use self::audit_log_webhook::AuditLogWebhook;
use self::audit_log_webhook_status::AuditLogWebhookStatus;
use self::configuration::Config;
pub use self::connection::Connection;
use crate::framework::{ConfigureCall, Diagnostics, Provider, Schema, ServedDataSource, ServedResource};

/// The provider's address in `required_providers`.
pub const ADDRESS: &str = "konnect-audit/konnect";
/// The prefix of all type names, and the name in `TF_LOG_PROVIDER_KONNECT`.
pub const NAME: &str = "konnect";

/// The provider for Kong Konnect's audit logging.
#[derive(Debug, Clone, Copy)]
pub struct Konnect;

#[async_trait]
impl Provider for Konnect {
    type Config = Config;
    type Data = Connection;

    fn schema(&self) -> Schema {
        configuration::schema()
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        configuration::validate(config, diagnostics);
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Connection, Diagnostics> {
        // What is no text must not count as unset: the token would go to another server than was meant.
        configuration::connect(call, |name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    fn resources(&self) -> Vec<ServedResource<Connection>> {
        vec![
            ServedResource::new(AuditLogDestination::default()),
            ServedResource::new(AuditLogWebhook::default()),
        ]
    }

    fn data_sources(&self) -> Vec<ServedDataSource<Connection>> {
        vec![ServedDataSource::new(AuditLogWebhookStatus)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::{Lifetime, Server};

    #[test]
    fn every_schema_is_sound() {
        let server = Server::new(Konnect, Lifetime::OneRun);
        let all = server
            .resources()
            .chain(server.data_sources())
            .chain([("provider", server.schema())]);
        for (name, schema) in all {
            assert_eq!(schema.faults(), Vec::<String>::new(), "{name}");
        }
        assert!(
            server
                .resource_types()
                .chain(server.data_source_types())
                .all(|t| t.starts_with(NAME))
        );
    }
}
