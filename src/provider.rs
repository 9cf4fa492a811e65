//! The provider: its name, its block, and its resources, data sources, list resources, functions and actions.

use async_trait::async_trait;
use terraform_plugin::{
    ConfigureCall, Diagnostics, Metadata, Phase, Provider, Schema, ServedAction, ServedDataSource,
    ServedFunction, ServedListResource, ServedResource,
};

use crate::actions::audit_log_replay::AuditLogReplay;
use crate::configuration::Config;
use crate::data_sources::audit_log_destination::AuditLogDestinationLookup;
use crate::data_sources::audit_log_destinations::AuditLogDestinations;
use crate::data_sources::audit_log_events::AuditLogEvents;
use crate::data_sources::audit_log_signing_keys::AuditLogSigningKeys;
use crate::data_sources::audit_log_webhook_status::AuditLogWebhookStatus;
use crate::data_sources::organization::KonnectOrganization;
use crate::data_sources::portal_audit_log_webhook_status::PortalAuditLogWebhookStatus;
use crate::functions::parse_audit_event::ParseAuditEvent;
use crate::functions::verify_audit_event::VerifyAuditEvent;
use crate::list_resources::audit_log_destination::AuditLogDestinationList;
use crate::list_resources::audit_log_webhook::AuditLogWebhookList;
use crate::list_resources::portal_audit_log_webhook::PortalAuditLogWebhookList;
use crate::resources::audit_log_destination::AuditLogDestination;
use crate::resources::audit_log_replay_job::AuditLogReplayJob;
use crate::resources::audit_log_webhook::AuditLogWebhook;
use crate::resources::portal_audit_log_webhook::PortalAuditLogWebhook;
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
        // A value that is not Unicode must not count as unset: the token would be sent to another server.
        crate::configuration::configure(call, |name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
        .await
    }

    fn on_phase(&self, run: &RunState, phase: Phase) {
        run.enter(phase);
    }

    fn resources(&self) -> Vec<ServedResource<RunState>> {
        vec![
            ServedResource::new(AuditLogDestination),
            ServedResource::new(AuditLogWebhook),
            ServedResource::new(PortalAuditLogWebhook),
            ServedResource::new(AuditLogReplayJob),
        ]
    }

    fn data_sources(&self) -> Vec<ServedDataSource<RunState>> {
        vec![
            ServedDataSource::new(AuditLogDestinationLookup),
            ServedDataSource::new(AuditLogDestinations),
            ServedDataSource::new(AuditLogEvents),
            ServedDataSource::new(AuditLogSigningKeys),
            ServedDataSource::new(AuditLogWebhookStatus),
            ServedDataSource::new(KonnectOrganization),
            ServedDataSource::new(PortalAuditLogWebhookStatus),
        ]
    }

    fn list_resources(&self) -> Vec<ServedListResource<RunState>> {
        vec![
            ServedListResource::new(AuditLogDestinationList),
            ServedListResource::new(AuditLogWebhookList),
            ServedListResource::new(PortalAuditLogWebhookList),
        ]
    }

    fn functions(&self) -> Vec<ServedFunction> {
        vec![
            ServedFunction::new(ParseAuditEvent),
            ServedFunction::new(VerifyAuditEvent),
        ]
    }

    fn actions(&self) -> Vec<ServedAction<RunState>> {
        vec![ServedAction::new(AuditLogReplay)]
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use terraform_plugin::testing::check_model;
    use terraform_plugin::{Action, DataSource, ListResource, Resource, ServeMode, Server};

    use super::*;

    #[test]
    fn implementation_is_valid() {
        let server = Server::new(KonnectProvider, ServeMode::Managed);
        assert_eq!(server.validate_implementation(), Vec::<String>::new());
    }

    fn resource<R: Resource>(resource: &R)
    where
        R::Model: Serialize + DeserializeOwned,
    {
        check_model::<R::Model>(&resource.schema());
    }

    fn data_source<D: DataSource>(data_source: &D)
    where
        D::Model: Serialize + DeserializeOwned,
    {
        check_model::<D::Model>(&data_source.schema());
    }

    fn list_resource<L: ListResource>(list: &L)
    where
        L::Config: Serialize + DeserializeOwned,
    {
        check_model::<L::Config>(&list.schema());
    }

    fn action<A: Action>(action: &A)
    where
        A::Config: Serialize + DeserializeOwned,
    {
        check_model::<A::Config>(&action.schema());
    }

    #[test]
    fn models_match_their_schemas() {
        check_model::<Config>(&KonnectProvider.schema());

        resource(&AuditLogDestination);
        resource(&AuditLogWebhook);
        resource(&PortalAuditLogWebhook);
        resource(&AuditLogReplayJob);
        assert_eq!(KonnectProvider.resources().len(), 4, "a new one is checked above");

        data_source(&AuditLogDestinationLookup);
        data_source(&AuditLogDestinations);
        data_source(&AuditLogEvents);
        data_source(&AuditLogSigningKeys);
        data_source(&AuditLogWebhookStatus);
        data_source(&KonnectOrganization);
        data_source(&PortalAuditLogWebhookStatus);
        assert_eq!(
            KonnectProvider.data_sources().len(),
            7,
            "a new one is checked above"
        );

        list_resource(&AuditLogDestinationList);
        list_resource(&AuditLogWebhookList);
        list_resource(&PortalAuditLogWebhookList);
        assert_eq!(
            KonnectProvider.list_resources().len(),
            3,
            "a new one is checked above"
        );

        action(&AuditLogReplay);
        assert_eq!(KonnectProvider.actions().len(), 1, "a new one is checked above");
    }
}
