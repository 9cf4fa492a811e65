//! `data.konnect_audit_log_webhook_status`: the delivery status of a region's webhook (API description v3,
//! `audit-log-webhook/status`).

use async_trait::async_trait;
use konnect::WebhookStatus;
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Attribute, DataCall, DataSource, Diagnostics, Schema};

use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope::{Scope, region_argument};
use crate::run::validators;
use crate::run::values::require;
use crate::webhook::delivery::DeliveryStatus;

/// The data source `konnect_audit_log_webhook_status`.
pub(crate) struct AuditLogWebhookStatus;

/// Arguments and results of the data source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Model {
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
impl DataSource for AuditLogWebhookStatus {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_webhook_status"
    }

    fn schema(&self) -> Schema {
        let region = Attribute::string("region")
            .optional()
            .computed()
            .validator(validators::region_of_another_object())
            .description("Region of the webhook. Default: the provider's `region`.");
        Schema::new(
            "The status of a region's audit log webhook: whether it is switched on, and the result of the last delivery. \
             `healthy`, `delivery_state` and `explanation` summarize it for `check` blocks and pipelines.",
            [region].into_iter().chain(DeliveryStatus::attributes()),
        )
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config) = (call.provider, &call.config);
        let cache = run.cache()?;
        let region = run.regions.webhook(&region_argument(&config.region)?, None)?;
        let scope = Scope::region(require(region, "region")?);
        match cache.webhook_status(&scope.region).await {
            Ok(status) => Ok(Model::of(&scope, status)),
            Err(error) => Err(FieldMap::of(&self.schema()).diagnose(&error)),
        }
    }
}
