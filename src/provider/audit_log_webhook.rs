//! `konnect_audit_log_webhook`: the audit log stream of a region (API descriptions v2 and v3,
//! `audit-log-webhook`).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::audit_log_destination::{changed, given};
use super::connection::Connection;
use super::errors::diagnose;
use super::rules;
use crate::framework::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, PlanCall, ReadCall, Resource, Schema,
    Secret, UpdateCall, Validator,
};
use crate::konnect::{
    Authorization, Client, DestinationId, DestinationWebhook, DestinationWebhookChanges, EndpointWebhook,
    EndpointWebhookChanges, LogFormat, Region, v2, v3,
};

/// The attributes that the API may name in an error.
const ATTRIBUTES: &[&str] = &[
    "region",
    "enabled",
    "audit_log_destination_id",
    "endpoint",
    "authorization",
    "log_format",
    "skip_ssl_verification",
];

/// The resource `konnect_audit_log_webhook`.
pub(super) struct AuditLogWebhook;

/// Configuration, plan and state of a region's webhook, in either of its two forms.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Model {
    id: Attr<Region>,
    region: Attr<Region>,
    enabled: Attr<bool>,
    audit_log_destination_id: Attr<DestinationId>,
    endpoint: Attr<String>,
    authorization: Attr<Secret>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    updated_at: Attr<String>,
}

/// The two forms of a webhook, each with an API version of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// v3: it delivers to a destination.
    Destination,
    /// v2: it holds its own endpoint.
    Endpoint,
    /// While planning: what decides is not known yet.
    Open,
}

impl Model {
    /// Which form is asked for, or is there.
    fn form(&self) -> Form {
        match (&self.audit_log_destination_id, &self.endpoint) {
            (Attr::Known(_), _) | (Attr::Unknown, Attr::Null) => Form::Destination,
            (Attr::Null, _) => Form::Endpoint,
            (Attr::Unknown, _) => Form::Open,
        }
    }
}

#[async_trait]
impl Resource for AuditLogWebhook {
    type Data = Connection;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_webhook"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "The audit log webhook of a region: the stream of that region's audit events. There is one for each \
             region. It delivers either to a destination (`audit_log_destination_id`, Konnect's API v3, \
             recommended), or to an endpoint of its own (`endpoint` with `authorization`, API v2). Going from one \
             form to the other is an update in place, so that the stream is not interrupted.\n\n\
             Destroying a webhook with a destination deletes it. One with an endpoint of its own is switched off, \
             since API v2 has no way to delete it: Konnect keeps the endpoint, and delivers nothing.",
            [
                Attribute::string("id").computed().keeps().describe("The region, which tells one webhook from another."),
                Attribute::string("region").optional().computed().keeps().replaces().check(rules::region()).describe(
                    "Region whose audit events are delivered: `us`, `eu`, `au`, `me`, `in`, `sg`, `global`, or one \
                     that Kong has added since. By default the provider's `region`. Another value removes this \
                     webhook and sets up the other region's.",
                ),
                Attribute::bool("enabled").optional().default(true).describe(
                    "Whether events are delivered. By default true. With false the configuration is kept.",
                ),
                Attribute::string("audit_log_destination_id").optional().check(rules::destination_id()).describe(
                    "Id of the `konnect_audit_log_destination` that receives the events. Exactly one of this and \
                     `endpoint` must be set.",
                ),
                Attribute::string("endpoint").optional().check(rules::endpoint()).describe(
                    "HTTPS URL that receives the events, for a webhook without a destination. Needs `authorization`.",
                ),
                Attribute::string("authorization").optional().sensitive().check(rules::authorization()).describe(
                    "What Konnect sends to `endpoint` as the `Authorization` header, with its scheme. Konnect never \
                     tells it again, so a change made elsewhere is not noticed. It is stored in the state: protect \
                     that.",
                ),
                Attribute::string("log_format")
                    .optional()
                    .computed()
                    .check(Validator::one_of(rules::LOG_FORMATS))
                    .describe(
                        "Format of the events sent to `endpoint`: `cef`, `json` or `cps` (CrowdStrike). By default \
                         `cef`. With a destination it is the destination's, and null here.",
                    ),
                Attribute::bool("skip_ssl_verification")
                    .optional()
                    .computed()
                    .check(rules::skips_verification())
                    .describe(
                        "Whether Konnect accepts any certificate of `endpoint`. By default false. With true, \
                         deliveries and the credential can be intercepted: only for self-signed certificates outside \
                         production. With a destination it is the destination's, and null here.",
                    ),
                Attribute::string("updated_at").computed().describe(
                    "When a webhook with an endpoint of its own was last changed, by Konnect's clock. Null with a \
                     destination, where Konnect does not tell.",
                ),
            ],
        )
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        match config.form() {
            Form::Destination if config.audit_log_destination_id.known().is_some() => {
                for (name, set) in own_attributes(config) {
                    if set {
                        let detail = format!(
                            "A webhook delivers either to a destination or to an endpoint of its own, and \
                             \"{name}\" belongs to the latter. Remove it, or audit_log_destination_id."
                        );
                        diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(name));
                    }
                }
            }
            Form::Endpoint if config.endpoint.is_null() => diagnostics.push(
                Diagnostic::error(
                    "No destination",
                    "Set audit_log_destination_id to the id of a konnect_audit_log_destination, or endpoint and \
                     authorization for a webhook with an endpoint of its own.",
                )
                .at("audit_log_destination_id"),
            ),
            Form::Endpoint if config.authorization.is_null() => diagnostics.push(
                Diagnostic::error(
                    "Missing authorization",
                    "Konnect needs authorization together with endpoint: set it to what the endpoint expects as \
                     the Authorization header.",
                )
                .at("authorization"),
            ),
            _ => {}
        }
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        let planned = &mut call.planned;
        match call.provider.region(&call.config.region) {
            Ok(region) => (planned.id, planned.region) = (region.clone(), region),
            Err(error) => call.diagnostics.push(error),
        }
        let config = &call.config;
        let log_format = || Attr::Known(rules::DEFAULT_LOG_FORMAT.to_owned());
        match config.form() {
            Form::Destination => {
                planned.log_format = config.log_format.clone();
                planned.skip_ssl_verification = config.skip_ssl_verification.clone();
                planned.updated_at = Attr::Null;
                call.decided.push("updated_at");
            }
            Form::Endpoint => {
                planned.log_format = or(&config.log_format, log_format());
                planned.skip_ssl_verification = or(&config.skip_ssl_verification, Attr::Known(false));
            }
            Form::Open => {
                planned.log_format = or(&config.log_format, Attr::Unknown);
                planned.skip_ssl_verification = or(&config.skip_ssl_verification, Attr::Unknown);
            }
        }
        call.decided.extend(["log_format", "skip_ssl_verification"]);
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let region = given(call.provider.region(&call.planned.region)?, "region")?;
        set_up(client, region, None, &call.planned).await
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        if let Some(warning) = call.provider.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(call.state.clone()));
        }
        let client = call.provider.client()?;
        let region = region_of(&call.state)?;
        let found = match call.state.form() {
            Form::Destination => v3::get_webhook(client, &region).await.map(|found| {
                // Without a destination there is no webhook, as the API sees it.
                found
                    .audit_log_destination_id
                    .is_some()
                    .then(|| to_destination(found, region, &call.state))
            }),
            Form::Endpoint | Form::Open => v2::get_webhook(client, &region).await.map(|found| {
                found
                    .endpoint
                    .is_some()
                    .then(|| to_endpoint(found, region, &call.state))
            }),
        };
        match found {
            Ok(state) => Ok(state),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(diagnose(&error, ATTRIBUTES)),
        }
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        set_up(client, region_of(&call.prior)?, Some(&call.prior), &call.planned).await
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let client = call.provider.client()?;
        let region = region_of(&call.state)?;
        let removed = match call.state.form() {
            Form::Destination => v3::delete_webhook(client, &region).await,
            Form::Endpoint | Form::Open => {
                let off = EndpointWebhookChanges {
                    enabled: Some(false),
                    ..<_>::default()
                };
                v2::update_webhook(client, &region, &off).await.map(drop)
            }
        };
        match removed {
            Err(error) if !error.is_not_found() => Err(diagnose(&error, ATTRIBUTES)),
            _ => Ok(()),
        }
    }
}

/// Creation and update are the same: one `PATCH` of the version that the configuration asks for. A
/// change of form sends everything, since nothing of the other form counts.
async fn set_up(
    client: &Client,
    region: Region,
    prior: Option<&Model>,
    planned: &Model,
) -> Result<Model, Diagnostics> {
    let form = planned.form();
    let same_form = prior.filter(|prior| prior.form() == form);
    match form {
        Form::Destination => {
            let destination = given(
                planned.audit_log_destination_id.clone(),
                "audit_log_destination_id",
            )?;
            let moved = same_form.is_none_or(|p| p.audit_log_destination_id.known() != Some(&destination));
            let changes = DestinationWebhookChanges {
                audit_log_destination_id: moved.then_some(destination),
                enabled: same_form.map_or(planned.enabled.known().copied(), |p| {
                    changed(&p.enabled, &planned.enabled)
                }),
            };
            let answer = v3::update_webhook(client, &region, &changes).await;
            answer
                .map(|found| to_destination(found, region, planned))
                .map_err(|e| diagnose(&e, ATTRIBUTES))
        }
        Form::Endpoint | Form::Open => {
            let endpoint = given(planned.endpoint.clone(), "endpoint")?;
            let changes = if same_form.is_some_and(|prior| same_delivery(prior, planned)) {
                EndpointWebhookChanges {
                    enabled: planned.enabled.known().copied(),
                    ..<_>::default()
                }
            } else {
                // All of it: what the region's webhook held before may be another form's.
                let secret = given(planned.authorization.clone(), "authorization")?;
                let authorization = Authorization::parse(secret.expose()).map_err(|e| {
                    Diagnostic::error("Invalid authorization", rules::sentence(&e)).at("authorization")
                })?;
                EndpointWebhookChanges {
                    endpoint: Some(endpoint),
                    authorization: Some(authorization),
                    enabled: planned.enabled.known().copied(),
                    log_format: planned.log_format.known().map(|f| LogFormat::from(f.as_str())),
                    skip_ssl_verification: planned.skip_ssl_verification.known().copied(),
                }
            };
            let answer = v2::update_webhook(client, &region, &changes).await;
            answer
                .map(|found| to_endpoint(found, region, planned))
                .map_err(|e| diagnose(&e, ATTRIBUTES))
        }
    }
}

/// Whether all but `enabled` stays as it is.
fn same_delivery(prior: &Model, planned: &Model) -> bool {
    prior.endpoint == planned.endpoint
        && prior.authorization == planned.authorization
        && prior.log_format == planned.log_format
        && prior.skip_ssl_verification == planned.skip_ssl_verification
}

/// The state of a webhook that delivers to a destination.
fn to_destination(found: DestinationWebhook, region: Region, known: &Model) -> Model {
    // The same id may come back in other letters: what the user wrote stays.
    let same = known
        .audit_log_destination_id
        .known()
        .filter(|id| found.audit_log_destination_id.as_ref() == Some(id));
    Model {
        id: region.clone().into(),
        region: region.into(),
        enabled: found.enabled.into(),
        audit_log_destination_id: same.cloned().or(found.audit_log_destination_id).into(),
        endpoint: Attr::Null,
        authorization: Attr::Null,
        log_format: Attr::Null,
        skip_ssl_verification: Attr::Null,
        updated_at: Attr::Null,
    }
}

/// The state of a webhook with an endpoint of its own.
fn to_endpoint(found: EndpointWebhook, region: Region, known: &Model) -> Model {
    Model {
        id: region.clone().into(),
        region: region.into(),
        enabled: found.enabled.into(),
        audit_log_destination_id: Attr::Null,
        endpoint: found.endpoint.into(),
        authorization: known.authorization.clone(),
        log_format: found.log_format.as_str().to_owned().into(),
        skip_ssl_verification: found.skip_ssl_verification.into(),
        updated_at: found.updated_at.into(),
    }
}

fn region_of(state: &Model) -> Result<Region, Diagnostic> {
    given(state.region.clone(), "region")
}

fn own_attributes(config: &Model) -> [(&'static str, bool); 4] {
    [
        ("endpoint", !config.endpoint.is_null()),
        ("authorization", !config.authorization.is_null()),
        ("log_format", !config.log_format.is_null()),
        ("skip_ssl_verification", !config.skip_ssl_verification.is_null()),
    ]
}

fn or<T: Clone>(given: &Attr<T>, otherwise: Attr<T>) -> Attr<T> {
    if given.is_null() { otherwise } else { given.clone() }
}
