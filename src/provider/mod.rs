//! The provider: its name, its block, and its resources, data sources, list resources, functions and actions.

mod block;

use terraform_plugin::{ConfigureCall, Diagnostics, Metadata, Phase, Provider, Registry};

use crate::destination::data::{AuditLogDestinationLookup, AuditLogDestinations};
use crate::destination::list::AuditLogDestinationList;
use crate::destination::resource::AuditLogDestination;
use crate::event::keys::AuditLogSigningKeys;
use crate::event::parse::ParseAuditEvent;
use crate::event::past::AuditLogEvents;
use crate::event::verify::VerifyAuditEvent;
use crate::organization::{KonnectOrganization, KonnectRegions};
use crate::portals::KonnectPortals;
use crate::provider::block::Config;
use crate::replay::action::AuditLogReplay;
use crate::replay::resource::AuditLogReplayJob;
use crate::run::RunState;
use crate::webhook::data::AuditLogWebhookLookup;
use crate::webhook::list::AuditLogWebhookList;
use crate::webhook::resource::AuditLogWebhook;
use crate::webhook::status::AuditLogWebhookStatus;

/// The provider's address in `required_providers`.
pub const ADDRESS: &str = crate::run::kong::ADDRESS;

/// The provider for Kong Konnect's audit logging.
#[derive(Debug, Clone, Copy)]
pub struct KonnectProvider;

impl Provider for KonnectProvider {
    type Config = Config;
    type Data = RunState;

    fn metadata(&self) -> Metadata {
        Metadata::new(
            ADDRESS,
            env!("CARGO_PKG_VERSION"),
            "Terraform and OpenTofu provider for Kong Konnect audit logging.",
        )
        .log_targets(&["konnect", "terraform_provider_konnect"])
    }

    fn register(&self, registry: &mut Registry<RunState>) {
        registry
            .tracked_resource(AuditLogDestination)
            .tracked_resource(AuditLogWebhook)
            .resource(AuditLogReplayJob)
            .data_source(AuditLogDestinationLookup)
            .data_source(AuditLogDestinations)
            .data_source(AuditLogEvents)
            .data_source(AuditLogSigningKeys)
            .data_source(AuditLogWebhookLookup)
            .data_source(AuditLogWebhookStatus)
            .data_source(KonnectOrganization)
            .data_source(KonnectPortals)
            .data_source(KonnectRegions)
            .list_resource(AuditLogDestinationList)
            .list_resource(AuditLogWebhookList)
            .action(AuditLogReplay)
            .function(ParseAuditEvent)
            .function(VerifyAuditEvent);
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<RunState, Diagnostics> {
        // A value that is not Unicode must not count as unset: the token would be sent to another server.
        crate::provider::block::configure(call, |name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
        .await
    }

    fn on_phase(&self, run: &RunState, phase: Phase) {
        run.enter(phase);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implementation_is_valid() {
        assert_eq!(
            terraform_plugin::validate_implementation(KonnectProvider),
            [""; 0]
        );
    }
}
