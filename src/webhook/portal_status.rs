//! `data.konnect_portal_audit_log_webhook_status`: the delivery status of a Dev Portal's webhook (API description of
//! portal management v3, `portals/{portalId}/audit-log-webhook/status`).

use async_trait::async_trait;
use konnect::{PortalId, WebhookStatus};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, DataCall, DataSource, Diagnostics, Schema, Validator};

use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope::{Scope, region_argument};
use crate::run::values::require;
use crate::run::{portal, validators};
use crate::webhook::delivery::DeliveryStatus;

/// The data source `konnect_portal_audit_log_webhook_status`.
pub(crate) struct PortalAuditLogWebhookStatus;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    portal_id: Attr<String>,
    region: Attr<String>,
    webhook_enabled: Attr<bool>,
    webhook_status: Attr<String>,
    last_attempt_at: Attr<String>,
    last_response_code: Attr<i64>,
    last_response_message: Attr<String>,
    delivery_state: Attr<String>,
    healthy: Attr<bool>,
    explanation: Attr<String>,
}

impl Model {
    fn of(scope: &Scope, status: WebhookStatus) -> Self {
        let status = DeliveryStatus::of(scope, status);
        Self {
            portal_id: scope.portal.as_ref().map(PortalId::to_string).into(),
            region: scope.region.to_string().into(),
            webhook_enabled: status.webhook_enabled,
            webhook_status: status.webhook_status,
            last_attempt_at: status.last_attempt_at,
            last_response_code: status.last_response_code,
            last_response_message: status.last_response_message,
            delivery_state: status.delivery_state,
            healthy: status.healthy,
            explanation: status.explanation,
        }
    }
}

#[async_trait]
impl DataSource for PortalAuditLogWebhookStatus {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_portal_audit_log_webhook_status"
    }

    fn schema(&self) -> Schema {
        let arguments = [
            Attribute::string("portal_id")
                .required()
                .validator(Validator::not_blank())
                .description("Id of the Dev Portal, a UUID."),
            Attribute::string("region")
                .optional()
                .computed()
                .validator(validators::region_of_another_object())
                .description(
                    "Region of the Dev Portal. `global` is not allowed, since Dev Portals are regional. Default: the \
                     provider's `region`.",
                ),
        ];
        Schema::new(
            "The status of a Dev Portal's audit log webhook: whether it is switched on, and the result of the last \
             delivery. `healthy`, `delivery_state` and `explanation` summarize it for `check` blocks and pipelines.",
            arguments.into_iter().chain(DeliveryStatus::attributes()),
        )
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config) = (call.provider, &call.config);
        let cache = run.cache()?;
        let id = portal::parse_id(&require(config.portal_id.clone(), "portal_id")?)?;
        let region = run.regions.portal(&region_argument(&config.region)?, None)?;
        let scope = Scope::portal(require(region, "region")?, id.clone());
        match cache.portal_webhook_status(&scope.region, &id).await {
            Ok(status) => Ok(Model::of(&scope, status)),
            Err(error) if error.is_not_found() => Err(portal::not_found(&scope, &error).into()),
            Err(error) => Err(FieldMap::of(&self.schema()).diagnose(&error)),
        }
    }
}
