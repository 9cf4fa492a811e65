//! The provider: its name, its block, and its resources, data sources, list resources, functions and actions.

mod block;

use async_trait::async_trait;
use terraform_plugin::{
    ConfigureCall, Diagnostics, Metadata, Phase, Provider, Schema, ServedAction, ServedDataSource,
    ServedFunction, ServedListResource, ServedResource,
};

use crate::destination::data::{AuditLogDestinationLookup, AuditLogDestinations};
use crate::destination::list::AuditLogDestinationList;
use crate::destination::resource::AuditLogDestination;
use crate::event::keys::AuditLogSigningKeys;
use crate::event::parse::ParseAuditEvent;
use crate::event::past::AuditLogEvents;
use crate::event::verify::VerifyAuditEvent;
use crate::organization::KonnectOrganization;
use crate::provider::block::Config;
use crate::replay::action::AuditLogReplay;
use crate::replay::resource::AuditLogReplayJob;
use crate::run::RunState;
use crate::webhook::list::AuditLogWebhookList;
use crate::webhook::resource::AuditLogWebhook;
use crate::webhook::status::AuditLogWebhookStatus;

/// The provider's address in `required_providers`.
pub const ADDRESS: &str = crate::run::kong::ADDRESS;
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
        crate::provider::block::schema()
    }

    fn validate(&self, config: &Config, diagnostics: &mut Diagnostics) {
        crate::provider::block::validate(config, diagnostics);
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

    fn resources(&self) -> Vec<ServedResource<RunState>> {
        vec![
            ServedResource::new(AuditLogDestination),
            ServedResource::new(AuditLogWebhook),
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
        ]
    }

    fn list_resources(&self) -> Vec<ServedListResource<RunState>> {
        vec![
            ServedListResource::new(AuditLogDestinationList),
            ServedListResource::new(AuditLogWebhookList),
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
        resource(&AuditLogReplayJob);
        assert_eq!(KonnectProvider.resources().len(), 3, "a new one is checked above");

        data_source(&AuditLogDestinationLookup);
        data_source(&AuditLogDestinations);
        data_source(&AuditLogEvents);
        data_source(&AuditLogSigningKeys);
        data_source(&AuditLogWebhookStatus);
        data_source(&KonnectOrganization);
        assert_eq!(
            KonnectProvider.data_sources().len(),
            6,
            "a new one is checked above"
        );

        list_resource(&AuditLogDestinationList);
        list_resource(&AuditLogWebhookList);
        assert_eq!(
            KonnectProvider.list_resources().len(),
            2,
            "a new one is checked above"
        );

        action(&AuditLogReplay);
        assert_eq!(KonnectProvider.actions().len(), 1, "a new one is checked above");
    }
}
