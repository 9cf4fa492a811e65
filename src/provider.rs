//! The provider: its name, its block, and the list of what it serves.

use async_trait::async_trait;
use terraform_plugin::{
    ConfigureCall, Diagnostics, Metadata, Provider, Schema, ServedAction, ServedDataSource, ServedResource,
};

use crate::actions::audit_log_replay::AuditLogReplay;
use crate::configuration::Config;
use crate::data_sources::audit_log_webhook_status::AuditLogWebhookStatus;
use crate::resources::audit_log_destination::AuditLogDestination;
use crate::resources::audit_log_replay_job::AuditLogReplayJob;
use crate::resources::audit_log_webhook::AuditLogWebhook;
use crate::run_state::RunState;

/// The provider's address in `required_providers`.
pub const ADDRESS: &str = "konnect-audit/konnect";
/// The prefix of all type names, and the name in `TF_LOG_PROVIDER_KONNECT`.
pub const NAME: &str = "konnect";

/// The provider for Kong Konnect's audit logging.
#[derive(Debug, Clone, Copy)]
pub struct KonnectProvider;

#[async_trait]
impl Provider for KonnectProvider {
    type Config = Config;
    type Data = RunState;

    fn metadata(&self) -> Metadata {
        Metadata {
            address: ADDRESS,
            name: NAME,
            version: env!("CARGO_PKG_VERSION"),
            description: "Terraform and OpenTofu provider for Kong Konnect audit logging.",
            log_targets: &["konnect", "terraform_provider_konnect"],
        }
    }

    fn schema(&self) -> Schema {
        crate::configuration::schema()
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        crate::configuration::validate(config, diagnostics);
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<RunState, Diagnostics> {
        // A value that is not Unicode must not count as unset: the token would go to another server.
        crate::configuration::configure(call, |name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
        .await
    }

    fn resources(&self) -> Vec<ServedResource<RunState>> {
        vec![
            ServedResource::new(AuditLogDestination),
            ServedResource::new(AuditLogWebhook),
            ServedResource::new(AuditLogReplayJob),
        ]
    }

    fn data_sources(&self) -> Vec<ServedDataSource<RunState>> {
        vec![ServedDataSource::new(AuditLogWebhookStatus)]
    }

    fn actions(&self) -> Vec<ServedAction<RunState>> {
        vec![ServedAction::new(AuditLogReplay)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terraform_plugin::ServeMode;
    use terraform_plugin::Server;

    #[test]
    fn every_schema_is_valid() {
        let server = Server::new(KonnectProvider, ServeMode::Managed);
        let all = server
            .resources()
            .chain(server.data_sources())
            .chain(server.actions())
            .chain([("provider", server.schema())]);
        for (name, schema) in all {
            assert_eq!(schema.validate_implementation(), Vec::<String>::new(), "{name}");
        }
        assert!(
            server
                .resource_types()
                .chain(server.data_source_types())
                .chain(server.action_types())
                .all(|t| t.starts_with(NAME))
        );
    }
}
