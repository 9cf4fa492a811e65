//! `data.konnect_audit_log_webhook`: the webhook of a region or a Dev Portal as it is (API descriptions v2 and v3,
//! `audit-log-webhook`, and portal management v3).

use terraform_plugin::{Attr, DataCall, DataSource, Diagnostics, Validator};

use crate::credential::endpoint;
use crate::run::errors::api_error;
use crate::run::scope::scope_argument;
use crate::run::values::format_of;
use crate::run::{RunState, portal};
use crate::webhook::stream::Stream;
use crate::webhook::{Current, TYPE};

/// The data source `konnect_audit_log_webhook`.
pub(crate) struct AuditLogWebhookLookup;

/// The audit log webhook of a region or of a Dev Portal, as Konnect has it now: whether it is set up, and where it
/// delivers. Use it to look at an existing stream before you import it, or to check one that another configuration
/// manages. The URL of an endpoint, which can be a secret, is not shown.
#[derive(Debug, Clone, Default, terraform_plugin::Model)]
pub(crate) struct Model {
    /// Region of the webhook, or of the Dev Portal. Default: the provider's `region`.
    #[tf(optional, computed)]
    region: Attr<String>,
    /// Id of the Dev Portal, a UUID. If omitted, the webhook is that of the region.
    #[tf(optional, validate = Validator::not_blank(), semantic_equality = str::eq_ignore_ascii_case)]
    portal_id: Attr<String>,
    /// Whether a webhook is set up, switched on or not. If false, nothing is delivered, and all other results are null
    /// or false.
    #[tf(computed)]
    configured: Attr<bool>,
    /// Whether events are delivered.
    #[tf(computed)]
    enabled: Attr<bool>,
    /// Id of the destination that receives the events. Null for a webhook with an endpoint of its own.
    #[tf(computed)]
    audit_log_destination_id: Attr<String>,
    /// Host of the webhook's own endpoint, with the port if the URL has one. Null for a webhook with a destination: the
    /// data source `konnect_audit_log_destination` shows that of the destination.
    #[tf(computed)]
    endpoint_host: Attr<String>,
    /// Format of the events sent to the webhook's own endpoint: `cef`, `json` or `cps` (CrowdStrike). Null for a
    /// webhook with a destination, which has its own format.
    #[tf(computed)]
    log_format: Attr<String>,
}

impl DataSource for AuditLogWebhookLookup {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        TYPE
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<Model, Diagnostics> {
        let config = &call.config;
        let scope = scope_argument(call.data, &config.region, &config.portal_id)?;
        // A webhook that can't be read is no missing one.
        let stream = Stream::of(call.data, scope, true)?;
        let found = stream.current().await.map_err(|error| api_error(&error))?;
        let scope = &stream.scope;
        if found.is_none()
            && let Some(error) = portal::missing(call.data.client()?, scope).await
        {
            return Err(portal::not_found(scope, &error).into());
        }
        let known = Model {
            region: scope.region.to_string().into(),
            portal_id: config.portal_id.clone(),
            configured: found.is_some().into(),
            enabled: found.as_ref().is_some_and(Current::is_enabled).into(),
            ..Model::default()
        };
        Ok(match found {
            None => known,
            Some(Current::Destination(found)) => Model {
                audit_log_destination_id: found.audit_log_destination_id.map(|id| id.to_string()).into(),
                ..known
            },
            Some(Current::Endpoint(found)) => Model {
                endpoint_host: endpoint::host(found.endpoint.as_deref().unwrap_or_default()),
                log_format: format_of(&found.log_format),
                ..known
            },
        })
    }
}
